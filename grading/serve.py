"""Open the course on this computer: release what is published, make the desk, serve it, score what comes in."""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from grading import notebooks
from grading.course import Course, Person, load_assignments
from grading.desk import find_person, make_desk
from grading.exchange import release

EXAMPLE = "python -m grading run --trainee maya.ortiz --port 8888"


def prepare(course: Course, person: Person) -> None:
    """Release what this person takes now and whose scenario versions are all published; name what waits."""
    for assignment in load_assignments(course).values():
        if assignment.audience != person.audience or (assignment.opens and assignment.opens > date.today()):
            continue
        if not all(map(notebooks.published, assignment.scenarios)):
            print(f"{assignment.id} is not released yet; release it with `make release A={assignment.id}`.")
        elif not course.released(assignment.id):
            print(f"Preparing {assignment.title} (once) ...", flush=True)
            release(course, assignment.id)


@contextmanager
def watcher(course: Course) -> Iterator[None]:
    """Score what is handed in for as long as the block lasts; a watcher already at work is left to it."""
    log = str(course.root / "watch.log")
    with subprocess.Popen([sys.executable, "-m", "grading", "watch", "--log", log]) as process:
        try:
            yield
        finally:
            process.terminate()


def until_interrupted(command: list[str]) -> int:
    """Run a server until it ends or this process is told to; return its exit code, 0 when interrupted."""
    with subprocess.Popen(command) as server:
        signal.signal(signal.SIGTERM, lambda *_: server.terminate())
        try:
            return server.wait()
        except KeyboardInterrupt:
            server.terminate()
            return 0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "--trainee", metavar="ID", help="whose desk, as in the roster (default: this account's user)"
    )
    parser.add_argument("--port", type=int, default=8888, help="port on this machine (default: %(default)s)")
    parser.add_argument("--no-browser", action="store_true", help="only print the address, open nothing")


def run(args: argparse.Namespace) -> int:
    """Serve one desk until interrupted."""
    course = Course.here()
    person = find_person(course, args.trainee)
    prepare(course, person)
    desk = make_desk(course, person)
    command = [sys.executable, "-m", "scenarios.lab", "--desk", str(desk), "--port", str(args.port)]
    with watcher(course):
        return until_interrupted([*command, *(["--no-browser"] if args.no_browser else [])])
