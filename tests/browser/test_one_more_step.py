"""The whole way out of a critical miss, by keyboard: a day, a short situation, a talk, another one, passed."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from handing import MAYA, mark
from kiosk import REPOSITORY, until
from playwright.sync_api import Page, expect
from test_journey import tab_to
from test_whole_loop import serving

from grading import talks
from grading.course import Course
from grading.demo import days_pass
from grading.desk import make_desk
from grading.feedback import give
from grading.marks import release_marks
from grading.roster import load_roster
from scenarios import publish

pytestmark = pytest.mark.browser
BOOSTERS = Path(__file__).parents[1] / "data" / "boosters"


@pytest.fixture
def content(released: Course) -> Course:
    """The miniature course with the real front page and two boosters of C17."""
    (released.source / "home.ipynb").write_bytes((REPOSITORY / "notebooks" / "home.ipynb").read_bytes())
    shutil.copytree(BOOSTERS, released.content / "scenarios" / "library", dirs_exist_ok=True)
    for path in sorted((released.content / "scenarios" / "library").glob("*/B*.yml")):
        publish.publish(path)
    return released


def meet(page: Page, *options: str) -> None:
    """Go into the booster that is open and answer it, with the keyboard alone."""
    tab_to(page, page.get_by_role("link", name=re.compile("Meet it again")))
    page.keyboard.press("Enter")
    for option in options:
        radio = page.get_by_role("radio", name=option)
        expect(radio).to_be_visible()
        tab_to(page, page.get_by_role("radio").first)
        page.keyboard.press("Space")
        for _ in range(page.get_by_role("radio").count()):
            if radio.is_checked():
                break
            page.keyboard.press("ArrowDown")
        tab_to(page, page.get_by_role("button", name="Choose this"))
        page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="How it ends")).to_be_visible()


def test_a_miss_is_met_again_talked_over_and_cleared(
    content: Course, page: Page, take: Callable[..., Path]
) -> None:
    maya = load_roster(content)[MAYA]
    with serving(content, "run", "--trainee", MAYA) as address:
        desk = content.desk(MAYA)
        take(desk, "mini", "T90", "best", {"ask": "accept"})
        take(desk, "mini", "T91", "best")
        page.goto(address)  # what was finished goes out when the page opens
        until(lambda: (desk / "mini" / "T91.feedback.json").exists(), 60)
        mark(content, MAYA, 4.0)
        release_marks(content)
        give(content)
        page.goto(address)
        page.reload()
        box = page.locator(".one-more")
        expect(box).to_contain_text("Tomorrow there is a short situation on this clause: two decisions")
        expect(box.get_by_role("link", name=re.compile("Meet it again"))).to_have_count(0)

        days_pass(content, 1)
        make_desk(content, maya)  # as the next morning
        page.reload()
        meet(page, "Thank her and buy plums.", "Accept and mute her.")
        after = page.locator(".after .one-more")
        expect(after).to_contain_text("Nothing is lost. Talk it over with", timeout=60_000)
        assert "fail" not in page.locator(".course").inner_text().lower()
        expect(page.get_by_role("link", name=re.compile("Practise"))).to_have_count(0)

        talks.record(content, maya, "C17", "What muting does", "She says it in the session")
        page.goto(f"{address}#/")
        page.reload()
        meet(page, "Say kindly that you do not.", "Decline that one as well.")
        expect(page.locator(".after .done")).to_contain_text("You met it again and kept it.", timeout=60_000)
        page.get_by_role("link", name="Back to the course").click()
        expect(page.locator(".chip").get_by_text("Passed")).to_be_visible()
        expect(page.locator(".one-more")).to_have_count(0)
