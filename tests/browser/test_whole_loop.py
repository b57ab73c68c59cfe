"""The whole loop as people live it: a trainee hands in, a supervisor marks in formgrader, the mark comes back."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from handing import mark
from kiosk import REPOSITORY, started, until
from playwright.sync_api import Page, expect

from grading.course import Course
from grading.results import load_results

pytestmark = pytest.mark.browser


@pytest.fixture
def content(released: Course) -> Course:
    """The miniature course with the real front pages."""
    for name in ("home.ipynb", "team_results.ipynb"):
        (released.source / name).write_bytes((REPOSITORY / "notebooks" / name).read_bytes())
    return released


@contextlib.contextmanager
def serving(course: Course, *command: str) -> Iterator[str]:
    """Run one of the course's servers; yield the address it prints."""
    with started("grading", *command, XDG_STATE_HOME=str(course.root.parent / "state")) as (_, address):
        yield address


def feedback(course: Course, trainee: str) -> dict[str, object]:
    path = course.desk(trainee) / "mini" / "T90.feedback.json"
    decisions = json.loads(path.read_text("utf-8"))["decisions"] if path.exists() else []
    return {decision["step"]: decision for decision in decisions}


def test_a_finished_scenario_is_explained_marked_in_formgrader_and_the_mark_comes_back(
    content: Course, page: Page, take: Callable[..., Path]
) -> None:
    with serving(content, "run", "--trainee", "maya.ortiz") as address:
        desk = content.desk("maya.ortiz")
        take(desk, "mini", "T90", "best", change={"words": "Thank <b>you</b>, ```see you``` on Thursday."})
        page.goto(f"{address}#/mini/T90")  # what was finished and not handed in goes out when the page opens
        until(lambda: feedback(content, "maya.ortiz"), 60)
        expect(page.get_by_text(re.compile("being marked", re.IGNORECASE)).first).to_be_visible()

    with serving(content, "supervise") as address:
        page.goto(address)
        link = page.get_by_role("link", name=re.compile("formgrader|mark", re.IGNORECASE)).first
        expect(link).to_be_visible(timeout=60_000)
        origin = re.match(r"http://[^/]+", address)[0]
        # formgrader's page waits for a script from elsewhere, which a closed network may take long to refuse.
        page.route(re.compile(r"^https?://(?!127\.0\.0\.1)"), lambda route: route.abort())
        page.goto(f"{origin}/formgrader/gradebook/mini/T90")
        page.get_by_role("link", name="Submission #1").click()
        expect(page.get_by_text("Thank <b>you</b>")).to_be_visible()
        # Until formgrader has fetched the scores and comments, what is typed is overwritten.
        page.wait_for_function("() => formgrader.grades?.loaded && formgrader.comments?.loaded")
        score = page.locator("input.score").last
        score.fill("2")
        comment = page.locator("textarea.comment").last
        comment.fill("Warm and plain.")
        comment.blur()
        until(lambda: marked(content) == [(2.0, "Warm and plain.")], 20)

    before = feedback(content, "maya.ortiz")["words"]
    assert before["verdict"] == "being marked" and before["mark"] is None
    release = [sys.executable, "-m", "grading", "feedback", "--release-marks"]
    subprocess.run(release, check=True, capture_output=True)
    after = feedback(content, "maya.ortiz")["words"]
    assert after["mark"] == {"points": 2.0, "maximum": after["maximum"], "comment": "Warm and plain."}

    with serving(content, "run", "--trainee", "maya.ortiz") as address:
        page.goto(f"{address}#/mini/T90")
        expect(page.get_by_text("Warm and plain.")).to_be_visible(timeout=60_000)


def marked(course: Course) -> list[tuple[float, str]]:
    import sqlite3

    query = """
        select g.manual_score, c.manual_comment from grade g
        join comment c on c.notebook_id = g.notebook_id and c.cell_id in (
            select b.id from base_cell b where b.name = 'words' and b.type = 'SolutionCell')
        where g.manual_score is not null"""
    with contextlib.closing(sqlite3.connect(course.gradebook)) as db:
        return db.execute(query).fetchall()


def test_an_assignment_is_passed_without_what_was_left_out(
    content: Course, page: Page, take: Callable[..., Path]
) -> None:
    with serving(content, "run", "--trainee", "maya.ortiz") as address:
        take(content.desk("maya.ortiz"), "mini", "T90", "best")
        page.goto(f"{address}#/mini/T91")
        button = page.get_by_role("button", name="Take another route")
        button.focus()
        page.keyboard.press("Enter")
        expect(page.locator(".card", has_text="A second, shorter one")).to_contain_text("Another route taken")
        until(lambda: feedback(content, "maya.ortiz"), 60)
        until(lambda: load_results(content).rerouted, 60)
    mark(content, "maya.ortiz", 5.0)
    release = [sys.executable, "-m", "grading", "feedback", "--release-marks"]
    subprocess.run(release, check=True, capture_output=True)
    with serving(content, "run", "--trainee", "maya.ortiz") as address:
        page.goto(address)
        expect(page.locator(".chip", has_text="Passed")).to_be_visible()


def test_opening_the_course_a_second_time_shows_the_address_it_has(content: Course) -> None:
    with serving(content, "run", "--trainee", "maya.ortiz") as address:
        port = re.search(r":(\d+)/", address)[1]
        command = [sys.executable, "-m", "grading", "run", "--trainee", "maya.ortiz", "--port", port]
        state = {"XDG_STATE_HOME": str(content.root.parent / "state")}
        again = subprocess.run(command, env=os.environ | state, capture_output=True, text=True, timeout=60)
        assert again.returncode == 0 and f"The course is open already at {address}" in again.stdout
        other = [*command[:5], "jonas.weber", "--port", port]
        taken = subprocess.run(other, env=os.environ | state, capture_output=True, text=True, timeout=60)
        assert taken.returncode == 1 and f"Port {port} cannot be used" in taken.stderr
