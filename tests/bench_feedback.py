"""Measure explaining a class: ours beside stock `nbgrader generate_feedback` and the floor.

Run alone: `python tests/bench_feedback.py` (about two minutes on two cores).
"""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import crowd
from handing import nbgrader

from grading.autograde import grade
from grading.course import Course
from grading.feedback import give
from grading.intake import collect

SIZE = 500
PART = 24
"""Submissions that stock explains; its time, without its start, is scaled to SIZE."""
GOAL = 20
OWN = "--GenerateFeedback.exporter_class=nbconvert.exporters.HTMLExporter"
"""What stock renders where the course does not take its place."""


def measure() -> list[dict[str, Any]]:
    """Print what was measured; return the row of the same class: milliseconds a submission."""
    folder = crowd.folder()
    course = crowd.course(folder / "ours")
    people = crowd.hand_in(course, crowd.ASSIGNMENT, SIZE)
    with crowd.long_ago:
        collect(course)
    grade(course)
    theirs = Course(course.content, folder / "theirs")
    shutil.copytree(course.root, theirs.root, ignore=shutil.ignore_patterns("inbound", "submitted"))

    ours = _timed(lambda: give(course)) / SIZE
    written = [
        p for root in (course.feedback, course.released_feedback) for p in root.rglob("*.*") if p.is_file()
    ]
    contents = [path.read_bytes() for path in written]
    floor = _timed(lambda: _write(folder / "floor", contents)) / SIZE
    stock = _stock(theirs, people)
    megabytes = sum(map(len, contents)) / 1e6
    print(
        f"The same {SIZE} submissions, milliseconds each: ours {ours:.2f} ({len(contents)} files, {megabytes:.1f} MB: "
        f"pages, data, and the pages in the exchange), floor {floor:.2f} (writing the same bytes), stock {stock:.0f} "
        f"(generate_feedback alone, measured on {PART} and scaled, its start left out)."
    )
    print(
        f"ours is {stock / ours:.0f} times as fast as stock (goal {GOAL}), and {ours / floor:.1f} times the floor."
    )
    return [{"name": "feedback", "unit": "ms", "ours": ours, "stock": stock, "floor": floor}]


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def _write(folder: Path, contents: list[bytes]) -> None:
    folder.mkdir()
    for number, content in enumerate(contents):
        (folder / f"{number}").write_bytes(content)


def _stock(course: Course, people: list[str]) -> float:
    """Return the milliseconds of a submission: of PART of them and of one, without what both have in common."""

    def run(some: list[str]) -> float:
        shutil.rmtree(course.feedback, ignore_errors=True)
        course.feedback.mkdir()
        aside = course.root / "aside"
        course.autograded.rename(aside)
        course.autograded.mkdir()
        for person in some:
            shutil.copytree(aside / person, course.autograded / person)
        done: list[subprocess.CompletedProcess[str]] = []
        spent = _timed(lambda: done.append(nbgrader(course, "generate_feedback", crowd.ASSIGNMENT, OWN)))
        assert done[0].returncode == 0, done[0].stderr
        assert len(list(course.feedback.glob("*/*/*.html"))) == 3 * len(some)
        shutil.rmtree(course.autograded)
        aside.rename(course.autograded)
        return spent

    return (run(people[:PART]) - run(people[:1])) / (PART - 1)


if __name__ == "__main__":
    measure()
