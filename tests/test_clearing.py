"""A critical miss is met again: who clears it, when, and what never does."""

from __future__ import annotations

import json
import shutil
import signal
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from handing import JONAS, MAYA, copied, mark, nbgrader
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update
from test_watch import in_a_process, one_round

from grading import gradebook, put, submit, talks
from grading.__main__ import main
from grading.autograde import grade
from grading.clearing import DAY, History, Miss, Talk, Try, Way
from grading.course import Course, load_assignments
from grading.demo import days_pass, demo
from grading.desk import make_desk
from grading.feedback import give as explain
from grading.intake import collect
from grading.marks import release_marks
from grading.pending import pending
from grading.report import report
from grading.results import load_results
from grading.roster import load_roster
from grading.tables import trainees
from grading.watch import Watcher
from grading.ways import steps
from scenarios import publish
from scenarios.__main__ import main as scenarios
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


events = st.lists(
    st.tuples(st.sampled_from(["miss", "good", "bad", "talk"]), st.floats(0.01, 3)), min_size=1, max_size=30
)


@given(events, st.integers(0, 3))
def test_nobody_clears_without_a_good_try_or_a_talk(happened: list[tuple[str, float]], count: int) -> None:
    """Whatever people do, and when: only what is open counts, as at intake, and only that clears."""
    boosters = [f"B17{letter}" for letter in "abc"[:count]]
    misses, tries, talks, now = [Miss("mini", START)], list[Try](), list[Talk](), START
    good = False
    for name, days in happened:
        now += timedelta(days=days)
        way = History(misses, tries, talks).way(boosters, now)
        if way.state == "open":
            assert way.booster in boosters and way.opens and way.opens <= now
            assert now - max(m.at for m in misses) >= DAY or any(t.at > misses[-1].at for t in talks)
        if name == "miss":
            misses.append(Miss("mini", now))
            good = False
        elif name == "talk" and way.state == "talk":
            talks.append(Talk(now, cleared=not boosters))
            good = good or not boosters
        elif name in ("good", "bad") and way.state == "open" and way.booster:
            tries.append(Try(way.booster, now, cleared=name == "good"))
            good = good or name == "good"
        after = History(misses, tries, talks).way(boosters, now)
        assert (after.state == "cleared") == good == History(misses, tries, talks).clears("mini")
        if name == "bad" and tries and tries[-1].at == now:
            assert after.state == "talk"


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
    explain(course)
    days_pass(course, days)
    make_desk(course, load_roster(course)[trainee])
    return mine


def process(course: Course) -> list[str]:
    """Do what the watcher does; return what a supervisor reads of it."""
    return [*collect(course).problems, *grade(course).problems, *explain(course, changed=True).problems]


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
    assert collect(boosted).taken == [] and explain(boosted, changed=True).explained == []


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


def test_only_the_version_that_a_log_names_scores_it(boosted: Course, take: Take) -> None:
    mine = miss(boosted, take)
    play(mine, "B17a", good=True)
    path = boosted.content / "scenarios" / "library" / "therapist" / "B17a-at-the-market.yml"
    path.write_text(path.read_text().replace("version: 1", "version: 2").replace("points: 2", "points: 1"))
    publish.publish(path)
    make_desk(boosted, load_roster(boosted)[MAYA])
    assert step(mine)["version"] == 1  # it was begun
    put.hand_in(boosted, mine)
    assert process(boosted) == []
    assert rows(boosted) == [(MAYA, "B17a", 1, 1, True)]
    days_pass(boosted, -3)  # another miss, as it were
    days_pass(boosted, 1.5)
    other = miss(boosted, take, JONAS)
    assert step(other)["version"] == 2


def folder(course: Course, trainee: str, **logs: bytes) -> Path:
    """Put a hand-in of boosters into the exchange, as any client could."""
    put._put(course.inbound, trainee, datetime.now(UTC), logs)
    return max(course.inbound.glob(f"{trainee}+boosters+*"), key=lambda path: path.name)


