"""Helpers of the grading tests: hand in through the real exchange, run nbgrader itself, read gradebooks."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import postgres
from sqlalchemy import text

from grading import exchange, gradebook
from grading.course import Course
from scenarios.answers import AnswerLog
from scenarios.desk import Place
from scenarios.model import from_trainee
from scenarios.opened import Opened
from scenarios.session import Session

MAYA, JONAS, LINH = "maya.ortiz", "jonas.weber", "linh.tran"

REPOSITORY = Path(__file__).parents[1]


def desk(course: Course, trainee: str, assignment: str = "mini") -> Path:
    """Return a trainee's desk with the released assignment on it."""
    path = course.desk(trainee)
    path.mkdir(parents=True, exist_ok=True)
    exchange.fetch(course, path, assignment)
    return path


def hand_in(course: Course, trainee: str, take: Callable[..., Path] | None = None, **plays: str) -> Path:
    """Play scenarios (``T90="best"``) and hand the whole desk folder in, as any client could; return it in inbound."""
    mine = desk(course, trainee)
    for scenario, play in plays.items():
        assert take
        take(mine, "mini", scenario, play)
    before = set(course.inbound.iterdir())
    exchange.submit(course, mine, "mini", trainee)
    (new,) = set(course.inbound.iterdir()) - before
    return new


def copied(course: Course, root: Path) -> Course:
    """Return a copy of a course, its gradebook included, wherever that is kept."""
    shutil.copytree(course.root, root)
    postgres.copy(root)
    return Course(course.content, root)


def argue(course: Course, trainee: str, scenario: str, step: str, *, on: bool = True) -> None:
    """Mark a decision on the desk as one to argue in supervision, or take that back."""
    folder = course.desk(trainee) / "mini"
    log = AnswerLog(folder / f"{scenario}.answers.jsonl")
    view = json.loads((folder / f"{scenario}.json").read_text("utf-8"))
    session = Session(from_trainee(view), log.read().events)
    log.append(session.event("argued", {"step": step, "on": on}))


def reroute(course: Course, trainee: str, *, taken_up: bool = False) -> None:
    """Take another route around T91, which has a content note, or take it up again."""
    opened = Opened.read(Place(desk(course, trainee), "mini", "T91"))
    (opened.start if taken_up else opened.reroute)()


def mark(course: Course, trainee: str, points: float) -> None:
    """Mark the words of T90 as formgrader does."""
    with gradebook.opened(course) as book:
        row = book.find_grade("words", "T90", "mini", trainee)
        row.manual_score, row.needs_manual_grade = points, False
        book.db.commit()


def nbgrader(course: Course, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run nbgrader's own command on a course."""
    env = os.environ | {
        "COURSE_CONTENT": str(course.content),
        "COURSE_ROOT": str(course.root),
        "JUPYTER_CONFIG_PATH": str(REPOSITORY / "grading"),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    command = [sys.executable, "-m", "nbgrader", *arguments]
    return subprocess.run(command, env=env, cwd=course.root, capture_output=True, text=True, timeout=200)


TABLES = {
    "students": "select id, first_name, last_name, email, lms_user_id from student",
    "submissions": """
        select a.name, s.student_id, s.timestamp, s.extension
        from submitted_assignment s join assignment a on a.id = s.assignment_id""",
    "notebooks": """
        select s.student_id, n.name, sn.flagged, sn.late_submission_penalty
        from submitted_notebook sn join notebook n on n.id = sn.notebook_id
        join submitted_assignment s on s.id = sn.assignment_id""",
    "grades": """
        select s.student_id, n.name, c.name, c.type, g.auto_score, g.manual_score, g.extra_credit, g.needs_manual_grade
        from grade g join base_cell c on c.id = g.cell_id join submitted_notebook sn on sn.id = g.notebook_id
        join notebook n on n.id = sn.notebook_id join submitted_assignment s on s.id = sn.assignment_id""",
    "comments": """
        select s.student_id, n.name, c.name, c.type, k.auto_comment, k.manual_comment
        from comment k join base_cell c on c.id = k.cell_id join submitted_notebook sn on sn.id = k.notebook_id
        join notebook n on n.id = sn.notebook_id join submitted_assignment s on s.id = sn.assignment_id""",
    "courses": "select id from course",
}


def rows(course: Course) -> dict[str, list[Any]]:
    """Return every row of nbgrader's tables that grading writes, by natural key instead of uuid."""
    with gradebook.reading(course) as db:
        return {
            table: sorted(map(tuple, db.execute(text(query))), key=repr) for table, query in TABLES.items()
        }
