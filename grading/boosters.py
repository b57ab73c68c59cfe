"""The boosters on a desk: those open to a trainee, and those they met, explained."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, cast

from sqlalchemy import select

from grading import gradebook, safe, ways
from grading.course import Assignment, Course, Person, ScenarioRef
from grading.explain import explanation
from grading.gradebook import BOOSTER
from grading.ways import Histories
from scenarios import load, publish, variants
from scenarios.answers import MAX_BYTES, parse, written
from scenarios.desk import BOOSTERS
from scenarios.errors import CourseError

PRETENDED = Assignment(
    BOOSTERS, "One more step", BOOSTERS, "", (), frozenset[str](), due=None, opens=None, pass_share=1.0
)
"""What stands for an assignment where boosters go the way of scenarios; nbgrader knows nothing of it."""


@dataclass(frozen=True, slots=True)
class Met:
    """A booster in one version, and the attempt of its log that is shown; answers: of an attempt on record."""

    id: str
    version: int
    title: str
    minutes: int
    attempt: int
    answers: Mapping[str, Any] | None = None

    def entry(self) -> dict[str, Any]:
        """Return what ``me.json`` says about it."""
        return {key: value for key, value in asdict(self).items() if key != "answers"}


@dataclass(frozen=True, slots=True)
class Steps:
    """What a person's desk holds after critical misses: the clauses' ways, and the boosters that lie there."""

    histories: Histories
    entries: list[dict[str, Any]]
    boosters: list[Met]


NONE = Steps({}, [], [])


def steps(course: Course, person: Person) -> Steps:
    """Return a person's steps as of now, by the gradebook and by what they have begun on their desk."""
    with gradebook.reading(course) as db:
        mine = ways.histories(db, person.id).get(person.id, {})
        query = select(BOOSTER).where(BOOSTER.c.student_id == person.id).order_by(BOOSTER.c.attempt)
        met = {
            row.booster: _met(row.booster, row.version, row.attempt, row.answers_json)
            for row in db.execute(query)
        }
    entries, lying = [], dict(met)
    now = ways.now()
    for clause, history in mine.items():
        boosters = ways.boosters_of(clause)
        way = history.way(boosters, now)
        following = None
        if way.booster:
            attempt = met[way.booster].attempt + 1 if way.booster in met else 1
            following = _met(way.booster, _version(course, person, way.booster, attempt), attempt)
        if following and way.state == "open":
            lying[following.id] = following
        about = dict.fromkeys(("id", "version", "title", "minutes", "attempt")) | (
            following.entry() if following else {}
        )
        if way.state != "open":
            about |= {"id": None, "title": None}  # what will be met is not told before
        entries.append(
            {
                "clause": clause,
                "state": way.state,
                "opens": written(way.opens) if way.opens else None,
                **about,
                "played": [each.entry() for name, each in lying.items() if each.answers and name in boosters],
            }
        )
    return Steps(mine, entries, list(lying.values()))


def _met(booster: str, version: int, attempt: int, answers: str | None = None) -> Met:
    scenario, _ = publish.load_published(booster, version)
    given = json.loads(answers) if answers else None
    return Met(booster, version, scenario.title, scenario.minutes, attempt, given)


def _version(course: Course, person: Person, booster: str, attempt: int) -> int:
    """Return the version that an attempt was begun with, else the newest."""
    published = publish.boosters()[booster]
    with contextlib.suppress(CourseError, OSError):
        with safe.folder(course.desks, person.id, BOOSTERS) as fd:
            log = parse(safe.read(f"{booster}.answers.jsonl", fd, MAX_BYTES))
        begun = [
            e.get("version") for e in log.events if (e.get("event"), e["attempt"]) == ("started", attempt)
        ]
        for version in begun[:1]:
            if publish.is_published(booster, version):
                return cast(int, version)
    return published


def lay(course: Course, person: Person, boosters: list[Met]) -> None:
    """Put boosters and their explanations on a desk, and take away what is no longer open; logs stay."""
    if not boosters and not (course.desk(person.id) / BOOSTERS).exists():
        return
    (course.desk(person.id) / BOOSTERS).mkdir(exist_ok=True)
    wanted: dict[str, bytes] = {}
    for each in boosters:
        scenario, sha256 = publish.load_published(each.id, each.version)
        wanted[f"{each.id}.json"] = _json(publish.trainee_view(scenario, sha256))
        if each.answers:
            mine = variants.met(variants.each(scenario), person.id, BOOSTERS)
            told = explanation(PRETENDED, mine, sha256, each.answers, {}, load.clauses())
            # Its points are in no score.
            wanted[f"{each.id}.feedback.json"] = _json(told | {"score": None, "attempt": each.attempt})
    with safe.folder(course.desks, person.id, BOOSTERS) as fd:
        with os.scandir(fd) as lying:
            for name in [entry.name for entry in lying]:
                if name.startswith("B") and name.endswith(".json") and name not in wanted:
                    os.unlink(name, dir_fd=fd)
        for name, content in wanted.items():
            if not _holds(name, fd, content):
                safe.write(name, fd, content)


def _holds(name: str, fd: int, content: bytes) -> bool:
    try:
        return safe.read(name, fd, len(content)) == content
    except (CourseError, OSError):
        return False


def _json(data: Mapping[str, Any]) -> bytes:
    return json.dumps(data, ensure_ascii=False).encode()


def is_laid(course: Course, person: Person, booster: Met) -> bool:
    """Return whether a booster's last file is on the desk as it should be: what comes first is there, too."""
    end = "feedback.json" if booster.answers else "json"
    try:
        with safe.folder(course.desks, person.id, BOOSTERS) as fd:
            lies = json.loads(safe.read(f"{booster.id}.{end}", fd, MAX_BYTES))
        return bool(
            lies.get("attempt") == booster.attempt if booster.answers else lies["version"] == booster.version
        )
    except (CourseError, OSError, ValueError, AttributeError, KeyError):
        return False


def told(course: Course, person: Person) -> Any:
    """Return what ``me.json`` on a desk says of the steps."""
    broken = (CourseError, OSError, ValueError, AttributeError)
    with contextlib.suppress(*broken), safe.folder(course.desks, person.id) as fd:
        return json.loads(safe.read("me.json", fd, MAX_BYTES)).get("boosters")
    return None


def refs() -> tuple[ScenarioRef, ...]:
    """Return all published boosters, each in its newest version."""
    return tuple(ScenarioRef(*each) for each in publish.boosters().items())
