"""The tidy table of everybody's decisions: one query, then roster and scenarios joined in pandas."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

import pandas as pd
from sqlalchemy import Select, Table, and_, func, select

from grading import gradebook
from grading.course import Course, Person
from grading.score import verdict
from scenarios.model import WRITTEN, Decision
from scenarios.publish import load_published

COLUMNS = (
    *("trainee", "name", "team", "role", "supervisor"),
    *("assignment", "scenario", "title", "version", "finished", "submitted_at"),
    *("step", "prompt", "kind", "clauses", "graded", "answered_at", "chosen", "taken", "verdict", "violated"),
    *("points", "maximum", "share", "needs_manual", "mark", "released", "argued"),
)
"""A row a trainee and decision of a first attempt.

finished: whether the scenario was played to an ending. submitted_at, answered_at: UTC. clauses, violated:
tuples of ids. chosen: the text of a choice, else empty. taken: the ids of the options chosen, ticked or put
first, a tuple. verdict: of ``VERDICTS``, or discussion or compare (not scored by its options). points: of
maximum, None until scored. share: points of maximum, 0 to 1. needs_manual: a person must mark it. mark: what a
person gave. released: whether the trainee sees that mark. argued: whether they would argue it in supervision.
"""


def decisions(course: Course, people: Mapping[str, Person], assignments: Iterable[str]) -> pd.DataFrame:
    """Return the tidy table of ``COLUMNS``, sorted by trainee, assignment, scenario and time of answer."""
    with gradebook.reading(course) as connection:
        frame = pd.read_sql(_query(list(assignments)), connection).rename(columns={"student_id": "trainee"})
    frame = frame.merge(_roster(people), how="left", on="trainee")
    frame = frame.merge(_content(frame), how="left", on=["scenario", "version", "step", "answer_json"])
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
    frame["violated"] = frame.violated.map(lambda listed: tuple(json.loads(listed)))
    for column in ("answered_at", "submitted_at"):
        frame[column] = pd.to_datetime(frame[column].str.replace(" UTC", "Z"), format="ISO8601", utc=True)
    frame = frame.sort_values(["trainee", "assignment", "scenario", "answered_at"], ignore_index=True)
    return frame[list(COLUMNS)]


def _query(assignments: Sequence[str]) -> Select[Any]:
    """Return the one query: our answers, each with nbgrader's grade where there is one already."""
    from nbgrader import api

    answer, attempt, mark, argued = (
        table.c for table in (gradebook.ANSWER, gradebook.ATTEMPT, gradebook.MARK, gradebook.ARGUED)
    )
    names = ("Assignment", "SubmittedAssignment", "Notebook", "SubmittedNotebook", "BaseCell", "Grade")
    tables = [cast(Table, getattr(api, name).__table__) for name in names]
    assignment, submission, notebook, submitted, cell, grade = (table.c for table in tables)
    joins = (
        (assignment.name == answer.assignment,),
        (submission.assignment_id == assignment.id, submission.student_id == answer.student_id),
        (notebook.assignment_id == assignment.id, notebook.name == answer.scenario),
        (submitted.assignment_id == submission.id, submitted.notebook_id == notebook.id),
        # A free text is two cells, of which one is graded.
        (cell.notebook_id == notebook.id, cell.name == answer.step, cell.type == "GradeCell"),
        (grade.notebook_id == submitted.id, grade.cell_id == cell.id),
    )
    place = ("student_id", "assignment", "scenario")
    source = gradebook.ANSWER.join(gradebook.ATTEMPT, and_(*(answer[k] == attempt[k] for k in place)))
    for own in (gradebook.MARK, gradebook.ARGUED):
        source = source.outerjoin(own, and_(*(answer[k] == own.c[k] for k in (*place, "step"))))
    for table, conditions in zip(tables, joins, strict=True):
        source = source.outerjoin(table, and_(*conditions))
    return (
        select(
            *gradebook.ANSWER.c,
            attempt.handed_in_at.label("submitted_at"),
            attempt.finished,
            mark.points.label("seen"),
            grade.manual_score.label("mark"),
            func.coalesce(grade.extra_credit, 0.0).label("extra_credit"),
            grade.needs_manual_grade.label("needs_manual"),
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
    """Return what each different answer means, from the published scenarios."""
    key = ["scenario", "version", "step", "answer_json"]
    rows = []
    for scenario_id, version, step, answer in frame[key].drop_duplicates().itertuples(index=False):
        scenario, _ = load_published(scenario_id, version)
        decision = cast(Decision, scenario.steps[step].decision)
        given = json.loads(answer)
        chosen = decision.option(given["option"]).text if decision.kind == "choice" else ""
        taken = tuple(option.id for option in decision.triggered(given))
        means = (scenario.title, decision.prompt, decision.clauses, chosen, taken, verdict(decision, given))
        rows.append((scenario_id, version, step, answer, *means))
    return pd.DataFrame(rows, columns=[*key, "title", "prompt", "clauses", "chosen", "taken", "verdict"])
