"""A real JupyterLab on a miniature desk, and a real headless browser in front of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import firefox
import miniature
import pytest
from chromium import ARGUMENTS, path
from kiosk import Front, serving
from playwright.sync_api import Browser, Page, expect, sync_playwright

expect.set_options(timeout=20_000)
LOOKS = pytest.StashKey[list[list[str]]]()


@pytest.fixture(scope="session")
def looks(pytestconfig: pytest.Config) -> list[list[str]]:
    """What was found at each look at a page; the run ends with their number."""
    return pytestconfig.stash.setdefault(LOOKS, [])


def pytest_unconfigure(config: pytest.Config) -> None:
    """Say how many pages were looked at: the last line, after pytest's own."""
    if looks := config.stash.get(LOOKS, []):
        stats = config.pluginmanager.get_plugin("terminalreporter").stats  # type: ignore[union-attr]
        reports = [*stats.get("failed", []), *stats.get("error", [])]
        broken = [report for report in reports if "test_accessibility" in report.nodeid]
        print(f"pages: {len(looks)}, violations: {max(sum(map(len, looks)), len(broken))}")


@pytest.fixture
def front(tmp_path: Path) -> Iterator[Front]:
    with serving(miniature.make(tmp_path / "desk"), tmp_path / "state") as running:
        yield running


@pytest.fixture(scope="module")  # Playwright holds an event loop for as long as it lives
def chromium() -> Iterator[Browser]:
    executable = path()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def fox() -> Iterator[Browser]:
    executable = firefox.path()
    with sync_playwright() as playwright:
        browser = playwright.firefox.launch(
            channel=firefox.CHANNEL, executable_path=executable, firefox_user_prefs=firefox.PREFERENCES
        )
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    yield from watched(chromium, reduced_motion="reduce")


@pytest.fixture
def fox_page(fox: Browser) -> Iterator[Page]:
    yield from watched(fox)


def watched(browser: Browser, **options: Any) -> Iterator[Page]:
    """A page that keeps in `broken` what went wrong in it."""
    context = browser.new_context(viewport={"width": 1280, "height": 860}, **options)
    page = context.new_page()
    broken: list[str] = []
    page.on("pageerror", lambda error: broken.append(str(error)))
    page.on("console", lambda message: broken.append(message.text) if message.type == "error" else None)
    page.broken = broken  # type: ignore[attr-defined]
    yield page
    context.close()
