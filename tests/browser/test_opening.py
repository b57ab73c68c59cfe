"""How the page opens: what it asks for, and what it shows meanwhile."""

from __future__ import annotations

import pytest
from kiosk import Front, until
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


def test_the_page_takes_the_kernel_that_stands_ready_and_asks_only_for_what_it_uses(
    front: Front, page: Page
) -> None:
    until(front.kernels)
    ready = front.kernels()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(front.address)
    expect(page.get_by_role("heading", level=1, name="Social media")).to_be_visible()
    assert front.kernels() == ready
    root = front.address.partition("/doc/")[0]
    assert [url for url in asked if not url.startswith((root, "data:", "blob:"))] == []
    extensions = {url.partition("/lab/extensions/")[2].partition("/static")[0] for url in asked}
    assert extensions == {
        "",
        "scenarios-front/remoteEntry.js",
        "anywidget",
        "@jupyter-widgets/jupyterlab-manager",
    }
    for idle in (
        "/lab/api/settings",
        "/lab/api/workspaces",
        "/lab/api/build",
        "/api/nbconvert",
        "/api/terminals",
    ):
        assert [url for url in asked if idle in url] == []
    assert page.broken == []  # type: ignore[attr-defined]


def test_the_page_follows_the_colours_of_the_device(front: Front, page: Page) -> None:
    page.goto(front.address)
    expect(page.locator("body")).to_have_attribute("data-jp-theme-light", "true")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    paper = "getComputedStyle(document.body).getPropertyValue('--jp-layout-color1')"
    light = page.evaluate(paper)
    page.emulate_media(color_scheme="dark")
    expect(page.locator("body")).to_have_attribute("data-jp-theme-light", "false")
    until(lambda: page.evaluate(paper) not in ("", light))


@pytest.mark.parametrize("name", ["gone.ipynb", "me.json"])
def test_an_address_without_a_page_says_so(front: Front, page: Page, name: str) -> None:
    page.goto(front.address.replace("home.ipynb", name))
    expect(page.get_by_text("This page of the course cannot be opened.")).to_be_visible()
    expect(page.locator(".jp-Dialog")).to_be_hidden()
