"""What a trainee answered, replayed from a log and recorded in the gradebook beside nbgrader's tables."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select, update

from grading import score
from grading.course import Assignment
from grading.gradebook import ANSWER, ARGUED, ATTEMPT, HAND_IN, REROUTED
from grading.hand_in import HandIn, plain
from grading.rebuild import printable
from grading.roster import Person
from scenarios.answers import parse
from scenarios.errors import CourseError
from scenarios.model import Answer, Decision, Scenario, payload
from scenarios.session import Session


@dataclass(frozen=True, slots=True)
class Play:
    """A log as it counts: its bytes, its events, and its first attempt."""

    log: bytes
    events: list[dict[str, Any]]
    session: Session

    @property
    def times(self) -> list[str]:
        """When the attempt was started and finished, and each step answered, as the log says."""
        outer = [_first(self.events, "started"), _first(self.events, "finished")]
        return [*(at for at in outer if at), *self.session.answered_at.values()]


def replay(log: bytes, scenario: Scenario, assignment: str) -> tuple[Play, list[str]]:
    """Return a log's play, and one sentence if something in it could not be used.

    Raises:
        CourseError: nothing in it can be used.
    """
    name = f"{scenario.id}.answers.jsonl"
    parsed = parse(log, name)
    if not score.belongs(parsed, assignment):
        raise CourseError(f"{name} was made in another assignment; it was not taken.")
    session = Session(scenario, parsed.events)
    said = [*parsed.problems, *(f"{name}, {plain(problem, 300)}" for problem in session.problems)]
    if len(said) > 1:
        said = [f"{said[0]} {len(said) - 1} more could not be used, either."]
    return Play(log, parsed.events, session), said


def record(
    db: Connection,
    assignment: Assignment,
    person: Person,
    hand_in: HandIn,
    plays: Mapping[str, Play],
    problems: Iterable[str],
) -> None:
    """Write the person, the hand-in, the attempts, and the answers that are new; an answer never changes.

    What they would argue in supervision, or left out, is as this hand-in says. Of what is left out nothing else is
    written. ``marks.hold`` comes before the first one.
    """
    key = {"student_id": person.id, "assignment": assignment.id}
    _name(db, person)
    db.execute(HAND_IN.delete().where(HAND_IN.c.name == hand_in.name))
    db.execute(HAND_IN.insert(), {**key, "name": hand_in.name, "problems": json.dumps(list(problems))})
    done = select(ATTEMPT.c.scenario, ATTEMPT.c.handed_in_at).where(
        ATTEMPT.c.student_id == person.id, ATTEMPT.c.assignment == assignment.id, ATTEMPT.c.finished
    )
    earlier = {row.scenario: row.handed_in_at for row in db.execute(done)}
    db.execute(
        ATTEMPT.delete().where(ATTEMPT.c.student_id == person.id, ATTEMPT.c.assignment == assignment.id)
    )
    mine = (ANSWER.c.student_id == person.id, ANSWER.c.assignment == assignment.id)
    before = {
        (scenario, step)
        for scenario, step in db.execute(select(ANSWER.c.scenario, ANSWER.c.step).where(*mine))
    }
    marks = _standing_marks(db, assignment.id, person.id)
    rerouted = [{**key, "scenario": scenario} for scenario, play in plays.items() if play.session.rerouted]
    plays = {scenario: play for scenario, play in plays.items() if not play.session.rerouted}
    attempts: list[dict[str, Any]] = []
    answers: list[dict[str, Any]] = []
    for scenario, play in plays.items():
        about = {**key, "scenario": scenario, "version": play.session.scenario.version}
        handed_in_at = earlier.get(scenario, hand_in.timestamp)
        attempts.append(about | _attempt(play, hand_in) | {"handed_in_at": handed_in_at})
        answers += [
            about | row | {"earlier_mark": marks.get((scenario, row["step"]))}
            for row in _answers(play.session, assignment.marked_in(scenario), hand_in)
            if (scenario, row["step"]) not in before
        ]
    for own in (ARGUED, REROUTED):
        db.execute(own.delete().where(own.c.student_id == person.id, own.c.assignment == assignment.id))
    argued = [
        {**key, "scenario": scenario, "step": step}
        for scenario, play in plays.items()
        for step in sorted(play.session.argued)
    ]
    for own, rows in ((ARGUED, argued), (REROUTED, rerouted), (ATTEMPT, attempts), (ANSWER, answers)):
        if rows:
            db.execute(own.insert(), rows)


def _attempt(play: Play, hand_in: HandIn) -> dict[str, Any]:
    started, finished = play.session.started, play.session.finished
    return {
        "started_at": moment(_first(play.events, "started"), hand_in) if started else None,
        "finished": finished,
        "finished_at": moment(_first(play.events, "finished"), hand_in) if finished else None,
    }


def _answers(session: Session, marked: frozenset[str], hand_in: HandIn) -> Iterable[dict[str, Any]]:
    decisions = dict(session.scenario.decisions())
    graded = session.scenario.graded(marked)
    for step, answer in session.answers.items():
        decision = decisions[step]
        yield {
            "step": step,
            "kind": decision.kind,
            "answer_json": json.dumps(_shown(decision, answer)),
            "points": score.points(decision, answer),
            "maximum": decision.maximum,
            "graded": step in graded,
            "violated": json.dumps(score.violated(decision, answer)),
            "answered_at": moment(session.answered_at[step], hand_in),
        }


def _shown(decision: Decision, answer: Answer) -> Answer:
    """Return an answer whose words can be shown everywhere."""
    if decision.kind == "text":
        return payload("text", printable(answer["text"]))
    if decision.kind == "form":
        return payload("form", {field: printable(text) for field, text in answer["fields"].items()})
    return answer


def _standing_marks(db: Connection, assignment: str, student: str) -> dict[tuple[str, str], float]:
    """Return the marks in the gradebook by (scenario, step): they were given for what was there before."""
    rows = db.execute(_marks_of_one(), {"assignment": assignment, "student": student})
    return {(notebook, step): mark for notebook, step, mark in rows}


@cache  # to put it together takes longer than to run it
def _marks_of_one() -> Select[Any]:
    from nbgrader import api

    return (
        select(api.Notebook.name, api.BaseCell.name, api.Grade.manual_score)
        .join_from(api.Grade, api.SubmittedNotebook, api.Grade.notebook_id == api.SubmittedNotebook.id)
        .join(api.Notebook, api.Notebook.id == api.SubmittedNotebook.notebook_id)
        .join(api.BaseCell, api.BaseCell.id == api.Grade.cell_id)
        .join(api.SubmittedAssignment, api.SubmittedAssignment.id == api.SubmittedNotebook.assignment_id)
        .join(api.Assignment, api.Assignment.id == api.SubmittedAssignment.assignment_id)
        .where(api.Assignment.name == bindparam("assignment"))
        .where(api.SubmittedAssignment.student_id == bindparam("student"))
        .where(api.Grade.manual_score.is_not(None))
    )


def _name(db: Connection, person: Person) -> None:
    """Give formgrader a name to show; both grading routes find the student there."""
    from nbgrader.api import Student

    table = Student.__table__
    first, _, last = person.name.rpartition(" ")
    names = {"first_name": first or None, "last_name": last, "email": person.email or None}
    if not db.execute(update(table).where(table.c.id == person.id).values(names)).rowcount:
        db.execute(table.insert(), {"id": person.id, **names})


def moment(at: str, hand_in: HandIn) -> str:
    """Return an event's time, or the hand-in's if that cannot be true."""
    return at if hand_in.holds(at) else f"{hand_in.at.isoformat(timespec='milliseconds')}Z"


def _first(events: Iterable[Mapping[str, Any]], name: str) -> str:
    mine = (str(e.get("at")) for e in events if e.get("event") == name and e["attempt"] == 1)
    return next(mine, "")