def log(booster: str = "B17a", **changed: Any) -> bytes:
    """Return the log of a good first attempt, with something about it changed."""
    answers = {"B17a": {"stall": "thank", "home": "wait"}, "B17b": {"rail": "full", "deck": "no"}}[booster]
    started = {"event": "started", "assignment": "boosters", "scenario": booster, "version": 1}
    played = [started, *({"event": "answered", "step": s, "option": o} for s, o in answers.items())]
    common = {"v": 1, "at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}.000Z", "attempt": 1}
    events = [
        common | {"seq": n} | e | changed
        for n, e in enumerate([*played, {"event": "finished", "step": "end"}], 1)
    ]
    return b"".join(json.dumps(event).encode() + b"\n" for event in events)


def test_an_attempt_that_claims_to_be_older_than_the_last_one_clears_nothing(
    boosted: Course, take: Take
) -> None:
    mine = miss(boosted, take, days=3)
    play(mine, "B17a", good=False)
    put.hand_in(boosted, mine)
    process(boosted)
    assert step(mine)["state"] == "talk"
    before = datetime.now(UTC) - timedelta(days=1.5)  # the booster was open then, and nothing tried yet
    folder(boosted, MAYA, B17a=log(attempt=2, at=f"{before:%Y-%m-%dT%H:%M:%S}.000Z"))
    process(boosted)
    assert rows(boosted)[-1] == (MAYA, "B17a", 2, 1, None)
    assert (step(mine)["state"], state(mine)) == ("talk", "one more step")


def test_what_was_not_open_is_practice_and_clears_nothing(boosted: Course, take: Take) -> None:
    mine = miss(boosted, take, days=0.5)
    folder(boosted, MAYA, B17a=log())  # half a day early
    folder(boosted, JONAS, B17a=log())  # who missed nothing
    assert process(boosted) == []
    days_pass(boosted, 1)
    folder(boosted, MAYA, B17b=log("B17b"))  # not the one whose turn it is
    folder(boosted, MAYA, B17a=log(at="2026-01-01T00:00:00.000Z", attempt=2))  # before the miss, it says
    assert process(boosted) == []
    assert {row[0:3] + row[4:] for row in rows(boosted)} == {
        (MAYA, "B17a", 1, None),
        (JONAS, "B17a", 1, None),
        (MAYA, "B17b", 1, None),
        (MAYA, "B17a", 2, None),
    }
    make_desk(boosted, load_roster(boosted)[MAYA])
    assert (step(mine)["state"], step(mine)["id"], step(mine)["attempt"]) == ("open", "B17a", 3)
    assert state(mine) == "one more step"


FORGED = {
    "a version that never was": (log(version=9), "is of no booster that was given; it was not taken."),
    "no version": (log(version="1"), "is of no booster that was given; it was not taken."),
    "a huge version": (log(version=10**30), "is of no booster that was given; it was not taken."),
    "another assignment": (log(assignment="mini"), "is of no booster that was given; it was not taken."),
    "another booster": (log(scenario="B17b"), "was ignored: it belongs to B17b@1"),
    "no answers": (log(step="end"), "was ignored: The open step was stall, not end."),
    "options that are not there": (log(option="bribe"), "was ignored: Choose one of the options."),
    "a newer format": (log(v=2), "format v2 is not known here"),
    "no log": (b"\x00" * 1000, "not a complete line of JSON"),
    "a day ahead": (
        log(at="2999-01-01T00:00:00.000Z"),
        "a time that cannot be true (2999-01-01T00:00:00.000Z)",
    ),
}


def test_forged_logs_are_told_in_one_sentence_and_stop_nobody(boosted: Course, take: Take) -> None:
    mine = miss(boosted, take)
    for name, (forged, sentence) in FORGED.items():
        folder(boosted, MAYA, B17a=forged)
        (problem,) = process(boosted)
        assert sentence in problem, name
        if name == "a day ahead":
            assert [row[4] for row in rows(boosted)] == [True]  # by the hand-in's time
        else:
            assert rows(boosted) == [], name
    assert state(mine) == "passed"
    folder(boosted, JONAS, B17z=b"", T90=b"x")
    folder(boosted, "nobody", B17a=log())
    said = process(boosted)
    assert said == [
        "jonas.weber, boosters: B17z.answers.jsonl, T90.answers.jsonl does not belong here and was left out.",
        "nobody is not in roster.csv; the hand-in was left in the exchange.",
    ]


