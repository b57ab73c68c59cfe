"""nbgrader's rows of one assignment, written in batches: what `nbgrader autograde` would leave behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import uuid4

from nbgrader import api
from nbgrader.preprocessors import AssignLatePenalties
from sqlalchemy import Connection, Table, bindparam, select

from grading.course import Course, nbgrader_settings
from scenarios.errors import CourseError

STUDENT, SUBMISSION, NOTEBOOK = (
    m.__table__ for m in (api.Student, api.SubmittedAssignment, api.SubmittedNotebook)
)
GRADE, COMMENT, CELL = (m.__table__ for m in (api.Grade, api.Comment, api.BaseCell))
NO_RESPONSE = "No response."

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Marked:
    """A notebook after scoring: points by autograded step, and the manual steps with something to mark."""

    scores: Mapping[str, float]
    written: frozenset[str]


@dataclass(slots=True)
class Submission:
    """A trainee's scored notebooks by scenario; ``at`` is the time handed in, in UTC."""

    trainee: str
    timestamp: bytes
    at: datetime | None = None
    notebooks: dict[str, Marked] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Cell:
    id: str
    step: str


class Book:
    """One assignment in the gradebook, read once; ``save`` writes some hundred submissions at a time."""

    def __init__(self, db: Connection, course: Course, assignment: str) -> None:
        self.db, self.course = db, course
        found = db.execute(
            select(api.Assignment.id, api.Assignment.duedate).where(api.Assignment.name == assignment)
        )
        row = found.one_or_none()
        if row is None:
            raise CourseError(
                f"The gradebook has no assignment {assignment}; `make release A={assignment}` adds it."
            )
        self.id, self.due = row
        query = select(api.Notebook.name, api.Notebook.id).where(api.Notebook.assignment_id == self.id)
        self.notebooks: dict[str, str] = dict(db.execute(query.order_by(api.Notebook.name)).all())
        self.grades: dict[str, list[_Cell]] = {name: [] for name in self.notebooks}
        self.comments: dict[str, list[_Cell]] = {name: [] for name in self.notebooks}
        names = {notebook_id: name for name, notebook_id in self.notebooks.items()}
        cells = select(CELL.c.id, CELL.c.name, CELL.c.type, CELL.c.notebook_id).where(
            CELL.c.notebook_id.in_(names)
        )
        for cell_id, step, kind, notebook_id in db.execute(cells.order_by(CELL.c.name)):
            side = self.grades if kind == "GradeCell" else self.comments
            side[names[notebook_id]].append(_Cell(cell_id, step))

    def save(self, submissions: Sequence[Submission]) -> None:
        """Write the rows of these submissions; what a person entered (marks, comments, flags) stays."""
        people = [s.trainee for s in submissions]
        batch = _Batch(self.db)
        known = set(self.db.scalars(select(STUDENT.c.id).where(STUDENT.c.id.in_(people))))
        before = self._before(people)
        late: dict[str, tuple[str, float]] = {}
        for each in submissions:
            if each.trainee not in known:
                batch.add(STUDENT, {"id": each.trainee})
            old = before.get(each.trainee) or self._begin(batch, each)
            if each.at:
                batch.change(SUBMISSION, old.row, {"timestamp": each.at})
            self._score(batch, each, old)
            if seconds := self._seconds_late(each.at or old.row["timestamp"], old.row["extension"]):
                late |= {old.notebooks[name]["id"]: (each.trainee, seconds) for name in each.notebooks}
        batch.write()
        if late:
            self._penalize(late)

    def _before(self, people: list[str]) -> dict[str, _Before]:
        """Return what the gradebook holds of these people, by trainee."""
        mine = (SUBMISSION.c.assignment_id == self.id) & SUBMISSION.c.student_id.in_(people)
        rows = self.db.execute(select(SUBMISSION).where(mine)).mappings()
        by_id = {row["id"]: _Before(dict(row)) for row in rows}
        notebooks: dict[str, tuple[_Before, str]] = {}
        names = {notebook_id: name for name, notebook_id in self.notebooks.items()}
        joined = NOTEBOOK.join(SUBMISSION, NOTEBOOK.c.assignment_id == SUBMISSION.c.id)
        for row in self.db.execute(select(NOTEBOOK).select_from(joined).where(mine)).mappings():
            owner, name = by_id[row["assignment_id"]], names[row["notebook_id"]]
            owner.notebooks[name] = dict(row)
            notebooks[row["id"]] = owner, name
        for table, kind in ((GRADE, "grades"), (COMMENT, "comments")):
            inside = table.join(NOTEBOOK, table.c.notebook_id == NOTEBOOK.c.id).join(
                SUBMISSION, NOTEBOOK.c.assignment_id == SUBMISSION.c.id
            )
            for row in self.db.execute(select(table).select_from(inside).where(mine)).mappings():
                owner, name = notebooks[row["notebook_id"]]
                getattr(owner, kind)[name, row["cell_id"]] = dict(row)
        return {b.row["student_id"]: b for b in by_id.values()}

    def _begin(self, batch: _Batch, each: Submission) -> _Before:
        """Add an empty submission, as nbgrader does before it grades one."""
        before = _Before(
            {"id": _uuid(), "assignment_id": self.id, "student_id": each.trainee, "timestamp": each.at}
        )
        before.row["extension"] = None
        batch.add(SUBMISSION, before.row)
        for name, notebook_id in self.notebooks.items():
            row = {"id": _uuid(), "notebook_id": notebook_id, "assignment_id": before.row["id"]}
            row |= {"flagged": False, "late_submission_penalty": None}
            before.notebooks[name] = batch.add(NOTEBOOK, row)
            for cell in self.grades[name]:
                grade = {"id": _uuid(), "cell_id": cell.id, "notebook_id": row["id"], "auto_score": None}
                grade |= {"manual_score": None, "extra_credit": None, "needs_manual_grade": True}
                before.grades[name, cell.id] = batch.add(GRADE, grade)
            for cell in self.comments[name]:
                comment = {"id": _uuid(), "cell_id": cell.id, "notebook_id": row["id"]}
                comment |= {"auto_comment": None, "manual_comment": None}
                before.comments[name, cell.id] = batch.add(COMMENT, comment)
        return before

    def _score(self, batch: _Batch, each: Submission, old: _Before) -> None:
        for name in self.notebooks:
            marked = each.notebooks.get(name)
            for cell in self.grades[name]:
                row = old.grades[name, cell.id]
                auto: float | None = 0.0
                if marked:
                    auto = None if cell.step in marked.written else marked.scores.get(cell.step, 0.0)
                # As nbgrader: a mark stays and is to be looked at again; a missing notebook is not.
                look = marked is not None and (row["manual_score"] is not None or auto is None)
                batch.change(GRADE, row, {"auto_score": auto, "needs_manual_grade": look})
            if not marked:
                continue
            for cell in self.comments[name]:
                said = None if cell.step in marked.written else NO_RESPONSE
                batch.change(COMMENT, old.comments[name, cell.id], {"auto_comment": said})
            batch.change(NOTEBOOK, old.notebooks[name], {"late_submission_penalty": None})

    def _seconds_late(self, at: datetime | None, extension: timedelta | None) -> float:
        if at is None or self.due is None:
            return 0.0
        late: timedelta = at - (self.due + (extension or timedelta()))
        return max(0.0, late.total_seconds())

    def _penalize(self, late: Mapping[str, tuple[str, float]]) -> None:
        """Ask nbgrader's plugin, as configured, what each late notebook loses, and keep to 0 and its score.

        ``late``: the notebook's id -> the trainee and the seconds.
        """
        notebook = api.SubmittedNotebook  # its score is nbgrader's own sum
        found = self.db.execute(select(notebook.id, notebook.score).where(notebook.id.in_(late)))
        batch = _Batch(self.db)
        for row_id, score in found.all():
            trainee, seconds = late[row_id]
            penalty: float | None = self._plugin.late_submission_penalty(trainee, score, seconds)
            if penalty is not None:
                penalty = 0 if penalty < 0 else min(penalty, score)
                batch.change(NOTEBOOK, {"id": row_id}, {"late_submission_penalty": penalty})
        batch.write()

    @cached_property
    def _plugin(self) -> Any:
        penalties = AssignLatePenalties(config=nbgrader_settings(self.course))
        penalties.init_plugin()
        return penalties.plugin_inst


