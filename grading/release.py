"""Pin an assignment's scenario versions, and the boosters, and hand it out; nothing of it changes afterwards."""

from __future__ import annotations

import argparse
from pathlib import Path

from grading.course import Course, assignment, load_assignments
from grading.exchange import release
from scenarios import load, publish
from scenarios.check import check
from scenarios.errors import CourseError

EXAMPLE = "python -m grading release --assignment onboarding-therapist"


def pin_boosters() -> list[str]:
    """Publish the library's boosters: who misses a critical clause meets them a day later, whatever was released.

    Returns the files that are new, as ``B17a@1.yml``.

    Raises:
        CourseError: something is wrong with one of them; none is pinned, for it cannot be taken back.
    """
    boosters = [path for path in load.scenario_files() if path.name.startswith("B")]
    new = [path for path in boosters if not _pinned(path).exists()]
    for problem in check().problems if new else ():
        if any(problem.file.endswith(f"/{path.name}") for path in new):
            raise CourseError(f"The boosters cannot be pinned. {problem} (`make check` shows everything.)")
    for path in boosters:  # one that was pinned and changed since is refused
        publish.publish(path)
    return [_pinned(path).name for path in new]


def _pinned(booster: Path) -> Path:
    data = load.read_data(booster, "scenario")
    return publish.pinned_file(data["id"], data["version"])


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--assignment", metavar="ID", help="the assignment, as in grading/assignments.yml")


def run(args: argparse.Namespace) -> int:
    """Release one assignment and say so."""
    course = Course.here()
    if not args.assignment:
        known = ", ".join(load_assignments(course))
        raise CourseError(f"Name the assignment with --assignment ID (make release A=ID); known are {known}.")
    assignment(course, args.assignment)  # before anything is pinned, which cannot be taken back
    if new := pin_boosters():
        print(f"Pinned, and open from now on to who misses their clause: {', '.join(new)}.")
    if release(course, args.assignment):
        print(f"{args.assignment} is released. Trainees get it when they open their desk.")
    else:
        print(f"{args.assignment} was released before; nothing of it changed.")
    return 0
