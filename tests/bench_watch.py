"""Measure the watcher under load: 50 hand-ins in a minute, each from nbgrader's submit to the explanation on the desk.

Run alone: `python tests/bench_watch.py` (about two minutes).
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from random import Random
from typing import Any

import crowd
from handing import nbgrader

from grading import exchange
from grading.course import Course, assignment
from grading.desk import make_desk

PEOPLE = 50
SECONDS = 60.0


def measure() -> list[dict[str, Any]]:
    """Print what was measured; return the rows of the median and the 99th percentile, in seconds.

    Stock has no watcher: its figure is what its four commands take for one hand-in, as if somebody stood ready.
    """
    folder = crowd.folder()
    course = crowd.course(folder / "ours")
    people = _ready(course)
    theirs = Course(course.content, folder / "theirs")
    shutil.copytree(course.root, theirs.root)
    with _watching(course):
        _hand_in(course, people[:1], 0)  # it has started once this one is explained
        _explained(course, people.pop(0))
        handed_in = _hand_in(course, people, SECONDS)
        waited = [_explained(course, person) - at for person, at in handed_in.items()]
    os.environ["COURSE_ROOT"] = str(theirs.root)
    stock = _stock(theirs, people[0])
    median, last = statistics.median(waited), statistics.quantiles(waited, n=100, method="inclusive")[-1]
    print(
        f"{PEOPLE} hand-ins of three scenarios in {SECONDS:.0f} s, from submit to the explanation on the desk: median "
        f"{median:.2f} s, 99th percentile {last:.2f} s, longest {max(waited):.2f} s. Stock's four commands take "
        f"{stock:.1f} s for one of them."
    )
    return [
        {"name": name, "unit": "s", "ours": value, "stock": stock, "floor": None}
        for name, value in (("watch-median", median), ("watch-99", last))
    ]


def _ready(course: Course) -> list[str]:
    """Return people who have finished everything on their desks and handed nothing in."""
    plan, rng = assignment(course, crowd.ASSIGNMENT), Random(4)
    everybody = crowd.people(PEOPLE + 1)
    crowd.enroll(course, everybody)
    for person in everybody:
        desk = make_desk(course, person)
        for scenario, log in crowd.finished(plan, rng, crowd.now() - timedelta(hours=1)).items():
            (desk / plan.id / f"{scenario}.answers.jsonl").write_bytes(log)
    return [person.id for person in everybody]


@contextmanager
def _watching(course: Course) -> Iterator[None]:
    log = course.root / "watch.log"
    process = subprocess.Popen([sys.executable, "-m", "grading", "watch", "--log", str(log)])
    try:
        while not (log.exists() and "Watching" in log.read_text()):
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(20)


def _hand_in(course: Course, people: list[str], seconds: float) -> dict[str, float]:
    """Hand in at moments spread over some seconds by chance; return when, by person."""
    rng, start, at = Random(5), time.time(), {}
    for person, moment in zip(people, sorted(rng.uniform(0, seconds) for _ in people), strict=True):
        time.sleep(max(0.0, start + moment - time.time()))
        at[person] = time.time()
        exchange.submit(course, course.desk(person), crowd.ASSIGNMENT, person)
    return at


def _explained(course: Course, person: str) -> float:
    """Return when the last explanation was on a desk; wait for it."""
    end = time.time() + 120
    while len(files := list((course.desk(person) / crowd.ASSIGNMENT).glob("*.feedback.json"))) < 3:
        assert time.time() < end, f"{person} waited in vain"
        time.sleep(0.1)
    return max(file.stat().st_mtime for file in files)


def _stock(course: Course, person: str) -> float:
    exchange.submit(course, course.desk(person), crowd.ASSIGNMENT, person)
    started = time.perf_counter()
    for command in ("collect", "autograde", "generate_feedback", "release_feedback"):
        done = nbgrader(course, command, crowd.ASSIGNMENT)
        assert done.returncode == 0, done.stderr
    return time.perf_counter() - started


if __name__ == "__main__":
    measure()
