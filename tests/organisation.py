"""A whole organisation's gradebook in moments: bulk inserts, no hand-ins, the rows that intake and grading would write."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

import crowd
from nbgrader import api
from sqlalchemy import Table

from grading import gradebook, score
from grading.course import COURSE_ID, Course
from grading.roster import Person
from grading.simulate import answer
from scenarios import publish
from scenarios.model import WRITTEN, Scenario

MINIATURE = Path(__file__).parent / "data" / "course"
SCENARIOS = 4  # an assignment
DECISIONS = 5  # a scenario
AT = datetime(2026, 3, 2, 9, 0)
MARKED = 0.8
"""Share of the free texts that have a mark."""


def course(root: Path, people: int, assignments: int, seed: int = 4) -> Course:
    """Return a course in which everybody took everything; COURSE_CONTENT and COURSE_ROOT lead to it."""
    content = root / "content"
    shutil.copytree(MINIATURE, content)
    (content / "scenarios" / "published").mkdir()
    os.environ["COURSE_CONTENT"], os.environ["COURSE_ROOT"] = str(content), str(root / "course")
    made = Course.here()
    made.make_folders()
    plan = [_assignment(content, n) for n in range(assignments)]
    (content / "grading" / "assignments.yml").write_text(json.dumps({"schema": 1, "assignments": plan}))
    staff = crowd.people(people)
    crowd.enroll(made, staff)
    with gradebook.writing(made) as db:
        for rows in _Rows(made, staff, plan, Random(seed)).tables():
            for table, some in rows:
                db.execute(table.insert(), some)
    return made


def _assignment(content: Path, number: int) -> dict[str, Any]:
    """Publish an assignment's scenarios and return its entry in assignments.yml."""
    refs, marked = [], []
    for n in range(SCENARIOS):
        scenario = f"T{10 + SCENARIOS * number + n}"
        written = n < 2  # two free texts an assignment are marked
        kinds = ("choice", "choice", "choice", "multiple", "text" if written else "order")
        steps = [_step(m, kind) for m, kind in enumerate(kinds)] + [
            {"id": "end", "ending": True, "text": "So it ends."}
        ]
        data = {"schema": 1, "id": scenario, "version": 1, "title": f"Scenario {scenario}", "minutes": 6}
        data |= {"situation": "It is Tuesday.", "start": "step0", "steps": steps, "audience": "therapist"}
        content_bytes = publish.dump(data)
        path = content / "scenarios" / "published" / f"{scenario}@1.yml"
        path.write_bytes(content_bytes)
        with (path.parent / publish.SUMS).open("a") as sums:
            sums.write(f"{hashlib.sha256(content_bytes).hexdigest()}  {path.name}\n")
        refs.append({"id": scenario, "version": 1})
        marked += [f"{scenario}/step4"] if written else []
    return {
        "id": f"year-{number}",
        "title": f"Year {number}",
        "kind": "refresher",
        "audience": "therapist",
        "scenarios": refs,
        "marked": marked,
        "due": {"on": "2026-03-31"},
        "pass": {"share": 0.8},
    }


def _step(number: int, kind: str) -> dict[str, Any]:
    after = "end" if number == DECISIONS - 1 else f"step{number + 1}"
    decision: dict[str, Any] = {"kind": kind, "prompt": f"What do you do, {number}?", "graded": True}
    decision |= {"clauses": [f"C{17 + number}"], "depends_on": [], "next": after, "consequence": "So be it."}
    if kind == "text":
        decision |= {"rubric": [{"id": "warm", "text": "Is warm", "points": 4}], "model": "I would say so."}
    else:
        options = [
            {"id": f"option{n}", "text": f"Do the thing of number {n}.", "points": 3 - n} for n in range(4)
        ]
        options[3]["violates"] = ["C17"]
        if kind == "multiple":
            options = [o | {"correct": n < 2, "harmful": n == 3} for n, o in enumerate(options)]
        decision["options"] = options
    return {"id": f"step{number}", "text": "Then this.", "decision": decision}


