"""`kill -9` at any moment of `make grade`: each step is as it was or complete, and the next run finishes."""

from __future__ import annotations

import itertools
import multiprocessing
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import crowd
import pytest
from handing import copied
from handing import rows as nbgraders
from sqlalchemy import select, update

from grading import autograde, gradebook
from grading.autograde import grade
from grading.course import Course
from grading.course import assignment as one_assignment
from grading.intake import collect

KILLS = 50
CLASS = 12
AT_ONCE = 5
"""Fewer than the class, so that a kill also falls between two parts of the transaction."""


@pytest.fixture(autouse=True, scope="module")
def _past() -> Iterator[None]:
    with crowd.long_ago:
        yield


def handed_in_again(course: Course, rng: Random) -> None:
    """A class of which half were graded and marked before all of them handed in everything, in three steps."""
    from nbgrader.api import Grade

    everybody = crowd.people(CLASS)
    crowd.enroll(course, everybody)
    logs = {p.id: crowd.finished(one_assignment(course, "mini"), rng, crowd.BEGAN) for p in everybody}
    first = {person.id: {"T90": logs[person.id]["T90"]} for person in everybody}
    for person in everybody[::2]:
        crowd.put(course, "mini", person.id, first[person.id], crowd.BEGAN + timedelta(hours=1))
    collect_and_grade(course)
    with gradebook.writing(course) as db:
        db.execute(update(Grade).where(Grade.auto_score.is_(None)).values(manual_score=2.5, extra_credit=0.5))
    for person in everybody:
        begun = logs[person.id] | {"T91": logs[person.id]["T91"].splitlines(keepends=True)[0]}
        crowd.put(course, "mini", person.id, first[person.id], crowd.BEGAN + timedelta(minutes=90))
        crowd.put(course, "mini", person.id, begun, crowd.BEGAN + timedelta(hours=2))
        crowd.put(course, "mini", person.id, logs[person.id], crowd.BEGAN + timedelta(hours=3))


def collect_and_grade(course: Course) -> None:
    assert collect(course).problems == []
    assert grade(course).problems == []


def rows(course: Course) -> dict[str, list[Any]]:
    """Return every row that collecting and grading write, of nbgrader's tables and of the course's own."""
    with gradebook.reading(course) as db:
        own = {
            table.name: sorted(map(tuple, db.execute(select(table)))) for table in gradebook.OWN.sorted_tables
        }
    return nbgraders(course) | own


def files(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder, but for those that were being written when a run was killed."""
    found = (path for path in folder.rglob("[!.]*") if path.is_file())
    return {str(path.relative_to(folder.parent)): path.read_bytes() for path in found}


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # the child does nothing but grade
def test_killed_at_fifty_moments_and_run_again(
    released: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(autograde, "AT_ONCE", AT_ONCE)
    rng, count = Random(20251103), itertools.count()
    handed_in_again(released, rng)

    def as_before() -> Course:
        return copied(released, tmp_path / f"run{next(count)}")

    def made(course: Course) -> dict[str, bytes]:
        return files(course.submitted) | files(course.autograded)

    # A fork has imported and read everything already: nearly all of its time is work.
    context = multiprocessing.get_context("fork")

    def run(course: Course, stop_after: float | None = None) -> tuple[int | None, float]:
        """Collect and grade in a process of its own, killed after some seconds; return how it ended and when."""
        process = context.Process(target=collect_and_grade, args=(course,))
        started = time.monotonic()
        process.start()
        if stop_after is not None:
            process.join(stop_after)
            process.kill()
        process.join()
        return process.exitcode, time.monotonic() - started

    states = [rows(released)]
    course = as_before()
    collect(course)
    states.append(rows(course))
    course = as_before()
    ended, seconds = run(course)
    assert ended == 0
    states.append(rows(course))
    complete, laid_out = states[-1], made(course)
    assert states[0] != states[1] != states[2]

    left: list[int] = []
    while len(left) < KILLS:
        course = as_before()
        ended, _ = run(course, rng.uniform(0, seconds))
        if ended == 0:
            continue  # it was faster this time
        assert rows(course) in states
        left.append(states.index(rows(course)))
        collect_and_grade(course)
        assert rows(course) == complete
        assert made(course) == laid_out
        assert (collect(course).taken, grade(course).graded) == ([], 0)
    print("as it was, collected, graded:", [left.count(n) for n in range(3)], f"of runs of {seconds:.2f} s")
