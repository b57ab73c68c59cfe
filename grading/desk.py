"""Make a trainee's desk ready: the home page, what is released for them, and who they are."""

from __future__ import annotations

import argparse
import csv
import getpass
import hashlib
import io
import json
import re
from collections.abc import Collection, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from grading import boosters, exchange, status, ways
from grading.at_hand import at_hand
from grading.course import CENTER, COURSE_ID, TITLE, Assignment, Course, Person, load_assignments, load_roster
from grading.files import write_atomically, write_json
from grading.submit import handed_in
from scenarios import load
from scenarios.answers import read_log
from scenarios.errors import CourseError
from scenarios.publish import load_published
from scenarios.session import Session

EXAMPLE = "python -m grading desk --trainee maya.ortiz"
LOCAL_TEAM = "This computer"
"""Team of the person a machine of one makes up for its owner."""


def make_desk(course: Course, person: Person) -> Path:
    """Create or refresh a person's desk and return it; answers on it are never touched.

    Raises:
        CourseError: the course folder cannot be written, or nbgrader could not fetch.
    """
    course.make_folders()
    desk = course.desk(person.id)
    write_atomically(desk / "home.ipynb", (course.source / "home.ipynb").read_text("utf-8"))
    for assignment in open_to(course, person.audience):
        exchange.fetch(course, desk, assignment.id)
    write_me(course, person)
    return desk


def open_to(course: Course, audience: str | None, today: date | None = None) -> list[Assignment]:
    """Return the released assignments that an audience takes and that have opened."""
    today = today or date.today()
    return [
        a
        for a in load_assignments(course).values()
        if a.audience == audience
        and (course.outbound / a.id).is_dir()
        and (a.opens is None or a.opens <= today)
    ]


def write_me(course: Course, person: Person) -> Path:
    """Write ``me.json`` and ``policy.json``, which the player reads, anew from what lies on the desk; return the former."""
    people = load_roster(course)
    supervisor = present(people, person.supervisor)
    desk, given = course.desk(person.id), open_to(course, person.audience)
    steps = boosters.steps(course, person) if given else boosters.NONE
    me = {
        "schema": 1,
        "id": person.id,
        "name": person.name,
        "role": person.role,
        "team": person.team,
        "supervisor": supervisor.name if supervisor else None,
        "course": {"title": TITLE, "center": CENTER, "policy": policy(course), "course_id": COURSE_ID},
        "seen_by": seen_by(course, person, people),
        "support": [dict(contact) for contact in load.support()],
        "assignments": [
            _entry(course, assignment, person, ways.cleared(steps.histories, assignment.id))
            for assignment in given
        ],
        "boosters": steps.entries,
    }
    path = desk / "me.json"
    write_json(path, me)
    pinned = dict.fromkeys(ref for assignment in given for ref in assignment.scenarios)
    scenarios = [load_published(ref.id, ref.version)[0] for ref in pinned]
    write_json(desk / "policy.json", at_hand(scenarios, supervisor))
    boosters.lay(
        course, person, steps.boosters
    )  # last: whoever waits for an explanation finds the rest renewed
    return path


def present(people: Mapping[str, Person], person_id: str) -> Person | None:
    """Return somebody who is on the roster and has not left, or None."""
    person = people.get(person_id)
    return None if person and person.left_on and person.left_on < date.today() else person


def standing(
    course: Course, assignment: Assignment, person: Person, cleared: Collection[str]
) -> status.Standing:
    """Return where a person stands: logs and hand-ins by their desk, scores by grading's own feedback.

    The feedback on the desk is a copy that its owner can write to, so it is not asked, nor is it asked what they left out.
    """
    mine, explained = course.desk(person.id) / assignment.id, course.feedback / person.id / assignment.id
    feedback = {ref.id: explained / f"{ref.id}.feedback.json" for ref in assignment.scenarios}
    return status.standing(
        assignment,
        person,
        date.today(),
        started=any(mine.glob("*.answers.jsonl")),
        handed_in=handed_in(mine).keys(),
        scored={scenario: _scored(path) for scenario, path in feedback.items() if path.exists()},
        rerouted=_rerouted(course, assignment, person),
        cleared=cleared,
    )


def _rerouted(course: Course, assignment: Assignment, person: Person) -> list[str]:
    """Return the scenarios that a person left out, by the logs as intake laid them down."""
    logs = course.submitted / person.id / assignment.id
    pinned = (load_published(ref.id, ref.version)[0] for ref in assignment.scenarios)
    asked = [scenario for scenario in pinned if scenario.may_be_left_out]
    return [s.id for s in asked if Session(s, read_log(logs / f"{s.id}.answers.jsonl").events).rerouted]


def _scored(feedback: Path) -> list[status.Scored]:
    critical = {clause for clause, data in load.clauses().items() if data["critical"]}
    return [
        status.Scored(d["points"], d["maximum"], frozenset(critical.intersection(d["violated"])))
        for d in json.loads(feedback.read_text("utf-8"))["decisions"]
        if d["graded"] and d["verdict"] not in ("compare", "discussion")
    ]


