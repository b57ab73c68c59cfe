"""Measure the export and the results of a whole organisation. Run alone: `python tests/bench_export.py` (two minutes).

2,000 people who took 8 assignments of 20 decisions: 16,000 submissions, 320,000 grades, filled in with bulk inserts.
Ours is `python -m grading export --format csv`, both tables; stock is `nbgrader export`, a row a submission, on the
gradebook as nbgrader makes it, measured on a part and scaled; the floor reads ours' rows with the database's driver
and writes them with the csv module.
"""

from __future__ import annotations

import csv
import logging
import shutil
import sqlite3
import subprocess
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import crowd
import organisation

from grading import gradebook
from grading.course import Course, load_assignments
from grading.results import load_results
from grading.tidy import query

PEOPLE, ASSIGNMENTS = 2_000, 8
PART = 20
"""Submissions that stock exports before its time is scaled to all."""


def measure() -> list[dict[str, Any]]:
    """Return the rows ``export`` and ``summary`` of the bench, in milliseconds."""
    folder = crowd.folder()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SQLAlchemy's, about nbgrader's models
        course = organisation.course(folder, PEOPLE, ASSIGNMENTS)
        size = course.gradebook.stat().st_size / 1e6
        print(f"{PEOPLE * ASSIGNMENTS} submissions, {PEOPLE * ASSIGNMENTS * 20} grades, {size:.0f} MB")
        ours = _timed("ours, CSV, the command", lambda: _command("export", "--format", "csv"))
        _timed("ours, XLSX, the command", lambda: _command("export", "--format", "xlsx"))
        summary = _timed("ours, results and their groups", lambda: _summary(course))
        floor = _timed("floor: driver and csv module", lambda: _floor(course))
        counting = _timed("floor: driver and a count", lambda: _count(course))
        indexed = _stock(course.gradebook, 20 * PART)
        print(f"{'stock with our indexes, scaled':40} {indexed:9.1f} s")
        bare = folder / "bare.db"
        shutil.copy(course.gradebook, bare)
        with closing(sqlite3.connect(bare)) as db:
            for index in gradebook.INDEXES:
                db.execute(f"DROP INDEX {index}")
        stock = _stock(bare, PART)
        print(f"{'stock, scaled':40} {stock:9.1f} s from {PART} of {PEOPLE * ASSIGNMENTS} submissions")
    print("The stock of both rows is `nbgrader export`: there is no other way to all its results.")
    print(f"export: {stock / ours:.0f} times as fast as stock, {ours / floor:.1f} times the floor")
    return [
        {"name": "export", "unit": "ms", "ours": ours * 1e3, "stock": stock * 1e3, "floor": floor * 1e3},
        {
            "name": "summary",
            "unit": "ms",
            "ours": summary * 1e3,
            "stock": stock * 1e3,
            "floor": counting * 1e3,
        },
    ]


def _timed(what: str, work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    seconds = time.perf_counter() - started
    print(f"{what:40} {seconds:9.1f} s", flush=True)
    return seconds


def _command(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "grading", *arguments], check=True, stdout=subprocess.DEVNULL)


def _summary(course: Course) -> None:
    results = load_results(course)
    for groups in (results.teams, results.scenarios, results.by_clause, results.standings):
        groups()


def _rows(course: Course) -> list[tuple[Any, ...]]:
    statement = query(list(load_assignments(course))).compile(
        gradebook.engine(course.db_url), compile_kwargs={"literal_binds": True}
    )
    with closing(sqlite3.connect(course.gradebook)) as db:
        return db.execute(str(statement)).fetchall()


def _floor(course: Course) -> None:
    with (course.root / "floor.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(_rows(course))


def _count(course: Course) -> None:
    Counter((row[1], row[2], row[3], row[7]) for row in _rows(course))


def _stock(database: Path, part: int) -> float:
    """Return the seconds that nbgrader's export would take, from what some submissions more take it."""
    from nbgrader.api import Gradebook
    from nbgrader.plugins.export import CsvExportPlugin

    def exported(count: int) -> float:
        plugin = CsvExportPlugin(log=logging.Logger("nbgrader", logging.ERROR))
        plugin.to, plugin.assignment = str(database.with_name("stock.csv")), ["year-3"]
        plugin.student = [f"person{n:05}" for n in range(100, 100 + count)]
        with Gradebook(f"sqlite:///{database}", "social-media-policy") as book:
            started = time.perf_counter()
            plugin.export(book)
            return time.perf_counter() - started

    exported(1)
    begin = exported(1)  # once an assignment, it reads everybody's names
    each = (exported(1 + part) - begin) / part
    return ASSIGNMENTS * begin + PEOPLE * ASSIGNMENTS * each


if __name__ == "__main__":
    for row in measure():
        print(row)
