"""Record a supervisor's talk about a missed critical clause: two lines, and the next booster opens."""

from __future__ import annotations

import argparse
import getpass
from datetime import UTC, datetime

from grading import gradebook, ways
from grading.clearing import Way
from grading.course import Course, Person
from grading.desk import find_person, write_me
from grading.gradebook import TALK
from scenarios import load
from scenarios.answers import written
from scenarios.errors import CourseError

EXAMPLE = (
    "python -m grading talk --trainee maya.ortiz --clause C46 "
    '--said "Why she waited" --agreed "She tells people in the next session"'
)
LONGEST = 300
"""Characters of a line about a talk."""


def record(course: Course, person: Person, clause: str, said: str, agreed: str, by: str = "") -> Way:
    """Record a talk that is due, renew the person's desk, and return what comes next for them.

    Raises:
        CourseError: nothing is to be talked about, or a line is missing or too long.
    """
    lines = [" ".join(line.split()) for line in (said, agreed)]
    if not all(lines) or any(len(line) > LONGEST for line in lines):
        raise CourseError(
            f"Write two lines, what was talked about and what was agreed, of at most {LONGEST} characters each."
        )
    with gradebook.working(course), gradebook.writing(course) as db:
        now, boosters = datetime.now(UTC), ways.boosters_of(clause)
        history = ways.histories(db, person.id).get(person.id, {}).get(clause)
        if not history or history.way(boosters, now).state != "talk":
            raise CourseError(f"No talk with {person.name} about {clause} is due; nothing was recorded.")
        row = {"student_id": person.id, "clause": clause, "at": written(now)}
        row |= {"by": by or getpass.getuser(), "said": lines[0], "agreed": lines[1]}
        db.execute(TALK.insert(), row | {"cleared": not boosters})
        way = ways.histories(db, person.id)[person.id][clause].way(boosters, datetime.now(UTC))
    if (course.desk(person.id) / "me.json").exists():
        write_me(course, person)
    return way


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--trainee", metavar="ID", required=True, help="with whom, as in the roster")
    parser.add_argument("--clause", metavar="C", required=True, help="the critical clause that was missed")
    parser.add_argument("--said", metavar="LINE", required=True, help="what was talked about")
    parser.add_argument("--agreed", metavar="LINE", required=True, help="what was agreed")


def run(args: argparse.Namespace) -> int:
    """Record a talk and say what comes next."""
    course = Course.here()
    person = find_person(course, args.trainee)
    way = record(course, person, args.clause, args.said, args.agreed)
    title = load.clauses()[args.clause]["title"]
    what = "is cleared" if way.state == "cleared" else "can be met again now"
    print(f"The talk with {person.name} is recorded. {args.clause}, {title}, {what}.")
    return 0
