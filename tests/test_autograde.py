from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import termios
import warnings
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import crowd
import nbformat
import pytest
from handing import JONAS, LINH, MAYA, copied, hand_in, nbgrader, rows

from grading import gradebook
from grading.autograde import grade
from grading.course import Course
from grading.intake import collect
from scenarios.errors import CourseError

Take = Callable[..., Path]


def manual(course: Course) -> None:
    """What people do in formgrader: a mark, extra credit, a comment, a flag, a due date, an extension."""
    with warnings.catch_warnings(), gradebook.opened(course) as book:
        warnings.simplefilter("ignore")
        book.find_assignment("mini").duedate = datetime(2020, 1, 1)
        marked = book.find_grade("words", "T90", "mini", MAYA)
        marked.manual_score, marked.extra_credit, marked.needs_manual_grade = 4.0, 0.5, False
        book.find_comment("words", "T90", "mini", MAYA).manual_comment = "Warm and plain."
        # A mark for a text that is not there yet, and one over an automatic score.
        book.find_grade("words", "T90", "mini", LINH).manual_score = 1.0
        book.find_grade("ask", "T90", "mini", JONAS).manual_score = 2.0
        book.find_submission_notebook("T91", "mini", JONAS).flagged = True
        book.db.commit()
        book.grant_extension("mini", JONAS, days=36500)


def stock(course: Course, *flags: str) -> None:
    done = nbgrader(course, "autograde", "mini", *flags)
    assert done.returncode == 0, done.stderr