def _entry(
    course: Course, assignment: Assignment, person: Person, cleared: Collection[str]
) -> dict[str, Any]:
    now = standing(course, assignment, person, cleared)
    released = (course.outbound / assignment.id / f"{ref.id}.json" for ref in assignment.scenarios)
    views = [json.loads(path.read_text("utf-8")) for path in released]
    return {
        "id": assignment.id,
        "title": assignment.title,
        "kind": assignment.kind,
        "due": now.due.isoformat() if now.due else None,
        "pass_share": assignment.pass_share,
        "state": now.state,
        "detail": now.detail,
        "scenarios": [
            {
                "id": view["id"],
                "version": view["version"],
                "title": view["title"],
                "minutes": view["minutes"],
                "note": bool(view["note"]),
                "approved": bool(view["approved"]),
                "marked": sorted(assignment.marked_in(view["id"])),
            }
            for view in views
        ],
    }


def policy(course: Course) -> dict[str, str | None]:
    """Return the policy's title and, once the Center attached its official text, that text and its SHA-256."""
    attached = course.policy / "policy.txt"
    text = attached.read_bytes() if attached.exists() else None
    return {
        "title": f"{CENTER}: Social Media Policy",
        "sha256": hashlib.sha256(text).hexdigest() if text else None,
        "text": text.decode("utf-8") if text else None,
    }


def seen_by(course: Course, person: Person, people: dict[str, Person]) -> list[str]:
    """Return, in plain sentences, who will see a person's answers."""
    if person.team == LOCAL_TEAM:
        return [f"Only you: your answers stay on this computer, in {course.root}."]
    sentences = []
    if supervisor := present(people, person.supervisor):
        sentences.append(
            f"Your supervisor, {supervisor.name}, sees your first answers and scores, "
            "and reads and marks what you write where the course says so; so can the Center's other supervisors."
        )
    coordinators = [p.name for p in people.values() if p.role == "coordinator" and p != supervisor]
    if coordinators:
        names = " and ".join(coordinators)
        sentences.append(
            f"The compliance coordinator, {names}, sees your results and whether and when you passed."
        )
    return [
        *sentences,
        "What else you write is kept with your answers. No report shows it. Drafts stay on your desk.",
        "Practice after the first attempt goes into the same answer log. It is never scored, and no report shows it.",
        "When you take another route around a scenario, supervisors and the coordinator can see that you did, not why. "
        "What you had answered in it by then is not scored, and no report shows it.",
        "If you break a clause that protects somebody directly, your supervisor and the coordinator see the short "
        "situations that follow, and the two lines in which a supervisor notes a talk with you about it.",
        "When you mark “I would argue this in supervision”, supervisors and the coordinator see how many people "
        "would argue that decision. No names, though in a very small team they can guess.",
        "Whoever looks after the course's files could open all that is kept. Your colleagues cannot see your answers.",
        "What you look up in the policy or under “It just happened” is not recorded anywhere.",
    ]


def local_person(course: Course) -> Person:
    """Return the owner of a machine of one: the account's user, added to the roster as a therapist if new."""
    account = getpass.getuser()
    local_id = re.sub(r"[^a-z0-9._-]+", "-", account.lower()).lstrip("._-")[:64] or "me"
    people = load_roster(course)
    if local_id not in people:
        row = {"id": local_id, "name": _full_name(account), "email": "", "role": "therapist"}
        row |= {"team": LOCAL_TEAM, "supervisor": "", "hired_on": date.today().isoformat(), "left_on": ""}
        _append(course.roster, row)
        people = load_roster(course)
    return people[local_id]


def _full_name(account: str) -> str:
    try:
        import pwd  # absent on Windows

        name = pwd.getpwnam(account).pw_gecos.split(",")[0].strip()
    except (ImportError, KeyError):
        name = ""
    return name if name and name != account else account.capitalize()


def _append(roster: Path, row: dict[str, str]) -> None:
    """Add a row in one write, in the order of the roster's own columns."""
    text = roster.read_text("utf-8-sig")
    columns = next(csv.reader(io.StringIO(text)))
    line = io.StringIO()
    csv.DictWriter(line, columns, restval="", lineterminator="\n").writerow(row)
    with roster.open("a", encoding="utf-8", newline="") as file:
        file.write(("" if text.endswith("\n") else "\n") + line.getvalue())


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "--trainee", metavar="ID", help="whose desk, as in the roster (default: this account's user)"
    )


def run(args: argparse.Namespace) -> int:
    """Make one desk and print where it is."""
    course = Course.here()
    print(make_desk(course, find_person(course, args.trainee)))
    return 0


def find_person(course: Course, trainee: str | None) -> Person:
    """Return a person of the roster; without an id, the owner of this machine.

    Raises:
        CourseError: the roster does not know them.
    """
    if not trainee:
        return local_person(course)
    people = load_roster(course)
    if trainee not in people:
        raise CourseError(f"{trainee} is not in {course.roster}; add a line for them, or correct the id.")
    return people[trainee]
