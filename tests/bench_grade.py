"""Measure grading: ours beside stock `nbgrader autograde` and the floor, and how the cost grows.

Run alone: `python tests/bench_grade.py` (about ten minutes on two cores).
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import crowd
import psutil
from handing import TABLES, nbgrader

from grading.course import Course
from grading.intake import collect

SIZE = 500
PART = 12
"""Submissions that stock grades; its time is scaled to SIZE."""
GROWTH = (100, 1_000, 10_000)
GOALS = {"stock": 500, "floor": 10}
WRITTEN = ("submitted_assignment", "submitted_notebook", "grade", "comment")
"""nbgrader's tables that grading fills."""


def measure() -> list[dict[str, Any]]:
    """Print what was measured; return the row of the same 500 submissions: milliseconds a submission."""
    folder = crowd.folder()
    row = _compare(folder)
    _growth(folder)
    return [row]


def _compare(folder: Path) -> dict[str, Any]:
    course, collecting = _collected(folder / "ours", SIZE)
    theirs = Course(course.content, folder / "theirs")
    ungraded = folder / "ungraded.db"
    shutil.copytree(
        course.root, theirs.root, ignore=lambda at, names: names if at.endswith("inbound") else []
    )
    shutil.copy(course.gradebook, ungraded)

    ours, command, _ = _grade(course, SIZE)
    floor = _floor(course, ungraded)
    stock = _stock(theirs)
    again, _, _ = _grade(course, SIZE, "--again")
    skipped, _, _ = _grade(course, 0)
    print(
        f"The same {SIZE} submissions, milliseconds each: ours {ours:.2f} (the whole command, its start "
        f"included, {command:.2f}), floor {floor:.2f}, stock {stock:.0f} (measured on {PART} and scaled, its "
        "start left out)."
    )
    print(
        f"ours is {stock / ours:.0f} times as fast as stock (goal {GOALS['stock']}), and {ours / floor:.1f} "
        f"times the floor (goal {GOALS['floor']})."
    )
    print(
        f"Beside it: collecting {collecting:.2f}, grading all again {again:.2f}, finding all unchanged "
        f"{skipped / SIZE:.2f} ms a submission."
    )
    return {"name": "grade", "unit": "ms", "ours": ours, "stock": stock, "floor": floor}


def _collected(root: Path, count: int) -> tuple[Course, float]:
    """Return a course in which that many hand-ins were collected, and the milliseconds that took for each."""
    course = crowd.course(root)
    crowd.hand_in(course, crowd.ASSIGNMENT, count)
    started = time.perf_counter()
    with crowd.long_ago:
        collected = collect(course, [crowd.ASSIGNMENT])
    seconds = time.perf_counter() - started
    assert len(collected.taken) == count and not collected.problems
    return course, 1000 * seconds / count


def _grade(course: Course, count: int, *options: str) -> tuple[float, float, float]:
    """Run the command; return milliseconds a submission (all of them for none), with its start, and peak MB."""
    env = os.environ | {"COURSE_CONTENT": str(course.content), "COURSE_ROOT": str(course.root)}
    command = [sys.executable, "-m", "grading", "grade", "--assignment", crowd.ASSIGNMENT, *options]
    started = time.perf_counter()
    peak = 0
    with psutil.Popen([*command, "--format", "json"], env=env, stdout=subprocess.PIPE) as process:
        while process.poll() is None:  # its own peak: the kernel's figure begins with that of who started it
            with contextlib.suppress(psutil.Error):
                peak = max(peak, process.memory_info().rss)
            time.sleep(0.05)
        seconds = time.perf_counter() - started
        said = json.loads(process.stdout.read())
    assert said["graded"] == count and said["problems"] == []
    scale = 1000 / (count or 1)
    return scale * said["seconds"], scale * seconds, peak / 1e6


def _floor(course: Course, ungraded: Path) -> float:
    """Read the logs that were graded and insert the same rows with the driver alone; return ms a submission."""
    with closing(sqlite3.connect(course.gradebook)) as db:
        rows = {table: db.execute(f"select * from {table}").fetchall() for table in WRITTEN}
    started = time.perf_counter()
    for log in course.submitted.glob("*/*/*.answers.jsonl"):
        for line in log.read_bytes().splitlines():
            json.loads(line)
    with closing(sqlite3.connect(ungraded)) as db, db:
        for table, values in rows.items():
            db.executemany(f"insert into {table} values ({','.join('?' * len(values[0]))})", values)
    return 1000 * (time.perf_counter() - started) / SIZE


def _stock(course: Course) -> float:
    """Let stock grade a part; return milliseconds a submission, without what its start takes."""
    for folder in sorted(course.submitted.iterdir())[PART:]:
        shutil.rmtree(folder)
    seconds = []
    for _ in range(2):  # the second run finds nothing to do
        started = time.perf_counter()
        done = nbgrader(course, "autograde", crowd.ASSIGNMENT)
        seconds.append(time.perf_counter() - started)
        assert done.returncode == 0, done.stderr
    with closing(sqlite3.connect(course.gradebook)) as db:
        assert len(db.execute(TABLES["submissions"]).fetchall()) == PART
    return 1000 * (seconds[0] - seconds[1]) / PART


def _growth(folder: Path) -> None:
    print("How it grows (the command's start left out; reading the scenarios included):")
    print(f"{'submissions':>12}{'collecting each':>18}{'grading each':>15}{'in all':>10}{'peak memory':>14}")
    for count in GROWTH:
        course, collecting = _collected(folder / f"of{count}", count)
        ms, _, peak = _grade(course, count)
        seconds = ms * count / 1000
        print(f"{count:12,}{collecting:15.2f} ms{ms:12.2f} ms{seconds:8.1f} s{peak:11.0f} MB", flush=True)


if __name__ == "__main__":
    measure()