def test_rows_are_those_of_nbgrader_autograde(
    released: Course, take: Take, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = released
    hand_in(ours, MAYA, take, T90="best", T91="mixed")
    hand_in(ours, JONAS, take, T90="harmful")
    take_part = hand_in(ours, LINH)  # nothing answered yet
    assert not list(take_part.glob("*.jsonl"))
    assert collect(ours).problems == []
    theirs = copied(ours, tmp_path / "theirs")

    assert grade(ours).graded == 3
    stock(theirs)
    assert rows(ours) == rows(theirs)

    # Marks are given, then some hand in more, then everybody is graded once more.
    manual(ours), manual(theirs)
    hand_in(ours, JONAS, take, T91="best")
    hand_in(ours, LINH, take, T90="mixed")
    shutil.copytree(ours.inbound, theirs.inbound, dirs_exist_ok=True)
    for course in (ours, theirs):
        monkeypatch.setenv("COURSE_ROOT", str(course.root))
        assert sorted(collect(course).taken) == [(JONAS, "mini"), (LINH, "mini")]
    assert (grade(ours).graded, grade(ours).skipped) == (2, 3)
    stock(theirs)
    assert rows(ours) == rows(theirs)

    # A notebook is missing; everything is graded again, each by the other's means.
    for course in (ours, theirs):
        (course.submitted / JONAS / "mini" / "T91.ipynb").unlink()
    stock(ours, "--force")
    assert grade(theirs, "mini", again=True).graded == 3
    assert rows(ours) == rows(theirs)


def test_formgrader_finds_what_it_shows(released: Course, take: Take) -> None:
    hand_in(released, MAYA, take, T90="best")
    collect(released)
    grade(released)
    from nbgrader.apps.api import NbGraderAPI
    from nbgrader.coursedir import CourseDirectory

    from grading.course import nbgrader_config

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        config = nbgrader_config(released)
        api = NbGraderAPI(CourseDirectory(config=config), config=config)
        submission = api.get_submission("mini", MAYA)
        assert (
            submission["autograded"]
            and submission["needs_manual_grade"]
            and submission["last_name"] == "Ortiz"
        )
        assert api.get_autograded_students("mini") == {MAYA}
    notebook = nbformat.read(released.autograded / MAYA / "mini" / "T90.ipynb", as_version=4)
    nbformat.validate(notebook)
    by_id = {c.metadata.get("nbgrader", {}).get("grade_id"): c for c in notebook.cells}
    assert by_id["ask"].outputs[0].data["text/plain"] == "3.0"
    assert by_id["words"].source == "```\nI keep our work private, and I am glad that you asked.\n```"


def test_a_run_cut_short_leaves_the_gradebook_as_it_was(released: Course, take: Take) -> None:
    hand_in(released, MAYA, take, T90="best")
    collect(released)
    before = rows(released)
    with pytest.raises(KeyboardInterrupt), gradebook.writing(released) as db:
        db.execute(gradebook.ANSWER.delete())
        raise KeyboardInterrupt
    assert rows(released) == before
    assert grade(released).graded == 1


def test_one_unreadable_submission_does_not_stop_the_others(released: Course, take: Take) -> None:
    hand_in(released, MAYA, take, T90="best")
    hand_in(released, JONAS, take, T90="best")
    collect(released)
    assert grade(released).graded == 2
    before = rows(released)
    log = released.submitted / MAYA / "mini" / "T90.answers.jsonl"
    log.unlink()
    log.symlink_to("/etc/passwd")
    result = grade(released, again=True)
    assert result.graded == 1
    (problem,) = result.problems
    assert problem.startswith(
        "maya.ortiz, mini: it could not be graded (T90.answers.jsonl is not a plain file"
    )
    assert rows(released) == before


def test_a_backup_of_hard_links_stops_nothing(released: Course, take: Take, tmp_path: Path) -> None:
    hand_in(released, MAYA, take, T90="best")
    collect(released)
    for path in (released.submitted / MAYA / "mini").iterdir():
        (tmp_path / path.name).hardlink_to(path)
    assert (grade(released).graded, grade(released, again=True).problems) == (1, [])
    hand_in(released, MAYA, take, T91="best")
    collected = collect(released)
    assert (collected.taken, collected.problems) == ([(MAYA, "mini")], [])
    assert {r[4] for r in rows(released)["grades"] if r[2] == "ask"} == {3.0}


def test_command_prints_json(released: Course, take: Take, capsys: pytest.CaptureFixture[str]) -> None:
    from grading.__main__ import main

    hand_in(released, MAYA, take, T90="best")
    collect(released)
    assert main(["grade", "--assignment", "mini", "--format", "json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed.pop("seconds") > 0
    assert printed == {"assignment": "mini", "graded": 1, "skipped": 0, "problems": []}
    assert main(["grade", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["skipped"] == 1


def test_unknown_assignment_is_one_sentence(released: Course) -> None:
    with pytest.raises(CourseError, match="There is no assignment nothing"):
        grade(released, "nothing")


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ("", {"T90": None, "T91": None}),
        ("c.LateSubmissionPlugin.penalty_method = 'zero'", {"T90": 9.0, "T91": 0.0}),
    ],
)
def test_late_penalty_is_nbgraders(
    released: Course, take: Take, settings: str, expected: dict[str, float | None]
) -> None:
    hand_in(released, MAYA, take, T90="best")
    hand_in(released, JONAS, take, T90="best")
    collect(released)
    (released.root / "nbgrader_config.py").write_text(f"c = get_config()\n{settings}\n")
    grade(released)
    with warnings.catch_warnings(), gradebook.opened(released) as book:
        warnings.simplefilter("ignore")
        book.find_assignment("mini").duedate = datetime.now() - timedelta(days=400)
        book.db.commit()
        book.grant_extension("mini", JONAS, days=800)
    assert grade(released, again=True).graded == 2
    penalties = {row[:2]: row[3] for row in rows(released)["notebooks"]}
    assert penalties == {
        **{(MAYA, scenario): penalty for scenario, penalty in expected.items()},
        **{(JONAS, scenario): None for scenario in expected},
    }


ON_A_SLOW_DISK = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell lets what runs in its background ignore it
from grading import safe
from grading.__main__ import main
write = safe.write
def slowly(*arguments):
    time.sleep(0.01)
    write(*arguments)
safe.write = slowly
sys.exit(main())
"""
"""`python -m grading` that takes seconds, so that Ctrl-C always comes before it has ended."""


def test_a_bar_shows_rate_and_time_left_and_ctrl_c_leaves_nothing_half_done(released: Course) -> None:
    crowd.hand_in(released, "mini", 100)
    with crowd.long_ago:
        collect(released)
    before = rows(released)
    terminal, its_side = os.openpty()
    termios.tcsetwinsize(terminal, (24, 120))
    command = [sys.executable, "-c", ON_A_SLOW_DISK, "grade", "--format", "json"]
    with subprocess.Popen(command, env=os.environ, stdout=subprocess.PIPE, stderr=its_side) as process:
        os.close(its_side)
        shown = b""
        while not re.search(rb"\d+/100 \[\d\d:\d\d<.*submissions/s", shown):
            shown += os.read(terminal, 4096)
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(OSError):  # how a terminal ends that nobody writes to any more
            while more := os.read(terminal, 4096):
                shown += more
        out, _ = process.communicate()
    os.close(terminal)
    assert (process.returncode, out) == (130, b"")
    assert b"Stopped. The gradebook holds nothing half done; run it again to grade the rest." in shown
    assert b"Traceback" not in shown
    assert rows(released) == before
    assert (grade(released).graded, grade(released).skipped) == (100, 100)


def test_a_notebook_that_is_missing_is_missing_where_formgrader_looks(released: Course, take: Take) -> None:
    hand_in(released, MAYA, take, T90="best", T91="best")
    collect(released)
    grade(released)
    (released.submitted / MAYA / "mini" / "T91.ipynb").unlink()
    grade(released, again=True)
    assert [path.name for path in (released.autograded / MAYA / "mini").glob("*.ipynb")] == ["T90.ipynb"]


def test_an_assignment_edited_after_its_release_is_not_graded(released: Course, take: Take) -> None:
    hand_in(released, MAYA, take, T90="best")
    collect(released)
    grade(released)
    before = rows(released)
    plan = released.content / "grading" / "assignments.yml"
    plan.write_text(plan.read_text().replace("[T90/words]", "[T90/words, T90/record]"))
    with pytest.raises(CourseError, match="marked in T90 differs from what was released"):
        grade(released, again=True)
    hand_in(released, MAYA, take, T91="best")
    with pytest.raises(CourseError, match="restore the line, a change goes into a new assignment"):
        collect(released)
    assert rows(released) == before
