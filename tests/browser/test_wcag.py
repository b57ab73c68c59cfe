"""The measures of accessibility find what they are there to find."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import wcag
from playwright.sync_api import Page

pytestmark = pytest.mark.browser

SOUND = """<!doctype html><html lang=en><title>Page</title><main><h1>Page</h1>
<p>One <a href="#a">link in a sentence</a> is as high as its line.</p>
<p><button style="min-height: 30px">Go</button>
<label><input type=radio name=a> A choice that is as large as its label</label></p></main>
<style>label { display: block; padding: 8px } :focus-visible { outline: 3px solid #17635f }</style>"""

DEFECTS = {
    "no name": (wcag.axe, "<button style='width: 30px; height: 30px'></button>", "button-name"),
    "poor contrast": (wcag.axe, "<p style='color: #aaa'>Pale</p>", "color-contrast"),
    "targets too close": (
        wcag.axe,
        "<button style='width: 10px; height: 10px' aria-label=a></button>" * 2,
        "target-size",
    ),
    "small target": (wcag.targets, "<button style='height: 20px'>Small</button>", "small target"),
    "link alone on a line": (wcag.targets, "<p><a href='#b'>Alone</a></p>", "small target"),
    "too wide": (wcag.width, "<div style='width: 2000px'>Wide</div>", "wider than the screen"),
    "cut off at the left": (
        wcag.width,
        "<div style='position: relative; left: -30px'>Cut</div>",
        "wider than the screen",
    ),
    "invisible focus": (wcag.focus, "<button style='outline: none'>Where</button>", "focus not visible"),
    "focus under a bar": (
        wcag.focus,
        "<button>Under</button><div style='position: fixed; inset: 0'></div>",
        "focus hidden",
    ),
    "transition": (wcag.motion, "<p style='transition: color 1s'>Slow</p>", "moves"),
    "animation": (wcag.motion, "<style>@keyframes x {}</style><p style='animation: x 1s'>Busy</p>", "moves"),
}


def test_a_sound_page_has_no_findings(page: Page) -> None:
    page.set_content(SOUND)
    for check in (wcag.axe, wcag.targets, wcag.width, wcag.focus, wcag.motion):
        assert check(page) == []


@pytest.mark.parametrize("name", DEFECTS)
def test_a_planted_defect_is_found(page: Page, name: str) -> None:
    check: Callable[[Page], list[str]]
    check, defect, finding = DEFECTS[name]
    page.set_content(SOUND.replace("</main>", f"{defect}</main>"))
    assert any(line.startswith(finding) for line in check(page))
