"""Who broke which critical clause, and what came of it: the gradebook's rows as ``clearing`` wants them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from sqlalchemy import Connection, and_, select

from grading.clearing import History, Miss, Talk, Try, Way
from grading.gradebook import ANSWER, ATTEMPT, BOOSTER, TALK
from grading.roster import Person
from scenarios import load, publish
from scenarios.model import clause_of

Histories = dict[str, History]
"""Critical clause -> what happened to one person and that clause."""

Key = tuple[str, str]
"""Trainee and critical clause."""


def histories(db: Connection, trainee: str | None = None) -> dict[str, Histories]:
    """Return by trainee, or of one, what happened to each critical clause they broke."""
    critical = {clause for clause, data in load.clauses().items() if data["critical"]}
    misses: dict[Key, list[Miss]] = defaultdict(list)
    tries: dict[Key, list[Try]] = defaultdict(list)
    talks: dict[Key, list[Talk]] = defaultdict(list)
    place = [ANSWER.c[key] == ATTEMPT.c[key] for key in ("student_id", "assignment", "scenario")]
    broken = (
        select(ANSWER.c.student_id, ANSWER.c.assignment, ANSWER.c.violated, ATTEMPT.c.handed_in_at)
        .join(ATTEMPT, and_(*place))
        .where(ATTEMPT.c.finished.is_(True), ANSWER.c.violated != "[]")
    )
    met = select(BOOSTER).where(BOOSTER.c.cleared.is_not(None))
    talked = select(TALK)
    if trainee is not None:
        broken = broken.where(ANSWER.c.student_id == trainee)
        met = met.where(BOOSTER.c.student_id == trainee)
        talked = talked.where(TALK.c.student_id == trainee)
    for student, assignment, violated, at in db.execute(broken):
        for clause in critical.intersection(json.loads(violated)):
            misses[student, clause].append(Miss(assignment, moment(at)))
    for row in db.execute(met):
        each = Try(row.booster, moment(row.finished_at), row.cleared)
        tries[row.student_id, clause_of(row.booster)].append(each)
    for row in db.execute(talked):
        talks[row.student_id, row.clause].append(Talk(moment(row.at), row.cleared))
    found: dict[str, Histories] = defaultdict(dict)
    for key in sorted(misses):
        student, clause = key
        found[student][clause] = History(misses[key], tries[key], talks[key])
    return found


def moment(text: str) -> datetime:
    """Return a time in UTC, written as nbgrader or as the answer log does."""
    return datetime.fromisoformat(text.replace(" UTC", "Z")).astimezone(UTC)


def now() -> datetime:
    """Return the time; what opens a day after a miss is told by it."""
    return datetime.now(UTC)


def boosters_of(clause: str) -> list[str]:
    """Return the published boosters of a clause, whatever audience they were written for, in their order."""
    return [booster for booster in publish.boosters() if clause_of(booster) == clause]


def cleared(mine: Mapping[str, History], assignment: str) -> frozenset[str]:
    """Return the critical clauses that somebody broke in an assignment and has shown to understand since."""
    return frozenset(clause for clause, history in mine.items() if history.clears(assignment))


@dataclass(frozen=True, slots=True)
class Step:
    """Where somebody stands with a critical clause they broke."""

    person: Person
    clause: str
    way: Way
    history: History


def steps(found: Mapping[str, Histories], people: Iterable[Person]) -> list[Step]:
    """Return what people have yet to clear, by name and clause."""
    at, of = now(), cache(boosters_of)
    every = [
        Step(person, clause, history.way(of(clause), at), history)
        for person in people
        for clause, history in found.get(person.id, {}).items()
    ]
    left = [step for step in every if step.way.state != "cleared"]
    return sorted(left, key=lambda step: (step.person.name, step.clause))
