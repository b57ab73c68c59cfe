"""Who handed in something that is not scored yet, and what was strange about what was taken in."""

from __future__ import annotations

import json
from pathlib import Path

from sqlalchemy import select

from grading import gradebook, hand_in
from grading.course import Course, load_assignments, load_roster
from grading.hand_in import TIMESTAMP
from scenarios.desk import BOOSTERS


def pending(course: Course) -> set[str]:
    """Return the ids of the people with a hand-in that was not collected, or not scored since.

    What can never be collected (nobody of the roster, no such assignment) is not waited for.
    """
    people, assignments = load_roster(course), load_assignments(course)
    with gradebook.reading(course) as db:
        collected = set(db.scalars(select(gradebook.HAND_IN.c.name)))
    handed_in = hand_in.listed(course.inbound)[0] if course.inbound.is_dir() else []
    new = {
        h.student for h in handed_in if h.name not in collected and h.assignment in (*assignments, BOOSTERS)
    }
    changed = {
        folder.parent.name
        for folder in course.submitted.glob("*/*")
        if _time(folder) != _time(course.autograded / folder.parent.name / folder.name)
    }
    return (new | changed) & people.keys()


def problems(course: Course) -> list[str]:
    """Return what was found when hand-ins were taken in, a sentence each, in the order they were made."""
    mine = gradebook.HAND_IN.c
    query = select(mine.student_id, mine.assignment, mine.problems).order_by(mine.name)
    with gradebook.reading(course) as db:
        return [
            f"{student}, {assignment}: {sentence}"
            for student, assignment, listed in db.execute(query)
            for sentence in json.loads(listed)
        ]


def _time(folder: Path) -> bytes:
    try:
        return (folder / TIMESTAMP).read_bytes()
    except OSError:
        return b""
