"""Print what the clinical reviewer rates without seeing a key: a booklet of situations and options, and a sheet."""

from __future__ import annotations

import argparse
import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from scenarios import load, paths, publish, variants
from scenarios.approval import worded
from scenarios.model import WRITTEN, Decision, Note, Option, Scenario
from scenarios.sheets import write_sheet

EXAMPLE = "python -m scenarios review-pack T01 T03"
COLUMNS = ("reviewer", "scenario", "wording", "step", "option", "rating", "comment")
"""The columns of the ratings sheet; the last two and the reviewer are for the reviewer to fill in."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A decision as a reviewer may see it: nothing of its key, its consequences or its reasons."""

    step: str
    text: str
    kind: str
    prompt: str
    options: tuple[tuple[str, str], ...]
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """A scenario as a reviewer may see it; ``wording`` is the code of exactly this text.

    ``variants`` are all words for its slots; those of the first stand in the texts.
    """

    id: str
    version: int
    wording: str
    title: str
    note: Note | None
    situation: str
    decisions: tuple[Asked, ...]
    variants: tuple[Mapping[str, str], ...]


def page(scenario: Scenario, wording: str) -> Page:
    """Return a scenario without what would give its key away: bridges and endings are left out, too."""
    first = variants.each(scenario)[0]
    return Page(
        scenario.id,
        scenario.version,
        wording,
        scenario.title,
        scenario.note,
        first.situation,
        tuple(_asked(step.id, step.text, step.decision) for step in first.steps.values() if step.decision),
        scenario.variants,
    )


def _asked(step: str, text: str, decision: Decision) -> Asked:
    options: Iterable[Option] = publish.shuffled(step, decision.options)
    return Asked(
        step,
        text,
        decision.kind,
        decision.prompt,
        tuple((option.id, option.text) for option in options),
        tuple(field.label for field in decision.fields),
    )


def sheet_rows(pages: Iterable[Page]) -> Iterator[tuple[str, ...]]:
    """Yield the ratings sheet: a row an option in the booklet's order, one without option for a written answer."""
    yield COLUMNS
    for one in pages:
        for asked in one.decisions:
            for option, _ in asked.options or (("", ""),):
                yield "", f"{one.id}@{one.version}", one.wording, asked.step, option, "", ""


def pack(files: Iterable[Path]) -> list[Page]:
    """Return the library's files as they are printed; CourseError if one cannot be read."""
    return [page(*worded(path)) for path in files]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("scenarios", nargs="*", metavar="ID", help="only these scenarios (default: all)")
    parser.add_argument(
        "--out", type=Path, metavar="FOLDER", help="where to write both files (default: .course/review)"
    )


def run(args: argparse.Namespace) -> int:
    """Write the booklet and the sheet, and say where they are."""
    pages = pack(map(load.find, args.scenarios) if args.scenarios else load.scenario_files())
    folder = args.out or paths.written() / "review"
    print(write_sheet(folder / "booklet.html", "booklet", pages=pages, written=WRITTEN))
    rows = io.StringIO()
    csv.writer(rows, lineterminator="\n").writerows(sheet_rows(pages))
    ratings = folder / "ratings.csv"
    ratings.write_text(rows.getvalue(), "utf-8-sig")  # the mark tells spreadsheets that it is UTF-8
    print(ratings)
    return 0