class _Rows:
    """The rows of nbgrader's tables and ours, a submission after the other."""

    def __init__(self, course: Course, staff: list[Person], plan: list[dict[str, Any]], rng: Random) -> None:
        self.course, self.staff, self.plan, self.rng = course, staff, plan, rng

    def tables(self) -> Iterator[list[tuple[Table, list[dict[str, Any]]]]]:
        """Yield batches to insert: (table, rows)."""
        yield [
            (
                api.Student.__table__,
                [{"id": p.id, "first_name": "Person", "last_name": p.id} for p in self.staff],
            )
        ]
        for assignment in self.plan:
            yield from self._assignment(assignment)

    def _assignment(self, plan: dict[str, Any]) -> Iterator[list[tuple[Table, list[dict[str, Any]]]]]:
        about = {"id": uuid4().hex, "name": plan["id"], "duedate": None, "course_id": COURSE_ID}
        notebooks, bases, graded, solutions = [], [], [], []
        cells: dict[tuple[str, str], dict[str, str]] = {}
        pinned: dict[str, Scenario] = {}
        for ref in plan["scenarios"]:
            scenario = pinned[ref["id"]] = publish.load_published(ref["id"], 1)[0]
            notebook = {"id": uuid4().hex, "name": scenario.id, "assignment_id": about["id"]}
            notebooks.append(notebook)
            for step, decision in scenario.decisions():
                ids = cells[scenario.id, step] = {"notebook": notebook["id"]}
                kinds = ["GradeCell", *(["SolutionCell"] if decision.kind in WRITTEN else [])]
                for kind in kinds:
                    ids[kind] = uuid4().hex
                    base = {"id": ids[kind], "name": step, "notebook_id": notebook["id"], "type": kind}
                    bases.append(base)
                graded.append({"id": ids["GradeCell"], "max_score": decision.maximum, "cell_type": "code"})
                solutions += [{"id": ids["SolutionCell"]}] if "SolutionCell" in ids else []
        yield [
            (api.Assignment.__table__, [about]),
            (api.Notebook.__table__, notebooks),
            (api.BaseCell.__table__, bases),
            (api.GradeCell.__table__, graded),
            (api.SolutionCell.__table__, solutions),
        ]
        for start in range(0, len(self.staff), 200):
            rows: dict[Table, list[dict[str, Any]]] = {}
            for person in self.staff[start : start + 200]:
                self._submission(person, about, cells, pinned, rows)
            yield list(rows.items())

    def _submission(
        self,
        person: Person,
        assignment: dict[str, Any],
        cells: dict[tuple[str, str], dict[str, str]],
        pinned: dict[str, Scenario],
        rows: dict[Table, list[dict[str, Any]]],
    ) -> None:
        def add(table: Table, **row: Any) -> None:
            rows.setdefault(table, []).append(row)

        at = AT + timedelta(minutes=self.rng.randrange(60_000))
        stamp, moment = f"{at:%Y-%m-%d %H:%M:%S.%f} UTC", f"{at.isoformat(timespec='seconds')}Z"
        key = {"student_id": person.id, "assignment": assignment["name"]}
        submission = uuid4().hex
        add(
            api.SubmittedAssignment.__table__,
            id=submission,
            assignment_id=assignment["id"],
            student_id=person.id,
            timestamp=at,
        )
        for name, scenario in pinned.items():
            notebook = uuid4().hex
            about = {**key, "scenario": name, "version": 1}
            master = next(ids["notebook"] for (owner, _), ids in cells.items() if owner == name)
            add(
                api.SubmittedNotebook.__table__,
                id=notebook,
                notebook_id=master,
                assignment_id=submission,
                flagged=False,
            )
            add(
                gradebook.ATTEMPT,
                **about,
                started_at=moment,
                finished=True,
                finished_at=moment,
                handed_in_at=stamp,
            )
            for step, decision in scenario.decisions():
                ids = cells[name, step]
                written = decision.kind in WRITTEN
                given = (
                    {"text": f"- I would say no, kindly, {self.rng.random()}"}
                    if written
                    else answer(scenario, step, decision, 0.7, self.rng)[0]
                )
                points = score.points(decision, given)
                mark = float(self.rng.randrange(5)) if written and self.rng.random() < MARKED else None
                add(
                    gradebook.ANSWER,
                    **about,
                    step=step,
                    kind=decision.kind,
                    answer_json=json.dumps(given),
                    points=points,
                    maximum=decision.maximum,
                    graded=True,
                    violated=json.dumps(score.violated(decision, given)),
                    answered_at=moment,
                )
                grade = {"id": uuid4().hex, "cell_id": ids["GradeCell"], "notebook_id": notebook}
                grade |= {
                    "auto_score": points,
                    "manual_score": mark,
                    "needs_manual_grade": written and mark is None,
                }
                add(api.Grade.__table__, **grade)
                if written:
                    add(
                        api.Comment.__table__,
                        id=uuid4().hex,
                        cell_id=ids["SolutionCell"],
                        notebook_id=notebook,
                    )
