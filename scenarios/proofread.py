"""Say how the scenarios are written: lengths, places, repeats, give-aways, spelling, reading grades, people."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict

from scenarios.check import Report, check
from scenarios.writing import CERTAIN, COPIED, HARD, REPEATED, SUSPECT, pattern

EXAMPLE = "python -m scenarios writing --format json"


def lines(report: Report) -> Iterator[str]:
    """Yield the numbers and, below them, what to mend and what to look at, by place."""
    review = report.writing
    yield "Does the key show in an option's length or place?"
    yield f"  (p = P(X >= hits), X Poisson-binomial; a warning below {SUSPECT:g}, a problem below {CERTAIN:g})"
    yield from (f"  {habit}" for habit in review.habits)
    yield "How many lines are right where lines are ticked:"
    yield "  " + ", ".join(f"{right} in {n} decisions" for right, n in sorted(review.ticks.items()))
    yield f"Reading grade by scenario (Automated Readability Index without clinical terms; a warning above {HARD:g}):"
    yield "  " + ", ".join(f"{name} {grade:.1f}" for name, grade in review.grades.items())
    yield "Who is at risk, who errs, who is wise:"
    yield from (f"  {line}" for line in pattern(review.people))
    if untold := [name for name, people in review.people.items() if not people]:
        yield f"  no people told: {', '.join(untold)}"
    mend = [str(problem) for problem in report.problems]
    yield f"To mend: {len(mend)}"
    yield from (f"  {line}" for line in mend)
    yield f"To look at ({REPEATED} words in a row met twice; from {COPIED} on they are to mend): {len(report.warnings)}"
    yield from (f"  {warning}" for warning in report.warnings)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how to print the result")


def run(args: argparse.Namespace) -> int:
    """Print the detail; exit code 1 with any problem."""
    report = check()
    if args.format == "json":
        review = report.writing
        data = {
            "habits": [asdict(habit) for habit in review.habits],
            "ticks": dict(sorted(review.ticks.items())),
            "grades": review.grades,
            "people": {name: [asdict(p) for p in people] for name, people in review.people.items()},
            "problems": [problem.as_dict() for problem in report.problems],
            "warnings": [warning.as_dict() for warning in report.warnings],
        }
        print(json.dumps(data, indent=1, ensure_ascii=False))
    else:
        print(*lines(report), sep="\n")
    return 1 if report.problems else 0