def test_thousands_of_attempts_are_not_all_recorded(boosted: Course) -> None:
    folder(boosted, MAYA, B17a=b"".join(_renumbered(n) for n in range(1, 600)))
    assert process(boosted) == []
    assert len(rows(boosted)) == 20


def _renumbered(attempt: int) -> bytes:
    first = 4 * attempt - 3
    events = [json.loads(line) for line in log(attempt=attempt).splitlines()]
    return b"".join(json.dumps(event | {"seq": first + n}).encode() + b"\n" for n, event in enumerate(events))


def test_nobody_clears_for_somebody_else(boosted: Course, take: Take) -> None:
    mine = miss(boosted, take)
    with gradebook.writing(boosted) as db:
        db.execute(update(gradebook.ACCOUNT).values(account="maya"))
    folder(boosted, MAYA, B17a=log())
    for _ in range(2):
        (problem,) = process(boosted)
        assert "boosters: the hand-in could not be taken in (its folder belongs to the account" in problem
    assert rows(boosted) == [] and state(mine) == "one more step"


def test_a_link_in_the_boosters_folder_is_not_followed(boosted: Course, take: Take, tmp_path: Path) -> None:
    mine = miss(boosted, take)
    shutil.rmtree(mine / "boosters")
    (mine / "boosters").symlink_to(tmp_path)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(OSError):
        make_desk(boosted, load_roster(boosted)[MAYA])
    assert sorted(tmp_path.iterdir()) == before
    folder(boosted, MAYA, B17a=log())
    (problem,) = process(boosted)
    assert problem.startswith("maya.ortiz: the short situation could not be explained")


def test_nbgraders_own_collecting_passes_them_by(boosted: Course, take: Take) -> None:
    mine = miss(boosted, take)
    play(mine, "B17a", good=True)
    put.hand_in(boosted, mine)
    assert collect(boosted, ["mini"]).problems == [] and rows(boosted) == []
    done = nbgrader(boosted, "collect", "mini")
    assert done.returncode == 0 and "boosters" not in done.stderr
    assert pending(boosted) == {MAYA}
    assert process(boosted) == []
    assert pending(boosted) == set()
    with gradebook.opened(boosted) as book:
        assert [assignment.name for assignment in book.assignments] == ["mini"]


