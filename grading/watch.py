"""Watch the exchange: score and explain what is handed in, within seconds."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TextIO

from grading import hand_in
from grading.course import Course
from grading.roster import load_roster
from grading.safe import taken
from scenarios.errors import CourseError

EXAMPLE = "python -m grading watch"
POLL = 0.5
"""Seconds between two looks at the exchange: a listing of one folder, so that nothing has to be installed."""
RETRY = 10.0
"""Seconds after which a round that could not be finished is tried again."""

OPENING = 60.0
"""Seconds between two looks for boosters whose day has come."""

Say = Callable[[str], None]


class Watcher:
    """One round takes in, scores and explains; every step skips what is done, so any round may be cut short."""

    def __init__(self, course: Course, say: Say) -> None:
        self.course, self.say = course, say
        self._told: set[str] = set()
        self._seen: dict[str, tuple[int, bool]] | None = None
        self._again_at = self._open_at = 0.0
        self._behind = True

    def look(self) -> bool:
        """Do a round if something changed in inbound, or the last one failed; return whether it did one."""
        if time.monotonic() >= self._open_at:
            self._open_at = time.monotonic() + OPENING
            self._open_boosters()
        now = self._listing()
        if now == self._seen and not (self._again_at and time.monotonic() >= self._again_at):
            return False
        self._again_at = 0.0
        try:
            self.round(everything=self._behind)
            self._behind = False
        except Exception as error:  # whatever one submission, or a full disk, does: go on watching
            self._tell(
                f"{error} Trying again in {RETRY:.0f} s." if isinstance(error, CourseError) else _short(error)
            )
            self._behind = True
            self._again_at = time.monotonic() + RETRY
        self._seen = now
        return True

    def round(self, *, everything: bool = False) -> None:
        """Take in, score and explain what is new; with ``everything``, also what an earlier watcher left."""
        from grading.autograde import grade
        from grading.feedback import give
        from grading.intake import collect
        from grading.marks import settle

        started = time.perf_counter()
        collected = collect(self.course)
        for problem in collected.problems:
            self._tell(problem)
        if not collected.taken and not everything:
            return
        trainees = None if everything else {trainee for trainee, _ in collected.taken}
        graded = grade(self.course, trainees=trainees)
        settle(self.course)
        given = give(self.course, trainees=trainees, changed=True)
        for problem in (*graded.problems, *given.problems):
            self._tell(problem)
        people = load_roster(self.course)
        seconds = time.perf_counter() - started
        explained: dict[tuple[str, str], list[str]] = {place: [] for place in collected.taken}
        for trainee, assignment, scenario in given.explained:
            explained.setdefault((trainee, assignment), []).append(scenario)
        for (trainee, assignment), scenarios in explained.items():
            name = people[trainee].name if trainee in people else trainee
            what = f"{', '.join(scenarios)} explained" if scenarios else "nothing finished yet"
            self.say(f"{name}, {assignment}: scored, {what} ({seconds:.1f} s).")

    def _open_boosters(self) -> None:
        """Lay on the desks the boosters whose day has come."""
        from grading.feedback import open_boosters

        try:
            for problem in open_boosters(self.course):
                self._tell(problem)
        except Exception as error:  # as in ``look``: the next look tries again
            self._tell(str(error) if isinstance(error, CourseError) else _short(error))

    def _tell(self, problem: str) -> None:
        """Say a problem once, however many rounds it stays."""
        if problem not in self._told:
            self._told.add(problem)
            self.say(problem)

    def _listing(self) -> dict[str, tuple[int, bool]]:
        """Return what lies in inbound: a folder still being copied changes its time until it is complete.

        If it never is, it is looked at once more when that was long ago.
        """
        found: dict[str, tuple[int, bool]] = {}
        with contextlib.suppress(FileNotFoundError), os.scandir(self.course.inbound) as entries:
            for entry in entries:
                with contextlib.suppress(FileNotFoundError):
                    status = entry.stat(follow_symlinks=False)
                    found[entry.name] = status.st_ctime_ns, hand_in.is_young(status)
        return found


def _short(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"


@contextlib.contextmanager
def only_one(course: Course, say: Say) -> Iterator[None]:
    """Wait while another watcher is at work, and take over when it ends."""
    lock = course.root / "watch.lock"
    with contextlib.ExitStack() as stack:
        if not stack.enter_context(taken(lock)):
            say("Another watcher is at work; this one takes over when that ends.")
            stack.enter_context(taken(lock, wait=True))
        yield


def watch(course: Course, say: Say) -> None:
    """Watch until the process is told to end."""
    with only_one(course, say):
        watcher = Watcher(course, say)
        say(f"Watching {course.inbound}.")
        while True:
            watcher.look()
            time.sleep(POLL)


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "--log", type=Path, metavar="FILE", help="write the lines to a file (default: the terminal)"
    )


def run(args: Namespace) -> int:
    """Watch until interrupted."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with contextlib.ExitStack() as stack:
        out: TextIO = stack.enter_context(args.log.open("a", encoding="utf-8")) if args.log else sys.stdout

        def say(line: str) -> None:
            print(f"{datetime.now():%H:%M:%S} {line}", file=out, flush=True)

        with contextlib.suppress(KeyboardInterrupt):
            watch(Course.here(), say)
    return 0
