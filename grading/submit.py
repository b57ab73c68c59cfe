"""Hand in the scenarios that a trainee has finished, or taken another route around."""

from __future__ import annotations

import argparse
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from grading import exchange
from grading.course import Course, Person, load_roster
from grading.files import write_json
from scenarios.answers import parse, read_bytes, without_drafts, written
from scenarios.desk import BOOSTERS
from scenarios.errors import CourseError
from scenarios.model import from_trainee
from scenarios.session import Session

EXAMPLE = "python -m grading submit --desk .course/desks/maya.ortiz --assignment onboarding-therapist"


def hand_in(course: Course, desk: Path, assignment_id: str) -> str:
    """Hand in the logs of all scenarios that are done and note them in ``handed_in.json``; return when (UTC).

    Drafts stay on the desk, and nothing else of it leaves it: the notebooks that nbgrader expects come from the release.

    Raises:
        CourseError: one plain sentence; the answers stay on the desk.
    """
    exchange.ensure_exchange(course, assignment_id)
    trainee = owner(course, desk)
    released, mine = course.outbound / assignment_id, desk / assignment_id
    logs = finished_logs(released, mine)
    if not logs:
        raise CourseError("No scenario of this assignment is finished yet; finish one and it is handed in.")
    noted = handed_in(mine)
    with TemporaryDirectory() as folder:
        staged = Path(folder) / assignment_id
        staged.mkdir()
        for notebook in released.glob("*.ipynb"):
            shutil.copyfile(notebook, staged / notebook.name)
        for scenario, (log, _) in logs.items():
            (staged / f"{scenario}.answers.jsonl").write_bytes(without_drafts(log))
        at = _iso(exchange.submit(course, Path(folder), assignment_id, trainee.id))
    for scenario, (log, finished) in logs.items():
        if noted.get(scenario, {}).get("size") != len(log):
            # When it was first handed in finished: what comes later is practice, or what to talk about.
            first = noted.get(scenario, {}).get("at") or at
            noted[scenario] = {"at": first if finished else None, "size": len(log)}
    write_json(mine / "handed_in.json", noted)
    return at


def owner(course: Course, desk: Path) -> Person:
    """Return whose desk it is; CourseError if the roster does not know them."""
    try:
        trainee = str(json.loads((desk / "me.json").read_text("utf-8"))["id"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CourseError(
            f"{desk / 'me.json'} does not say whose desk this is; "
            "make the desk again with python -m grading desk --trainee ID."
        ) from error
    people = load_roster(course)
    if trainee not in people:
        raise CourseError(f"{trainee} is not in {course.roster}; ask the coordinator to add a line for them.")
    return people[trainee]


def finished_logs(released: Path, mine: Path) -> dict[str, tuple[bytes, bool]]:
    """Return scenario id -> answer log, and whether its first attempt is finished or was left out.

    Of a scenario that was taken up again, what came after that is handed in once it is finished.

    Raises:
        CourseError: a log is a link, too large or of a newer version of the course.
    """
    logs: dict[str, tuple[bytes, bool]] = {}
    damaged = None
    for view in sorted(released.glob("*.json")):
        path = mine / f"{view.stem}.answers.jsonl"
        try:
            log = read_bytes(path)
            parsed = parse(log, path.name)
        except FileNotFoundError:
            continue
        except CourseError as error:
            damaged = damaged or error
            continue
        session, done = Session(from_trainee(json.loads(view.read_text("utf-8")))), 0
        for event, end in zip(parsed.events, parsed.ends, strict=True):
            if event["attempt"] == 1:
                session.apply(event)
            if session.done:
                done = end
        if done:
            logs[view.stem] = log[:done], session.finished
    if damaged and not logs:
        raise damaged
    return logs


def handed_in(mine: Path) -> dict[str, dict[str, Any]]:
    """Return scenario id -> {at, size} of what was handed in from an assignment's folder on a desk."""
    try:
        data = json.loads(read_bytes(mine / "handed_in.json"))
    except (FileNotFoundError, ValueError, RecursionError):
        return {}
    entries = data.items() if isinstance(data, dict) else ()
    return {scenario: entry for scenario, entry in entries if isinstance(entry, dict)}


def _iso(timestamp: str) -> str:
    """Return nbgrader's ``2026-11-22 07:43:28.818123 UTC`` as ``2026-11-22T07:43:28.818Z``."""
    at = datetime.strptime(timestamp, "%Y-%m-%d %H:%M:%S.%f UTC").replace(tzinfo=UTC)
    return written(at)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--desk", type=Path, required=True, help="the trainee's desk")
    parser.add_argument(
        "--assignment", metavar="ID", required=True, help=f"the assignment to hand in, or {BOOSTERS}"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how to print the result")


def run(args: argparse.Namespace) -> int:
    """Hand in and print the result; with ``--format json`` a failure is printed as a result, too."""
    from grading import put

    try:
        course = Course.here()
        boosters = args.assignment == BOOSTERS
        at = put.hand_in(course, args.desk) if boosters else hand_in(course, args.desk, args.assignment)
    except (CourseError, OSError) as error:
        if args.format == "text":
            raise
        why = str(error)
        if isinstance(error, OSError):
            why = f"Handing in did not work ({error.strerror}); your answers are kept."
        print(json.dumps({"handed_in": False, "why": why}, ensure_ascii=False))
        return 1
    print(json.dumps({"handed_in": True, "at": at}) if args.format == "json" else f"Handed in at {at}.")
    return 0