def test_killed_anywhere_in_a_round_the_next_one_finishes(
    boosted: Course, take: Take, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = miss(boosted, take)
    play(mine, "B17a", good=True)
    put.hand_in(boosted, mine)

    def shown(course: Course) -> dict[str, bytes]:
        desk = course.desk(MAYA)
        return {p.name: p.read_bytes() for p in [*desk.glob("boosters/[!.]*"), desk / "me.json"]}

    def copy(name: str) -> Course:
        course = copied(boosted, tmp_path / name)
        monkeypatch.setenv("COURSE_ROOT", str(course.root))
        return course

    whole = copy("whole")
    one_round(whole)
    assert state(whole.desk(MAYA)) == "passed"
    for die_at in range(1, 20):
        course = copy(f"killed{die_at}")
        process = in_a_process(one_round, course, die_at)
        process.join(60)
        one_round(course)
        assert (shown(course), rows(course)) == (shown(whole), rows(whole)), die_at
        if process.exitcode == 0:
            break
        assert process.exitcode == -signal.SIGKILL
    assert die_at > 2


def test_the_watcher_opens_what_is_due_and_explains_what_comes_in(boosted: Course, take: Take) -> None:
    mine = miss(boosted, take, days=0.5)
    said: list[str] = []
    watcher = Watcher(boosted, said.append)
    watcher.look()
    assert step(mine)["state"] == "waits"
    days_pass(boosted, 1)
    watcher._open_at = 0  # a minute later
    watcher.look()
    assert step(mine)["state"] == "open" and (mine / "boosters" / "B17a.json").exists()
    play(mine, "B17a", good=False)
    put.hand_in(boosted, mine)
    assert watcher.look()
    assert said[-1].startswith("Maya Ortiz, boosters: scored, B17a explained")
    assert step(mine)["state"] == "talk"


def test_the_commands(
    boosted: Course, take: Take, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = miss(boosted, take)
    submitting = ["submit", "--desk", str(mine), "--assignment", "boosters", "--format", "json"]
    assert main(submitting) == 1
    assert "No short situation is finished yet" in json.loads(capsys.readouterr().out)["why"]
    play(mine, "B17a", good=False)
    assert main(submitting) == 0
    assert json.loads(capsys.readouterr().out)["handed_in"]
    assert json.loads((mine / "boosters" / "handed_in.json").read_text())["B17a"]["size"] > 0
    assert main(["collect"]) == 0 and main(["feedback"]) == 0
    capsys.readouterr()
    about = ["talk", "--trainee", MAYA, "--clause", "C17", "--said", "Why", "--agreed", "Next time"]
    assert main(about) == 0
    assert "C17, No friend requests from clients, can be met again now." in capsys.readouterr().out
    assert main(about) == 1
    assert "No talk with Maya Ortiz about C17 is due" in capsys.readouterr().err
    assert main([*about[:4], "C99", *about[5:]]) == 1
    assert "No talk with Maya Ortiz about C99 is due" in capsys.readouterr().err


def test_a_release_pins_the_boosters_too(released: Course, capsys: pytest.CaptureFixture[str]) -> None:
    library = released.content / "scenarios" / "library"
    shutil.copytree(BOOSTERS, library, dirs_exist_ok=True)
    assert main(["release", "--assignment", "mini"]) == 1
    assert "The boosters cannot be pinned." in capsys.readouterr().err
    assert publish.boosters() == {}
    for name in AB:
        assert scenarios(["confirm", name]) == 0
    assert main(["release", "--assignment", "tpyo"]) == 1
    assert publish.boosters() == {}
    capsys.readouterr()
    assert main(["release", "--assignment", "mini"]) == 0
    assert publish.boosters() == {"B17a": 1, "B17b": 1}
    assert "who misses their clause: B17a@1.yml, B17b@1.yml.\nmini was" in capsys.readouterr().out


def test_what_supervisors_and_tables_say(boosted: Course, take: Take) -> None:
    mine = miss(boosted, take)
    play(mine, "B17a", good=True)
    put.hand_in(boosted, mine)
    process(boosted)
    miss(boosted, take, JONAS)
    results = load_results(boosted)
    table = trainees(results, date.today())
    of = {name: {key: table[key][n] for key in table} for n, name in enumerate(table["trainee"])}
    assert (of[MAYA]["critical_misses"], of[MAYA]["cleared"], of[MAYA]["state"]) == ("C17", "C17", "passed")
    assert (of[JONAS]["critical_misses"], of[JONAS]["cleared"]) == ("C17", "")
    assert "1 of them has one more step to do; the others have cleared it since." in report(results)
    assert [
        (s.person.id, s.clause, s.way.state) for s in steps(results.histories, results.people.values())
    ] == [(JONAS, "C17", "open")]


def test_some_of_a_simulated_staff_clear(boosted: Course, tmp_path: Path) -> None:
    course = demo(boosted.content, tmp_path / "demo", people=48, seed=7)
    assert {row[4] for row in rows(course)} == {True, False}
    with gradebook.reading(course) as db:
        by = {row.by for row in db.execute(select(gradebook.TALK))}
    assert by and by <= {person.supervisor for person in load_roster(course).values()}


def test_no_assignment_is_called_boosters(course: Course) -> None:
    plan = course.content / "grading" / "assignments.yml"
    plan.write_text(plan.read_text().replace("id: mini-refresher", "id: boosters"))
    with pytest.raises(CourseError, match="boosters is where boosters are kept; choose another name"):
        load_assignments(course)
