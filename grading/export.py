"""Export the results as tables, a row a trainee and a row a decision: CSV, and a workbook.

What people wrote may begin with what a spreadsheet takes for a formula. The workbook stores every text as text.
CSV cannot say what is text, so an apostrophe is put before it there (OWASP, "CSV Injection").
"""

from __future__ import annotations

import csv
import io
import re
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import IO

from xlsxwriter import Workbook

from grading.course import Course
from grading.demo import simulated
from grading.files import replacing
from grading.results import load_results
from grading.tables import Cell, Table, decisions, trainees
from scenarios.errors import CourseError

EXAMPLE = "python -m grading export --assignment onboarding-therapist --format xlsx"
FORMATS = ("csv", "xlsx")
SHEET = 1_048_576
"""Rows that a worksheet holds, its head included."""
_FORMULA = re.compile(r"""(?:^|(?<=[;,|"\t\r\n]))(?=[=+\-@\t\r\n＝＋－＠])""")
"""Where a spreadsheet could begin a cell with a formula: it may split at more than the comma."""


def export(
    course: Course,
    assignment: str | None = None,
    formats: Sequence[str] = FORMATS,
    folder: Path | None = None,
) -> list[Path]:
    """Write the results of one assignment, or of all, and return the files, each replaced as a whole.

    ``trainees.csv`` and ``decisions.csv`` begin with the mark by which Excel knows UTF-8; ``results.xlsx`` has both
    tables. They go into ``folder``, or the course's reports.

    Raises:
        CourseError: there is no such assignment, or a worksheet is too short. OSError: a file cannot be written.
    """
    results = load_results(course, assignment)
    tables = {"trainees": trainees(results, date.today()), "decisions": decisions(results)}
    before, after = "simulated-" if simulated(course) else "", f"-{assignment}" if assignment else ""
    written: list[Path] = []

    def path(name: str, end: str) -> Path:
        written.append((folder or course.reports) / f"{before}{name}{after}.{end}")
        return written[-1]

    if "csv" in formats:
        for name, table in tables.items():
            with replacing(path(name, "csv")) as file:
                _write_csv(file, table)
    if "xlsx" in formats:
        with replacing(path("results", "xlsx")) as file:
            _write_xlsx(file, tables)
    return written


def _write_csv(file: IO[bytes], table: Table) -> None:
    text = io.TextIOWrapper(file, "utf-8-sig", newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow(table)
    writer.writerows(zip(*map(_guarded, table.values()), strict=True))
    text.detach()


def _guarded(column: Sequence[Cell]) -> Sequence[Cell]:
    """Return a column of which no spreadsheet makes a formula."""
    texts = {cell for cell in set(column) if isinstance(cell, str)}
    guarded = {text: _FORMULA.sub("'", text) for text in texts if _FORMULA.search(text)}
    return (
        [guarded.get(cell, cell) if isinstance(cell, str) else cell for cell in column] if guarded else column
    )


def _write_xlsx(file: IO[bytes], tables: dict[str, Table]) -> None:
    # Row by row, so that memory stays flat; only its own calls would ever write a formula or a link.
    with Workbook(file, {"constant_memory": True}) as book:
        bold = book.add_format({"bold": True})
        for name, table in tables.items():
            columns = list(table.values())
            if len(columns[0]) >= SHEET:
                raise CourseError(
                    f"{len(columns[0])} {name} are more than a worksheet holds; export one assignment with "
                    "--assignment, or all of them with --format csv."
                )
            sheet = book.add_worksheet(name)
            sheet.freeze_panes(1, 1)
            sheet.set_column(0, len(columns) - 1, 16)
            sheet.autofilter(0, 0, len(columns[0]), len(columns) - 1)
            for n, head in enumerate(table):
                sheet.write_string(0, n, head, bold)
            for row, cells in enumerate(zip(*columns, strict=True), 1):
                for n, cell in enumerate(cells):
                    if isinstance(cell, str):
                        sheet.write_string(row, n, cell)
                    elif cell is not None:
                        sheet.write_number(row, n, cell)


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--assignment", metavar="ID", help="only this assignment (default: all)")
    parser.add_argument("--format", choices=FORMATS, help="only this kind of file (default: both)")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="where to (default: .course/reports)")


def run(args: Namespace) -> int:
    """Export and print the files' paths."""
    formats = [args.format] if args.format else FORMATS
    folder = args.out.absolute() if args.out else None
    print(*export(Course.here(), args.assignment, formats, folder), sep="\n")
    return 0
