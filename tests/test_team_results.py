"""The supervisor's desk: as a page in a real JupyterLab, and its buttons without one."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from threading import Timer

import chromium
import pytest
from handing import JONAS, LINH, MAYA, REPOSITORY, argue, hand_in, mark
from playwright.sync_api import Page, expect, sync_playwright
from sqlalchemy import select

from grading import gradebook
from grading.autograde import grade
from grading.course import Course, load_roster
from grading.desk import make_desk
from grading.intake import collect
from grading.results import load_results
from grading.supervisor import Desk

Take = Callable[..., Path]


@pytest.fixture
def staff(released: Course, take: Take) -> Course:
    """Maya and Jonas are scored; what Linh handed in is not collected yet."""
    people = load_roster(released)
    for trainee in (MAYA, JONAS, LINH):
        make_desk(released, people[trainee])
    hand_in(released, MAYA, take, T90="best", T91="best")
    hand_in(released, JONAS, take, T90="harmful", T91="harmful")
    collect(released)
    grade(released)
    hand_in(released, LINH, take, T90="mixed")
    return released


def text(html: str) -> str:
    return re.sub(r"<[^>]+>", "", html)


async def quiet(desk: Desk) -> str:
    """Wait until the desk has done what it was told; return what it says."""
    await asyncio.sleep(0)
    while desk.working:
        await asyncio.sleep(0.02)
    return text(desk.said.value)


def on(course: Course, act: Callable[[Desk], Awaitable[None]]) -> None:
    async def live() -> None:
        desk = Desk(course, "/center/formgrader")
        desk.start()
        assert await quiet(desk)
        await act(desk)
        desk.stop()

    asyncio.run(live())


def test_opening_shows_the_results_and_what_waits(staff: Course) -> None:
    async def act(desk: Desk) -> None:
        assert text(desk.said.value) == "1 person handed in something that is not scored yet."
        assert desk.score.button_style == "primary"
        assert "What stands out" in desk.body.value
        assert "2 people" in desk.body.value
        assert 'href="/center/formgrader/gradebook/mini/T90"' in desk.marking.value
        assert text(desk.marking.value) == "Mark 2 written answers"
        assert desk.release.layout.display == "none"

    on(staff, act)


def test_one_button_collects_and_scores(staff: Course) -> None:
    async def act(desk: Desk) -> None:
        desk.score.click()
        await asyncio.sleep(0)
        assert desk.score.disabled
        assert await quiet(desk) == "Collected and scored 1 hand-in."
        assert (desk.bar.value, desk.bar.max) == (3, 3)
        assert desk.bar.layout.visibility == "hidden"
        assert "3 people" in desk.body.value
        assert (staff.desk(LINH) / "mini" / "T90.feedback.json").exists()
        desk.score.click()
        assert await quiet(desk) == "Everything handed in is scored."

    on(staff, act)


def test_open_questions_come_after_the_results_with_the_decisions_that_wait(staff: Course) -> None:
    async def act(desk: Desk) -> None:
        while not desk.questions.value:
            await asyncio.sleep(0.02)
        said = " ".join(text(desk.questions.value).split())
        assert said.startswith("Open questions for the Center Left open by the policy: 1.")
        assert "not scored before there is a ruling: 1." in said
        assert "What do you do next? (debate; waits, not scored until the ruling)" in said

    on(staff, act)


def test_a_scenario_that_an_author_left_broken_does_not_take_the_desk_away(staff: Course) -> None:
    (staff.content / "scenarios" / "library" / "therapist" / "T92-half.yml").write_text("title: [")

    async def act(desk: Desk) -> None:
        while not desk.questions.value:
            await asyncio.sleep(0.02)
        assert "T92-half.yml:1: not valid YAML" in text(desk.questions.value)
        assert "What stands out" in desk.body.value

    on(staff, act)


def test_releasing_marks(staff: Course) -> None:
    mark(staff, MAYA, 4.0)

    async def act(desk: Desk) -> None:
        assert desk.release.description == "Release 1 new mark"
        desk.release.click()
        assert await quiet(desk) == "Released. 1 person can read the new marks now."
        assert desk.release.layout.display == "none"
        feedback = json.loads((staff.desk(MAYA) / "mini" / "T90.feedback.json").read_text("utf-8"))
        (words,) = (decision for decision in feedback["decisions"] if decision["step"] == "words")
        assert words["mark"]["points"] == 4.0

    on(staff, act)


def test_what_went_wrong_is_one_sentence_and_the_page_lives_on(staff: Course) -> None:
    away = staff.inbound.rename(staff.root / "away")

    async def act(desk: Desk) -> None:
        desk.score.click()
        said = await quiet(desk)
        assert said.count("\n") == 0
        assert "inbound" in said
        assert "Traceback" not in desk.said.value
        assert 'role="alert"' in desk.said.value
        assert not desk.score.disabled
        away.rename(staff.inbound)
        desk.score.click()
        assert await quiet(desk) == "Collected and scored 1 hand-in."

    on(staff, act)


def test_problems_of_hand_ins_are_listed(staff: Course) -> None:
    (staff.inbound / "<b>strange").touch()

    async def act(desk: Desk) -> None:
        desk.score.click()
        await quiet(desk)
        assert desk.problems.layout.display is None
        assert "&lt;b&gt;strange is not a folder" in desk.problems.value

    on(staff, act)


def test_what_was_strange_when_it_was_taken_in_stays_on_the_desk(staff: Course) -> None:
    (staff.desk(JONAS) / "mini" / "T90.answers.jsonl").unlink()
    hand_in(staff, JONAS)
    assert collect(staff).problems  # as the watcher does

    async def act(desk: Desk) -> None:
        assert desk.problems.layout.display is None
        assert "T90.answers.jsonl was handed in before and is missing now" in desk.problems.value

    on(staff, act)


def test_what_people_would_argue_is_on_the_desk(staff: Course) -> None:
    argue(staff, JONAS, "T90", "ask")
    hand_in(staff, JONAS)

    async def act(desk: Desk) -> None:
        assert "nobody has marked a decision as one to argue" in desk.body.value
        desk.score.click()
        await quiet(desk)
        assert "nobody has marked a decision as one to argue" not in desk.body.value
        assert "Would argue it" in desk.body.value

    on(staff, act)


def test_a_talk_is_recorded_where_one_is_due(staff: Course) -> None:
    async def act(desk: Desk) -> None:
        steps = desk.one_more
        assert "Jonas Weber" in steps.list.value and "A talk with a supervisor" in steps.list.value
        labels = [label for label, _ in steps.whom.options[1:]]
        assert [label.split(",")[0] for label in labels] == ["Jonas Weber: C17", "Jonas Weber: C36"]
        steps.button.click()
        assert await quiet(desk) == "Choose with whom you talked, and about which clause."
        steps.whom.label = labels[1]
        steps.said.value = "Why he looked"
        steps.button.click()
        assert (await quiet(desk)).startswith("Write two lines,")
        steps.agreed.value = "He asks first"
        steps.button.click()
        assert await quiet(desk) == "The talk with Jonas Weber is recorded. C36 is cleared."
        assert (steps.said.value, [label for label, _ in steps.whom.options[1:]]) == ("", labels[:1])
        steps.whom.label = labels[0]
        steps.said.value, steps.agreed.value = "What a request is", "He leaves it"
        steps.button.click()
        await quiet(desk)
        assert steps.box.layout.display == "none"

    on(staff, act)
    with gradebook.reading(staff) as db:
        talks = {row.clause: (row.student_id, row.agreed) for row in db.execute(select(gradebook.TALK))}
    assert talks == {"C36": (JONAS, "He asks first"), "C17": (JONAS, "He leaves it")}


def test_a_course_in_which_nothing_happened(course: Course) -> None:
    async def act(desk: Desk) -> None:
        assert text(desk.said.value) == "Everything handed in is scored."
        assert "Nothing has been handed in yet." in desk.body.value
        desk.score.click()
        assert await quiet(desk) == "Everything handed in is scored."

    on(course, act)


def test_the_notebook_shows_no_code() -> None:
    notebook = json.loads((REPOSITORY / "notebooks" / "team_results.ipynb").read_text("utf-8"))
    (cell,) = notebook["cells"]
    assert cell["metadata"]["tags"] == ["course-player"]
    assert notebook["metadata"]["course"] == {"front": "player"}
    assert cell["outputs"] == []


@pytest.fixture
def page(staff: Course, tmp_path: Path) -> Iterator[Page]:
    """The desk as `make supervise` serves it, on a server that has a base URL, in a real browser."""
    shutil.copy(REPOSITORY / "notebooks" / "team_results.ipynb", staff.source)
    settings = tmp_path / "settings" / "jupyter_server_config.json"
    settings.parent.mkdir()
    settings.write_text(json.dumps({"ServerApp": {"base_url": "/center/"}}))
    environment = os.environ | {
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "JUPYTER_CONFIG_PATH": str(settings.parent),
    }
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "grading", "supervise", "--port", str(port), "--no-browser"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        patience = Timer(90, process.kill)
        patience.start()
        try:
            assert process.stdout
            found = next(filter(None, (re.search(r"http://\S+", line) for line in process.stdout)), None)
            assert found, "the server did not say where it is"
            with chromium_page() as page:
                page.goto(found[0].replace("/doc/", "/center/doc/"))
                patience.cancel()
                yield page
        finally:
            patience.cancel()
            process.terminate()


@contextlib.contextmanager
def chromium_page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.path(), args=list(chromium.ARGUMENTS))
        yield browser.new_page(viewport={"width": 1280, "height": 900})
        browser.close()


@pytest.mark.browser
def test_a_supervisors_morning(staff: Course, page: Page) -> None:
    expect.set_options(timeout=30_000)
    expect(page.get_by_role("heading", name="Team results")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("heading", name="What stands out")).to_be_visible()
    # What Linh handed in was scored by the watcher that comes with the desk, and the page showed it by itself.
    expect(page.locator(".said")).to_have_text("Everything handed in is scored.")
    expect(page.get_by_role("img", name="by clause")).to_contain_text("3 people")
    assert page.locator(".jp-CodeCell .jp-InputArea-editor:visible, .jp-InputPrompt:visible").count() == 0

    page.get_by_role("button", name="Collect and score").click()
    expect(page.locator(".said")).to_have_text("Everything handed in is scored.")
    assert len(load_results(staff).decisions.trainee.unique()) == 3

    with page.expect_popup() as opened:
        page.get_by_role("link", name="Mark 3 written answers").click()
    formgrader = opened.value
    expect(formgrader).to_have_url(re.compile(r"/center/formgrader/gradebook/mini/T90$"))
    expect(formgrader.get_by_role("link", name="Submission #1")).to_be_visible()
    formgrader.close()

    mark(staff, JONAS, 2.0)  # the desk sees by itself what was marked in formgrader
    page.get_by_role("button", name="Release 1 new mark").click()
    expect(page.locator(".said")).to_have_text("Released. 1 person can read the new marks now.")

    page.get_by_label("Talk with").select_option(index=1)
    page.get_by_label("Talked about").fill("Why a request feels kind")
    page.get_by_label("Agreed").fill("She tells him on Thursday")
    page.get_by_role("button", name="Record the talk").click()
    expect(page.locator(".said")).to_contain_text("The talk with Jonas Weber is recorded.")

    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.querySelector('.results').scrollWidth <= innerWidth")
    assert (
        page.locator(".course-front-wait").count() == 0
    )  # the page is not taken for one that could not be drawn
