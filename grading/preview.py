"""Explain what was finished on the desk of an author's preview; nothing is handed in or recorded."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path

from grading import score
from grading.course import Assignment
from grading.explain import explanation
from grading.files import write_json
from scenarios import load
from scenarios.answers import read_log, written
from scenarios.desk import read_json
from scenarios.errors import CourseError
from scenarios.meanwhile import PREVIEW
from scenarios.publish import load_draft
from scenarios.variants import nth

EXAMPLE = "python -m grading explain --desk /tmp/preview"


def explain(desk: Path) -> None:
    """Write beside each log of a preview's desk what feedback would say, by the library's file as it is now.

    Written answers are compared with the model answer: who marks them is a matter of the assignment.

    Raises:
        CourseError: the scenario in the library cannot be read.
    """
    folder = desk / PREVIEW
    assignment = Assignment(PREVIEW, "", "onboarding", "", (), frozenset(), None, None, 1.0)
    noted = read_json(folder / "handed_in.json") or {}
    variant = (read_json(desk / "me.json") or {}).get("variant", 1)
    for path in sorted(folder.glob("*.answers.jsonl")):
        scenario, sha256 = load_draft(load.find(path.name.partition(".")[0]))
        answers = score.answers(read_log(path), scenario)
        told = explanation(assignment, nth(scenario, variant), sha256, answers, {}, load.clauses())
        write_json(folder / f"{scenario.id}.feedback.json", told)
        noted[scenario.id] = {"at": written(datetime.now(UTC)), "size": path.stat().st_size}
    write_json(folder / "handed_in.json", noted)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--desk", type=Path, required=True, help="the preview's desk")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how to print the result")


def run(args: argparse.Namespace) -> int:
    """Explain and print the result in the words of ``submit``, whose place this takes."""
    try:
        explain(args.desk)
    except CourseError as error:
        if args.format == "text":
            raise
        print(json.dumps({"handed_in": False, "why": str(error)}, ensure_ascii=False))
        return 1
    print(json.dumps({"handed_in": True}) if args.format == "json" else "Explained.")
    return 0
