"""Whatever a class answers and whatever is marked, our rows are those of `nbgrader autograde`."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import crowd
import nbformat
import pytest
from handing import MAYA, copied, desk, nbgrader, reroute, rows
from handing import hand_in as submit
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from grading import gradebook
from grading.autograde import grade
from grading.course import Course
from grading.intake import collect
from scenarios.model import Answer, Decision, payload
from scenarios.publish import load_published

EXAMPLES = int(os.environ.get("PARITY_EXAMPLES", "0"))
"""Stock takes seconds a trainee, so a usual run is a few packed classes, always the same; this many are new ones."""
CLASS = 5
DUE = datetime(2025, 11, 10, 12)
SETTINGS = (
    "c = get_config()\nc.LateSubmissionPlugin.penalty_method = 'zero'\n",
    """
from nbgrader.plugins import BasePlugin
class Third(BasePlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return None if student_id.endswith("3") else score / 3 + total_seconds_late / 86400 - 2.1
c = get_config()
c.AssignLatePenalties.plugin_class = Third
""",
)
"""What a Center may say in its nbgrader_config.py about late hand-ins; the last one may ask too little and too much."""
STRANGE = (
    b"not a line of JSON\n",
    b'{"v":1,"seq":4,"attempt":1,"event":"answered","step":"ask","option":"accept"}\n',
    b'{"v":1,"seq":4,"attempt":2,"event":"started"}\n',
    b'{"v":1,"seq":900,"attempt":1,"event":"answered","step":"tick","options":["call","call"]}\n',
    b'{"v":7,"seq":5,"attempt":1,"event":"finished"}\n',
)
REROUTED = b'{"v":1,"seq":0,"attempt":1,"event":"rerouted"}\n'
WORDS = st.one_of(
    st.text(min_size=1, max_size=60).filter(str.strip),
    st.sampled_from(["_No answer._", "```\n<script>1</script>", "$x$ " * 40, "Kind\u2028words\x00."]),
)


@dataclass(frozen=True)
class Trainee:
    """What one of the class hands in, once or twice: bytes of a log by scenario, and when; and what is marked."""

    logs: dict[str, bytes]
    first: dict[str, int] | None
    later: dict[str, int] | None
    at: datetime
    then: datetime
    marks: dict[tuple[str, str], tuple[float | None, float | None, bool]]
    comment: str | None
    flagged: bool
    extension: int
    lost: str | None


def answer(decision: Decision) -> st.SearchStrategy[Answer]:
    ids = [option.id for option in decision.options]
    value: dict[str, st.SearchStrategy[Any]] = {
        "choice": st.sampled_from(ids or [""]),
        "multiple": st.lists(st.sampled_from(ids or [""]), min_size=1, unique=True),
        "order": st.permutations(ids),
        "text": WORDS,
        "form": st.fixed_dictionaries({"what": WORDS}, optional={"who": WORDS}),
    }
    return value[decision.kind].map(lambda chosen: payload(decision.kind, chosen))


@st.composite
def trainees(draw: st.DrawFn) -> Trainee:
    logs: dict[str, bytes] = {}
    for name in ("T90", "T91"):
        scenario, sha256 = load_published(name, 1)
        whole = crowd.answer_log(scenario, sha256, "mini", lambda _, d: draw(answer(d)), crowd.BEGAN)
        lines = whole.splitlines(keepends=True)
        if name == "T91" and draw(st.booleans()):
            # It is left out, before the start or later, and perhaps taken up again.
            at = draw(st.integers(0, len(lines) - 1))
            lines = [*lines[:at], REROUTED, *draw(st.sampled_from([lines[at:], []]))]
            lines = [re.sub(rb'"seq":\d+', b'"seq":%d' % n, line, count=1) for n, line in enumerate(lines, 1)]
        for strange in draw(st.lists(st.sampled_from(STRANGE), max_size=1)):
            lines.insert(draw(st.integers(1, len(lines))), strange)
        logs[name] = b"".join(lines)

    def cuts(least: dict[str, int]) -> st.SearchStrategy[dict[str, int]]:
        """Somewhere in each log, mostly at the end of a line, and not before an earlier cut."""
        places = {}
        for name, log in logs.items():
            ends = [n + 1 for n, byte in enumerate(log) if byte == 10 and n >= least[name]]
            some = st.sampled_from([least[name], *ends]) | st.integers(least[name], len(log))
            places[name] = st.just(len(log)) | some
        return st.fixed_dictionaries(places)

    nothing = dict.fromkeys(logs, 0)
    first = draw(st.one_of(cuts(nothing), st.none(), cuts(nothing)))
    at = DUE + timedelta(hours=draw(st.integers(-72, 72)), microseconds=1)
    points = st.none() | st.sampled_from([0.0, 1.1, 3.0, 7.5])
    steps = [("T90", "ask"), ("T90", "tick"), ("T90", "words"), ("T91", "door")]
    return Trainee(
        logs=logs,
        first=first,
        later=draw(st.one_of(st.none(), cuts(first or nothing), cuts(first or nothing))),
        at=at,
        then=at + timedelta(hours=draw(st.integers(1, 72))),
        marks=draw(st.dictionaries(st.sampled_from(steps), st.tuples(points, points, st.booleans()))),
        comment=draw(st.none() | WORDS.filter(lambda text: "\x00" not in text)),
        flagged=draw(st.booleans()),
        extension=draw(st.sampled_from([0, 0, 1, 3])),
        lost=draw(st.sampled_from([None, None, "T90", "T91"])),
    )


@pytest.fixture(autouse=True, scope="module")
def _past() -> Iterator[None]:
    with crowd.long_ago:
        yield


@contextlib.contextmanager
def quietly(course: Course) -> Iterator[Any]:
    """Open nbgrader's gradebook, and keep what was changed."""
    with warnings.catch_warnings(), gradebook.opened(course) as book:
        warnings.simplefilter("ignore")
        yield book
        book.db.commit()


def hand_in(
    courses: list[Course],
    when: Mapping[str, tuple[dict[str, int] | None, datetime]],
    people: Mapping[str, Trainee],
) -> set[str]:
    """Put the same hand-ins into the courses' exchanges; return whose they are."""
    for trainee, (cuts, at) in when.items():
        if cuts is not None:
            logs = {name: people[trainee].logs[name][:end] for name, end in cuts.items() if end}
            for course in courses:
                crowd.put(course, "mini", trainee, logs, at)
    return {trainee for trainee, (cuts, _) in when.items() if cuts is not None}


def mark(course: Course, people: Mapping[str, Trainee]) -> None:
    """Do what people do in formgrader, and prolong the time of some."""
    with quietly(course) as book:
        for trainee, plan in people.items():
            for (scenario, step), (score, extra, look) in plan.marks.items():
                row = book.find_grade(step, scenario, "mini", trainee)
                row.manual_score, row.extra_credit, row.needs_manual_grade = score, extra, look
            book.find_comment("words", "T90", "mini", trainee).manual_comment = plan.comment
            book.find_submission_notebook("T91", "mini", trainee).flagged = plan.flagged
            if plan.extension:
                book.grant_extension("mini", trainee, days=plan.extension)


def stock(course: Course, *flags: str) -> None:
    done = nbgrader(course, "autograde", "mini", *flags)
    assert done.returncode == 0, done.stderr


def shown(course: Course) -> dict[str, list[Any]]:
    """Return, of each autograded notebook, the graded cells as formgrader shows them."""
    found = {}
    for path in course.autograded.glob("*/mini/*.ipynb"):
        found[f"{path.parts[-3]} {path.name}"] = [
            (cell.source, [output.data for output in cell.get("outputs", ())])
            for cell in nbformat.read(path, as_version=4).cells
            if cell.metadata.get("nbgrader", {}).get("grade")
        ]
    return found


@pytest.mark.timeout(300 + 90 * EXAMPLES)
@settings(
    max_examples=EXAMPLES or 2,
    derandomize=not EXAMPLES,
    phases=[Phase.generate],  # to shrink one would take an hour
    database=None,
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
@given(
    st.lists(trainees(), min_size=CLASS, max_size=CLASS),
    st.sampled_from(SETTINGS),
    st.booleans(),
)
def test_rows_are_those_of_nbgrader_autograde_whatever_is_handed_in(
    released: Course, everybody: list[Trainee], penalties: str, everything: bool
) -> None:
    # What is tried first is always too plain.
    assume(
        sum(bool(each.first) for each in everybody) > 2 and sum(bool(each.later) for each in everybody) > 1
    )
    ids = [person.id for person in crowd.people(CLASS)]
    people = dict(zip(ids, everybody, strict=True))
    with tempfile.TemporaryDirectory() as folder:
        ours = copied(released, Path(folder) / "ours")
        crowd.enroll(ours, crowd.people(CLASS))
        (ours.root / "nbgrader_config.py").write_text(penalties)
        with quietly(ours) as book:
            book.find_assignment("mini").duedate = DUE
        handed_in = hand_in([ours], {i: (t.first, t.at) for i, t in people.items()}, people)
        theirs = copied(ours, Path(folder) / "theirs")
        for course in (ours, theirs):
            assert {trainee for trainee, _ in collect(course).taken} == handed_in
        assert grade(ours).graded == len(handed_in)
        if handed_in:
            stock(theirs)
        assert rows(ours) == rows(theirs)
        assert shown(ours) == shown(theirs)

        # Marks are given, files are lost, some hand in more; then each is graded by the other's means.
        for course in (ours, theirs):
            mark(course, {i: t for i, t in people.items() if i in handed_in})
        later = hand_in([ours, theirs], {i: (t.later, t.then) for i, t in people.items()}, people)
        for course in (ours, theirs):
            assert {trainee for trainee, _ in collect(course).taken} == later
            for trainee in handed_in | later:
                if people[trainee].lost:
                    (course.submitted / trainee / "mini" / f"{people[trainee].lost}.ipynb").unlink()
        regraded = handed_in | later if everything else later
        assert grade(theirs, again=everything).graded == len(regraded)
        if regraded:
            stock(ours, *(["--force"] if everything else []))
        assert rows(ours) == rows(theirs)
        assert shown(ours) == shown(theirs)


def test_rows_are_those_of_nbgrader_autograde_of_what_was_left_out_and_taken_up(
    released: Course, take: Callable[..., Path], tmp_path: Path
) -> None:
    take(desk(released, MAYA), "mini", "T91", stop="reply")
    reroute(released, MAYA)

    def handed_in(*courses: Course) -> list[float | None]:
        """Collect in each course, grade by our route, by stock's, and compare; return the points."""
        for course in courses:
            assert collect(course).problems == []
        assert grade(courses[0]).graded == 1
        stock(courses[1])
        assert rows(courses[0]) == rows(courses[1])
        assert shown(courses[0]) == shown(courses[1])
        return [row[4] for row in rows(courses[0])["grades"] if row[1:3] == ("T91", "door")]

    submit(released, MAYA, T90="mixed", take=take)
    theirs = copied(released, tmp_path / "theirs")
    assert handed_in(released, theirs) == [0.0]
    reroute(released, MAYA, taken_up=True)
    submit(released, MAYA, T91="best", take=take)
    shutil.copytree(released.inbound, theirs.inbound, dirs_exist_ok=True)
    assert handed_in(theirs, released) == [3.0]
