"""The page of which scenarios practice which clause, looked at by machine as the course's own pages are."""

from __future__ import annotations

from pathlib import Path

import pytest
import wcag
from playwright.sync_api import Page

from scenarios.__main__ import main

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (360, "dark")])
def test_everybody_can_read_it(
    page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, width: int, theme: str
) -> None:
    monkeypatch.setenv("COURSE_ROOT", str(tmp_path))
    assert main(["coverage", "--format", "html"]) == 0
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=theme)  # type: ignore[arg-type] # a parameter is any text to mypy
    page.goto((tmp_path / "reports" / "coverage.html").as_uri())
    checks = (wcag.axe, wcag.targets, wcag.width, wcag.focus, wcag.motion)
    assert [line for check in checks for line in check(page)] == []
    assert page.get_by_role("row").count() >= 46 + 2  # a table also where a row is drawn as a card
    assert page.broken == []  # type: ignore[attr-defined]
