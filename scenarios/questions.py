"""Write the page of open questions for the Center, each with the decisions that wait for its ruling."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scenarios import load, paths
from scenarios.model import Decision, Scenario
from scenarios.sheets import write_sheet
from scenarios.variants import together

EXAMPLE = "python -m scenarios questions"


@dataclass(frozen=True, slots=True)
class Touched:
    """A decision that a gap touches: it ``waits`` unscored for the ruling, or only its points follow it."""

    scenario: Scenario
    step: str
    decision: Decision
    waits: bool


@dataclass(frozen=True, slots=True)
class Question:
    """A gap of the policy, as ``gaps.yml`` states it, with the decisions it touches."""

    gap: Mapping[str, Any]
    decisions: tuple[Touched, ...]

    @property
    def waiting(self) -> tuple[Touched, ...]:
        """The decisions that are shown and explained, and not scored before the ruling."""
        return tuple(touched for touched in self.decisions if touched.waits)


def touched(gap: str, scenarios: Iterable[Scenario]) -> tuple[Touched, ...]:
    """Return the decisions that a gap touches, in the order of the scenarios."""
    return tuple(
        Touched(scenario, step, decision, gap in decision.depends_on)
        for scenario in scenarios
        for step, decision in scenario.decisions()
        if gap in decision.depends_on or gap in (decision.gaps or {})
    )


def questions(gaps: Iterable[Mapping[str, Any]], scenarios: Iterable[Scenario]) -> list[Question]:
    """Return the gaps without a ruling: those that most decisions wait for first, then in their own order."""
    library = tuple(scenarios)
    found = [Question(gap, touched(gap["id"], library)) for gap in gaps if not gap["ruling"]]
    return sorted(found, key=lambda q: (-len(q.waiting), -len(q.decisions)))


def asked() -> list[Question]:
    """Return what is open now; CourseError if a file of the content cannot be read."""
    library = (together(load.scenario(path)) for path in load.scenario_files())
    return questions(load.gaps().values(), library)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="where to write it (default: .course/reports)"
    )


def run(args: argparse.Namespace) -> int:
    """Write the page and say where it is."""
    ruled = [gap for gap in load.gaps().values() if gap["ruling"]]
    path = args.out or paths.written() / "reports" / "questions.html"
    print(write_sheet(path, "questions", questions=asked(), ruled=ruled))
    return 0
