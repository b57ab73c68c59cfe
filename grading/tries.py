"""Hand-ins of boosters: each attempt that was finished is scored by its own version and recorded once, for good."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, select

from grading import boosters, hand_in, score, ways
from grading.answered import moment
from grading.gradebook import BOOSTER, HAND_IN
from grading.hand_in import HandIn, plain
from grading.roster import Person
from grading.status import Scored
from grading.submitted import must_be_theirs
from scenarios.answers import parse, written
from scenarios.desk import BOOSTERS
from scenarios.errors import CourseError
from scenarios.model import clause_of
from scenarios.publish import is_published, load_published
from scenarios.session import Session

NEW = 20
"""So many attempts of a log are recorded with one hand-in; nobody plays more, but a program could write thousands."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A finished attempt at a booster, as its log has it."""

    attempt: int
    at: str
    session: Session

    @property
    def good(self) -> bool:
        """Whether every decision was best or acceptable, and the clause kept."""
        return all(_good(self.session, step) for step in self.session.scenario.graded())


def _good(session: Session, step: str) -> bool:
    decision, answer = session.scenario.steps[step].decision, session.answers.get(step)
    assert decision  # it is graded
    kept = session.scenario.boosts not in score.violated(decision, answer)
    return kept and Scored(score.points(decision, answer), decision.maximum).good


class Tries:
    """Takes in the hand-ins of boosters, within one transaction."""

    def __init__(self, db: Connection) -> None:
        self.db = db
        self.expected = replace(boosters.PRETENDED, scenarios=boosters.refs())

    def take(self, inbound: Path, each: HandIn, person: Person) -> list[str]:
        """Record what is new in a hand-in, and return what the supervisor should know about it."""
        content = hand_in.read(inbound, each, self.expected, {})
        must_be_theirs(self.db, person, content.owner)
        problems = content.problems
        for booster, log in content.logs.items():
            try:
                self._record(person, each, booster, log, problems)
            except CourseError as error:
                problems.append(str(error))
        self.db.execute(HAND_IN.delete().where(HAND_IN.c.name == each.name))
        row = {"name": each.name, "student_id": person.id, "assignment": BOOSTERS}
        self.db.execute(HAND_IN.insert(), {**row, "problems": json.dumps(problems)})
        return problems

    def _record(self, person: Person, each: HandIn, booster: str, log: bytes, problems: list[str]) -> None:
        mine = (BOOSTER.c.student_id == person.id, BOOSTER.c.booster == booster)
        known = set(self.db.scalars(select(BOOSTER.c.attempt).where(*mine)))
        finished, said = _finished(log, booster)
        problems += said
        for one in [one for one in finished if one.attempt not in known][:NEW]:
            if not each.holds(one.at):
                time = f"a time that cannot be true ({plain(one.at, 40)})"
                problems.append(f"{booster}.answers.jsonl holds {time}; that of the hand-in was used.")
            at = min(ways.moment(moment(one.at, each)), each.at.replace(tzinfo=UTC))
            if last := self._last(person, booster):
                at = max(at, ways.moment(last) + timedelta(milliseconds=1))
            row = {
                "student_id": person.id,
                "booster": booster,
                "attempt": one.attempt,
                "version": one.session.scenario.version,
                "finished_at": written(at),
                "answers_json": json.dumps(one.session.answers),
                "cleared": one.good if self._is_open(person, booster, at) else None,
            }
            self.db.execute(BOOSTER.insert(), row)

    def _last(self, person: Person, booster: str) -> str | None:
        """Return when the person last finished a booster of the clause: whatever comes in later was finished later."""
        own = BOOSTER.c
        query = select(func.max(own.finished_at)).where(own.student_id == person.id, own.cleared.is_not(None))
        last: str | None = self.db.scalar(query.where(own.booster.startswith(booster[:3])))
        return last

    def _is_open(self, person: Person, booster: str, at: datetime) -> bool:
        """Return whether a booster was the one that the person could meet then; any other is practice."""
        clause = clause_of(booster)
        history = ways.histories(self.db, person.id).get(person.id, {}).get(clause)
        way = history.way(ways.boosters_of(clause), at) if history else None
        return way is not None and (way.state, way.booster) == ("open", booster)


def _finished(log: bytes, booster: str) -> tuple[list[Finished], list[str]]:
    """Return the finished attempts of a log, in their order, and one sentence if something could not be used."""
    name = f"{booster}.answers.jsonl"
    parsed = parse(log, name)
    found, said = [], list(parsed.problems)
    for attempt, group in groupby(sorted(parsed.events, key=_attempt), key=_attempt):
        events = list(group)
        started = next((event for event in events if event.get("event") == "started"), {})
        version = started.get("version")
        if started.get("assignment") != BOOSTERS or not is_published(booster, version):
            said.append(f"{name}, attempt {attempt}, is of no booster that was given; it was not taken.")
            continue
        session = Session(load_published(booster, version)[0], events, attempt)
        said += [f"{name}, {plain(problem, 300)}" for problem in session.problems]
        if session.finished:
            at = next(str(event.get("at")) for event in events if event.get("event") == "finished")
            found.append(Finished(attempt, at, session))
    if len(said) > 1:
        said = [f"{said[0]} {len(said) - 1} more could not be used, either."]
    return found, said


def _attempt(event: dict[str, Any]) -> int:
    return int(event["attempt"])
