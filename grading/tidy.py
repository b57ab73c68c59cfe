"""The tidy table of everybody's decisions: one query, then roster and scenarios joined in pandas."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, cast

import pandas as pd
from sqlalchemy import Select, and_, column, func, select, table

from grading import gradebook
from grading.course import Course, Person
from grading.score import verdict
from scenarios import variants
from scenarios.model import WRITTEN, Answer, Decision, Scenario
from scenarios.publish import load_published

COLUMNS = (
    *("trainee", "name", "team", "role", "supervisor"),
    *("assignment", "scenario", "title", "version", "finished", "finished_at", "submitted_at"),
    *("step", "prompt", "kind", "clauses", "graded", "answered_at"),
    *("answer", "chosen", "taken", "verdict", "violated"),
    *("points", "maximum", "share", "needs_manual", "mark", "released", "argued"),
)
"""A row a trainee and decision of a first attempt.

finished: whether the scenario was played to an ending. finished_at, submitted_at, answered_at: UTC. clauses,
violated: tuples of ids. prompt: what was asked, in all variants at once. answer: what a person reads (``_said``), in
the variant that was met. chosen: the text of a choice, in all variants at once, else empty.
taken: the ids of the options chosen, ticked or put first, a tuple. verdict: of ``VERDICTS``, or discussion or
compare (not scored by its options). points: of maximum, None until scored. share: points of maximum, 0 to 1.
needs_manual: a person must mark it. mark: what a person gave. released: whether the trainee sees that mark.
argued: whether they would argue it in supervision.
"""


NBGRADERS: Mapping[str, tuple[str, ...]] = {
    "assignment": ("id", "name"),
    "submitted_assignment": ("id", "assignment_id", "student_id"),
    "notebook": ("id", "name", "assignment_id"),
    "submitted_notebook": ("id", "assignment_id", "notebook_id"),
    "base_cell": ("id", "name"),
    "grade": ("notebook_id", "cell_id", "manual_score", "extra_credit", "needs_manual_grade"),
}
"""What is read of nbgrader's tables; importing its own description of them takes a second."""


def decisions(course: Course, people: Mapping[str, Person], assignments: Iterable[str]) -> pd.DataFrame:
    """Return the tidy table of ``COLUMNS``, sorted by trainee, assignment, scenario and time of answer."""
    with gradebook.reading(course) as connection:
        found = connection.execute(query(list(assignments)))
        rows = cast(
            Any, found.cursor
        ).fetchall()  # the driver's own: SQLAlchemy's rows take half as long again
    frame = pd.DataFrame.from_records(rows, columns=list(found.keys())).rename(
        columns={"student_id": "trainee"}
    )
    frame = frame.merge(_roster(people), how="left", on="trainee")
    frame = frame.join(_content(frame))
    written = frame.kind.isin(WRITTEN)
    frame = frame.astype({"graded": bool, "finished": bool, "argued": bool})
    # nbgrader asks for another look whenever it grades again; a mark is stale only if the text came after it.
    stale = frame.needs_manual.eq(True) & (frame.mark == frame.earlier_mark)
    frame["mark"] = frame.mark.mask(stale)
    frame["needs_manual"] = frame.graded & written & frame.mark.isna()
    scored = frame.mark.fillna(frame.points) + frame.extra_credit
    frame["points"] = scored.mask(frame.needs_manual | ~frame.graded)
    frame["released"] = written & (frame.points == frame.seen)
    frame["share"] = frame.points / frame.maximum
    violated = {listed: tuple(json.loads(listed)) for listed in frame.violated.unique()}
    frame["violated"] = frame.violated.map(violated)
    for at in ("finished_at", "answered_at", "submitted_at"):
        frame[at] = pd.to_datetime(frame[at], format="ISO8601", utc=True)
    frame = frame.sort_values(["trainee", "assignment", "scenario", "answered_at"], ignore_index=True)
    return frame[list(COLUMNS)]


