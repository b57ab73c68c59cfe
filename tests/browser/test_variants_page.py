"""Two trainees on two desks with the same released files: each reads their own variant, on both kinds of page."""

from __future__ import annotations

import json
from pathlib import Path

import miniature
import pytest
from kiosk import serving
from playwright.sync_api import Page, expect

from scenarios.variants import chosen

pytestmark = pytest.mark.browser
T01 = f"{miniature.ASSIGNMENT}/T01"
WORDS = [{"name": "Rosa", "since": "three years"}, {"name": "Lucia", "since": "five years"}]
TRAINEES = {chosen(who, miniature.ASSIGNMENT, "T01", 2): who for who in ("maya.ortiz", "jonas.weber")}


def made(desk: Path, trainee: str) -> Path:
    """A trainee's desk; T01 tells of one of two clients."""
    miniature.make(desk)
    path = desk / f"{T01}.json"
    text = path.read_text("utf-8").replace("Rosa", "{name}").replace("three years", "{since}")
    path.write_text(json.dumps(json.loads(text) | {"variants": WORDS}), "utf-8")
    (desk / "me.json").write_text(json.dumps(miniature.ME | {"id": trainee}), "utf-8")
    return desk


@pytest.mark.parametrize("number", [1, 2])
def test_each_trainee_reads_their_own_variant(number: int, page: Page, tmp_path: Path) -> None:
    name, since = WORDS[number - 1].values()
    desk = made(tmp_path / "desk", TRAINEES[number])
    with serving(desk, tmp_path / "state") as front:
        page.goto(front.route(T01))
        expect(
            page.get_by_text(f"a friend request from {name}, who finished therapy with you {since} ago.")
        ).to_be_visible()
        page.get_by_role("radio", name=f"Accept it: therapy ended {since} ago").check()
        page.get_by_role("button", name="Choose this").click()
        expect(page.get_by_text(f"how they handle {name}.")).to_be_visible()
        assert "{" not in page.locator("body").inner_text()
        page.reload()
        expect(page.get_by_text(f"Message from {name}")).to_be_visible()
        page.goto(front.address.replace("/doc/tree/home.ipynb", f"/course/plain/{T01}"))
        expect(page.get_by_text(f"how they handle {name}.")).to_be_visible()
        assert "{" not in page.locator("body").inner_text()
        assert page.broken == []  # type: ignore[attr-defined]