@dataclass(slots=True)
class _Before:
    """A submission's rows: its notebooks by scenario, grades and comments by (scenario, cell id)."""

    row: Row
    notebooks: dict[str, Row] = field(default_factory=dict)
    grades: dict[tuple[str, str], Row] = field(default_factory=dict)
    comments: dict[tuple[str, str], Row] = field(default_factory=dict)


class _Batch:
    """Rows to insert and to change, a statement a table."""

    def __init__(self, db: Connection) -> None:
        self.db = db
        self.new: dict[str, tuple[Table, dict[str, Row]]] = {}
        self.changed: dict[str, tuple[Table, list[Row]]] = {}

    def add(self, table: Table, row: Row) -> Row:
        self.new.setdefault(table.name, (table, {}))[1][row["id"]] = row
        return row

    def change(self, table: Table, row: Row, values: Row) -> None:
        """Change a row that is there, or is to be inserted; where it says so already, nothing is written."""
        if all(key in row and row[key] == value for key, value in values.items()):
            return
        row.update(values)
        _, new = self.new.get(table.name, (table, {}))
        if row["id"] not in new:
            change = {"_id": row["id"]} | {f"_{key}": value for key, value in values.items()}
            self.changed.setdefault(table.name, (table, []))[1].append(change)

    def write(self) -> None:
        for table, rows in self.new.values():
            self.db.execute(table.insert(), list(rows.values()))
        for table, changes in self.changed.values():
            values: dict[str, Any] = {key[1:]: bindparam(key) for key in changes[0] if key != "_id"}
            self.db.execute(table.update().where(table.c.id == bindparam("_id")).values(values), changes)


def _uuid() -> str:
    return uuid4().hex
