"""A critical miss is met again: who clears it, when, and what never does."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from handing import JONAS, MAYA, mark
from sqlalchemy import select

from grading import gradebook, put, submit, talks
from grading.autograde import grade
from grading.clearing import History, Miss, Talk, Try, Way
from grading.course import Course
from grading.demo import days_pass
from grading.desk import make_desk
from grading.feedback import give
from grading.intake import collect
from grading.marks import release_marks
from grading.roster import load_roster
from scenarios import publish
from scenarios.answers import AnswerLog
from scenarios.errors import CourseError
from scenarios.model import from_trainee, payload
from scenarios.session import Session

Take = Callable[..., Path]
BOOSTERS = Path(__file__).parent / "data" / "boosters"
AB = ["B17a", "B17b"]
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def at(days: float) -> datetime:
    return START + timedelta(days=days)


MISS = Miss("mini", at(0))
BAD, GOOD = Try("B17a", at(1.5), cleared=False), Try("B17a", at(1.5), cleared=True)
TALKED = Talk(at(1.6), cleared=False)

CASES: list[tuple[str, History, list[str], float, Way]] = [
    ("no miss yet", History([MISS]), AB, -1, Way("cleared")),
    ("at once it waits", History([MISS]), AB, 0, Way("waits", "B17a", at(1))),
    ("a minute short of a day", History([MISS]), AB, 0.999, Way("waits", "B17a", at(1))),
    ("after a day", History([MISS]), AB, 1, Way("open", "B17a", at(1))),
    ("kept", History([MISS], [GOOD]), AB, 2, Way("cleared")),
    ("not kept", History([MISS], [BAD]), AB, 9, Way("talk")),
    ("talked", History([MISS], [BAD], [TALKED]), AB, 1.6, Way("open", "B17b", at(1.6))),
    ("before the talk", History([MISS], [BAD], [TALKED]), AB, 1.55, Way("talk")),
    (
        "they go round",
        History([MISS], [BAD, Try("B17b", at(2), cleared=False)], [TALKED, Talk(at(3), cleared=False)]),
        AB,
        4,
        Way("open", "B17a", at(3)),
    ),
    (
        "twice not kept",
        History([MISS], [BAD, Try("B17b", at(2), cleared=False)], [TALKED]),
        AB,
        4,
        Way("talk"),
    ),
    ("one booster comes again", History([MISS], [BAD], [TALKED]), AB[:1], 2, Way("open", "B17a", at(1.6))),
    ("without boosters, a talk", History([MISS]), [], 0, Way("talk")),
    ("which clears", History([MISS], (), [Talk(at(1), cleared=True)]), [], 2, Way("cleared")),
    ("and goes on clearing", History([MISS], (), [Talk(at(1), cleared=True)]), AB, 2, Way("cleared")),
    ("missed anew", History([MISS, Miss("next", at(9))], [GOOD]), AB, 9.5, Way("waits", "B17b", at(10))),
    ("another miss meanwhile", History([MISS, Miss("mini", at(0.9))]), AB, 1, Way("waits", "B17a", at(1.9))),
    (
        "a miss after the talk",
        History([MISS, Miss("mini", at(2))], [BAD], [TALKED]),
        AB,
        2.5,
        Way("waits", "B17b", at(3)),
    ),
    (
        "an old failure is forgotten",
        History([MISS, Miss("next", at(9))], [BAD, Try("B17b", at(2), cleared=True)], [TALKED]),
        AB,
        10.5,
        Way("open", "B17a", at(10)),
    ),
]


@pytest.mark.parametrize("history, boosters, days, way", [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_the_way(history: History, boosters: list[str], days: float, way: Way) -> None:
    assert history.way(boosters, at(days)) == way


def test_an_assignment_is_cleared_by_what_came_after_its_own_misses() -> None:
    history = History([MISS, Miss("next", at(9))], [GOOD])
    assert history.clears("mini")
    assert not history.clears("next")
    assert not History([MISS]).clears("mini")


@pytest.fixture
def boosted(released: Course) -> Course:
    """The miniature course, released, with two boosters of C17 published; C36 has none."""
    shutil.copytree(BOOSTERS, released.content / "scenarios" / "library", dirs_exist_ok=True)
    for path in sorted((released.content / "scenarios" / "library" / "therapist").glob("B*.yml")):
        publish.publish(path)
    return released


def miss(course: Course, take: Take, trainee: str = MAYA, days: float = 2, **change: Any) -> Path:
    """Break C17, and nothing else critical, in everything there is, and hand it in so many days ago."""
    mine = make_desk(course, load_roster(course)[trainee])
    take(mine, "mini", "T90", "best", {"ask": "accept", **change})
    take(mine, "mini", "T91", "best")
    submit.hand_in(course, mine, "mini")
    process(course)
    mark(course, trainee, 4.0)
    release_marks(course)
    give(course)
    days_pass(course, days)
    make_desk(course, load_roster(course)[trainee])
    return mine


def process(course: Course) -> list[str]:
    """Do what the watcher does; return what a supervisor reads of it."""
    return [*collect(course).problems, *grade(course).problems, *give(course, changed=True).problems]


def me(desk: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((desk / "me.json").read_text("utf-8"))
    return data


def step(desk: Path, clause: str = "C17") -> dict[str, Any]:
    return next(each for each in me(desk)["boosters"] if each["clause"] == clause)


def play(desk: Path, booster: str, *, good: bool) -> AnswerLog:
    """Play what lies on the desk as the player does, the attempt that ``me.json`` says."""
    answers = {"stall": "thank", "home": "wait", "rail": "full", "deck": "no"} if good else {}
    bad = {"stall": "thank", "home": "accept", "rail": "joke", "deck": "no"}
    folder = desk / "boosters"
    view = json.loads((folder / f"{booster}.json").read_text("utf-8"))
    given = step(desk)
    assert given["id"] == booster
    log = AnswerLog(folder / f"{booster}.answers.jsonl")
    session = Session(from_trainee(view), log.read().events, given["attempt"])
    about = {
        "assignment": "boosters",
        "scenario": booster,
        "version": view["version"],
        "sha256": view["sha256"],
    }
    session.apply(log.append(session.event("started") | about)[0])
    while session.current:
        answer = payload("choice", (answers or bad)[session.current.id])
        session.apply(log.append(session.event("answered", answer))[0])
    session.apply(log.append(session.event("finished"))[0])
    return log


def state(desk: Path) -> str:
    return str(me(desk)["assignments"][0]["state"])


def rows(course: Course) -> list[tuple[Any, ...]]:
    with gradebook.reading(course) as db:
        found = db.execute(select(gradebook.BOOSTER).order_by(gradebook.BOOSTER.c.finished_at))
        return [(row.student_id, row.booster, row.attempt, row.version, row.cleared) for row in found]


def test_a_miss_waits_a_day_then_a_booster_clears_it(boosted: Course, take: Take) -> None:
    mine = miss(boosted, take, days=0.9)
    assert (state(mine), step(mine)["state"], step(mine)["id"], step(mine)["minutes"]) == (
        "one more step",
        "waits",
        None,
        2,
    )
    assert not list((mine).glob("boosters/B*.json"))
    days_pass(boosted, 0.2)
    make_desk(boosted, load_roster(boosted)[MAYA])
    assert step(mine)["state"] == "open"
    assert [path.name for path in mine.glob("boosters/B*.json")] == ["B17a.json"]
    assert "points" not in (mine / "boosters" / "B17a.json").read_text()
    score = [path.read_bytes() for path in sorted((boosted.feedback / MAYA).rglob("*.json"))]
    play(mine, "B17a", good=True)
    put.hand_in(boosted, mine)
    assert process(boosted) == []
    assert (state(mine), step(mine)["state"]) == ("passed", "cleared")
    assert rows(boosted) == [(MAYA, "B17a", 1, 1, True)]
    told = json.loads((mine / "boosters" / "B17a.feedback.json").read_text())
    assert [each["verdict"] for each in told["decisions"]] == ["best", "acceptable"]
    assert score == [path.read_bytes() for path in sorted((boosted.feedback / MAYA).rglob("*.json"))]
    assert collect(boosted).taken == [] and give(boosted, changed=True).explained == []


def test_after_a_second_miss_a_talk_and_the_other_booster(boosted: Course, take: Take) -> None:
    mine = miss(boosted, take)
    maya = load_roster(boosted)[MAYA]
    with pytest.raises(CourseError, match="No talk with Maya Ortiz about C17 is due"):
        talks.record(boosted, maya, "C17", "Too early", "Nothing")
    play(mine, "B17a", good=False)
    put.hand_in(boosted, mine)
    assert process(boosted) == []
    assert (state(mine), step(mine)["state"], step(mine)["id"]) == ("one more step", "talk", None)
    assert sorted(p.name for p in mine.glob("boosters/B*.json")) == ["B17a.feedback.json", "B17a.json"]
    with pytest.raises(CourseError, match="Write two lines"):
        talks.record(boosted, maya, "C17", "Once ", " ")
    talks.record(boosted, maya, "C17", "What a  mute\ndoes", "She tells the client", by="renee")
    assert (step(mine)["state"], step(mine)["id"]) == ("open", "B17b")
    play(mine, "B17b", good=True)
    put.hand_in(boosted, mine)
    assert process(boosted) == []
    assert (state(mine), step(mine)["state"]) == ("passed", "cleared")
    assert rows(boosted) == [(MAYA, "B17a", 1, 1, False), (MAYA, "B17b", 1, 1, True)]
    with gradebook.reading(boosted) as db:
        (talk,) = db.execute(select(gradebook.TALK))
    assert (talk.student_id, talk.clause, talk.by, talk.said) == (MAYA, "C17", "renee", "What a mute does")


def test_they_go_round_and_a_repeated_one_is_the_next_attempt_of_its_log(boosted: Course, take: Take) -> None:
    mine = miss(boosted, take)
    for booster in ("B17a", "B17b", "B17a"):
        if step(mine)["state"] == "talk":
            talks.record(boosted, load_roster(boosted)[MAYA], "C17", "Once more", "Next time")
        assert not (mine / "boosters" / f"{booster}.feedback.json").exists()  # not even of an earlier attempt
        play(mine, booster, good=False)
        put.hand_in(boosted, mine)
        assert process(boosted) == []
    assert [row[1:3] for row in rows(boosted)] == [("B17a", 1), ("B17b", 1), ("B17a", 2)]
    told = json.loads((mine / "boosters" / "B17a.feedback.json").read_text())
    assert told["attempt"] == 2


def test_without_boosters_a_talk_clears(boosted: Course, take: Take) -> None:
    clause = "C36"
    mine = make_desk(boosted, load_roster(boosted)[JONAS])
    take(mine, "mini", "T90", "best")
    take(mine, "mini", "T91", "harmful")
    submit.hand_in(boosted, mine, "mini")
    process(boosted)
    assert (step(mine, clause)["state"], step(mine, clause)["minutes"]) == ("talk", None)
    assert (
        talks.record(boosted, load_roster(boosted)[JONAS], clause, "Why not", "Not again").state == "cleared"
    )
    assert step(mine, clause)["state"] == "cleared"
