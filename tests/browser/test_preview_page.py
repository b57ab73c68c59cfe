"""An author's preview, in a real browser: the draft, a change to it, the explanations, and nothing left behind."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from kiosk import REPOSITORY, started
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser
DRAFT = "scenarios/library/therapist/T91-second.yml"


def test_an_author_sees_the_draft_and_its_changes_reads_why_and_leaves_nothing(
    page: Page, tmp_path: Path
) -> None:
    content, course, rest = (tmp_path / name for name in ("content", "course", "rest"))
    shutil.copytree(REPOSITORY / "tests" / "data" / "course", content)
    rest.mkdir()
    draft = content / DRAFT

    def edit(old: str, new: str) -> None:
        text = draft.read_text("utf-8")
        assert old in text
        draft.write_text(text.replace(old, new), "utf-8")

    folders = {"COURSE_CONTENT": str(content), "COURSE_ROOT": str(course), "TMPDIR": str(rest)}
    with started("scenarios", "preview", "T91", **folders) as (_, address):
        page.goto(address)
        page.get_by_role("button", name="Go on to the scenario").click()
        page.get_by_role("radio", name="Ask her to come later.").check()
        page.get_by_role("button", name="Choose this").click()
        expect(page.get_by_text("She leaves.", exact=True)).to_be_visible()

        edit("next: reply, violates: [C36]", "next: nowhere, violates: [C36]")
        page.reload()
        expect(
            page.get_by_text(f"{DRAFT}:19: steps.0.decision.options.0.next: there is no step")
        ).to_be_visible()

        edit("next: nowhere", "next: reply")
        edit("consequence: She leaves.", "consequence: She leaves her coat.")
        page.reload()
        expect(page.get_by_text("She leaves her coat.", exact=True)).to_be_visible()
        page.get_by_role("textbox").fill("Thank you for coming back.")
        page.get_by_role("button", name="This is my answer").click()
        expect(page.get_by_role("heading", name="Why: your decisions, explained")).to_be_visible()
        expect(page.get_by_text("No harm is seen.", exact=True).first).to_be_visible()

        page.reload()
        expect(page.get_by_role("button", name="Go on to the scenario")).to_be_visible()
        assert page.broken == []  # type: ignore[attr-defined]
    assert list(rest.iterdir()) == []
    assert not course.exists()
