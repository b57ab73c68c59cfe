"""Where a person stands with an assignment: pure, and the one place that says what passing is."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from grading.course import Assignment, Person

State = Literal[
    "not started", "in progress", "handed in", "being marked", "one more step", "passed", "not passed yet"
]

GOOD = 2 / 3
"""Share of a decision's maximum from which it counts as best or acceptable: 2 of 3 points, or of a rubric."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A graded decision of a handed-in first attempt.

    ``points`` is None while a supervisor has it; ``violated`` are the critical clauses it broke.
    """

    points: float | None
    maximum: float
    violated: frozenset[str] = frozenset()

    @property
    def good(self) -> bool:
        """Whether the decision was best or acceptable."""
        return self.points is not None and self.points >= GOOD * self.maximum - 1e-4  # scores have 4 places


@dataclass(frozen=True, slots=True)
class Standing:
    """A state in plain words, what it needs (or None), the day it is due, and whether that day went by.

    ``by_another_route`` is the number of scenarios that were left out.
    """

    state: State
    detail: str | None
    due: date | None
    overdue: bool
    by_another_route: int = 0


def standing(
    assignment: Assignment,
    person: Person,
    today: date,
    *,
    started: bool,
    handed_in: Collection[str],
    scored: Mapping[str, Sequence[Scored]],
    cleared: Collection[str] = (),
    rerouted: Collection[str] = (),
) -> Standing:
    """Return where a person stands with an assignment.

    Args:
        assignment: what is asked, with its pass share.
        person: who takes it; their hire may set the due date.
        today: the day to compare the due date with.
        started: whether any answer log was begun.
        handed_in: the ids of the scenarios handed in.
        scored: scenario id -> its graded decisions, of scenarios already scored.
        cleared: critical clauses broken once and shown to be understood since.
        rerouted: the ids of the scenarios that another route was taken around: they are not asked.
    """
    wanted = [ref.id for ref in assignment.scenarios if ref.id not in rerouted]
    decisions = [decision for scenario in wanted for decision in scored.get(scenario, ())]
    missed = sorted(frozenset[str]().union(*(d.violated for d in decisions)).difference(cleared))
    detail = f"one more step: {', '.join(missed)}" if missed else None
    good, total = sum(d.good for d in decisions), len(decisions)
    needed = math.ceil(round(assignment.pass_share * total, 6))

    state: State
    if not started and not handed_in:
        state = "not started"
    elif not set(wanted) <= set(handed_in):
        state = "in progress"
    elif not set(wanted) <= scored.keys():
        state = "handed in"
    elif missed:
        state = "one more step"
    elif any(d.points is None for d in decisions):
        state = "being marked"
    elif good >= needed:
        state = "passed"
    else:
        state = "not passed yet"
        detail = f"{good} of {total} decisions were best or acceptable; {needed} are needed"
    due = assignment.due_for(person)
    overdue = due is not None and today > due and state != "passed"
    return Standing(state, detail, due, overdue, len(assignment.scenarios) - len(wanted))