def query(assignments: Sequence[str]) -> Select[Any]:
    """Return the one query: our answers, each with what people gave for it in nbgrader's gradebook, if they did."""
    answer, attempt, mark, argued = (
        own.c for own in (gradebook.ANSWER, gradebook.ATTEMPT, gradebook.MARK, gradebook.ARGUED)
    )
    assignment, submission, notebook, submitted, cell, grade = (
        table(name, *map(column, columns)) for name, columns in NBGRADERS.items()
    )
    # Few grades hold anything of a person's: found first, they spare the others nbgrader's long way of joins.
    given = (
        select(
            submission.c.student_id,
            assignment.c.name.label("assignment"),
            notebook.c.name.label("scenario"),
            cell.c.name.label("step"),
            grade.c.manual_score.label("mark"),
            grade.c.extra_credit,
            grade.c.needs_manual_grade.label("needs_manual"),
        )
        .select_from(grade)
        .join(cell, grade.c.cell_id == cell.c.id)
        .join(submitted, grade.c.notebook_id == submitted.c.id)
        .join(notebook, submitted.c.notebook_id == notebook.c.id)
        .join(submission, submitted.c.assignment_id == submission.c.id)
        .join(assignment, submission.c.assignment_id == assignment.c.id)
        .where(grade.c.manual_score.is_not(None) | grade.c.extra_credit.is_not(None))
        .cte("given")
    )
    place = ("student_id", "assignment", "scenario")
    source = gradebook.ANSWER.join(gradebook.ATTEMPT, and_(*(answer[k] == attempt[k] for k in place)))
    for other in (gradebook.MARK, gradebook.ARGUED, given):
        source = source.outerjoin(other, and_(*(answer[k] == other.c[k] for k in (*place, "step"))))
    return (
        select(
            *gradebook.ANSWER.c,
            # as ISO 8601
            func.replace(attempt.handed_in_at, " UTC", "Z").label("submitted_at"),
            attempt.finished,
            attempt.finished_at,
            mark.points.label("seen"),
            given.c.mark,
            func.coalesce(given.c.extra_credit, 0.0).label("extra_credit"),
            given.c.needs_manual,
            argued.step.is_not(None).label("argued"),
        )
        .select_from(source)
        .where(answer.assignment.in_(assignments))
    )


def _roster(people: Mapping[str, Person]) -> pd.DataFrame:
    def name(person: str) -> str:
        return people[person].name if person in people else ""

    rows = [(p.id, p.name, p.team, p.role, name(p.supervisor)) for p in people.values()]
    return pd.DataFrame(rows, columns=["trainee", "name", "team", "role", "supervisor"])


def _content(frame: pd.DataFrame) -> pd.DataFrame:
    """Return what each answer means, from the published scenarios, a row a row of ``frame``."""
    told, variant = cache(_told), cache(_variant)
    columns = ("scenario", "version", "trainee", "assignment", "step", "answer_json")
    keys = [
        (scenario, version, variant(scenario, version, trainee, assignment), step, answer)
        for scenario, version, trainee, assignment, step, answer in zip(
            *(frame[column].tolist() for column in columns), strict=True
        )
    ]
    means = {key: _means(told(*key[:2]), *key[2:]) for key in dict.fromkeys(keys)}
    found = ["title", "prompt", "clauses", "answer", "chosen", "taken", "verdict"]
    return pd.DataFrame([means[key] for key in keys], frame.index, found)


def _told(scenario_id: str, version: int) -> tuple[Scenario, ...]:
    """Return a published scenario that tells all variants at once, then each variant."""
    scenario, _ = load_published(scenario_id, version)
    return variants.together(scenario), *variants.each(scenario)


def _variant(scenario_id: str, version: int, trainee: str, assignment: str) -> int:
    """Return which variant of a scenario a trainee met, counted from 1."""
    scenario, _ = load_published(scenario_id, version)
    return variants.chosen(trainee, assignment, scenario_id, len(scenario.variants) or 1)


def _means(told: Sequence[Scenario], variant: int, step: str, answer: str) -> tuple[Any, ...]:
    asked, mine = (cast(Decision, scenario.steps[step].decision) for scenario in (told[0], told[variant]))
    given = json.loads(answer)
    chosen = asked.option(given["option"]).text if asked.kind == "choice" else ""
    taken = tuple(option.id for option in asked.triggered(given))
    said = _said(mine, given)
    return told[0].title, asked.prompt, asked.clauses, said, chosen, taken, verdict(asked, given)


def _said(decision: Decision, answer: Answer) -> str:
    """Return an answer as a person reads it: the options' texts, in order, or the words, a form with its labels."""
    if decision.kind == "text":
        return _whole(answer["text"])
    if decision.kind == "form":
        lines = ((field.label, answer["fields"].get(field.id)) for field in decision.fields)
        return _whole("\n".join(f"{label}: {words}" for label, words in lines if words))
    options = (
        map(decision.option, answer["order"]) if decision.kind == "order" else decision.triggered(answer)
    )
    return "; ".join(option.text for option in options)


def _whole(words: str) -> str:
    """Return a text that can be written: a log may hold half a character (a lone surrogate)."""
    return words.encode("utf-8", "replace").decode("utf-8")
