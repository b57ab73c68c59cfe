"""The rules of a booster, pure: a situation of two decisions in which somebody meets one critical clause again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from scenarios.coverage import bound
from scenarios.load import Place
from scenarios.model import Scenario

DECISIONS, MINUTES = 2, 3
"""So many decisions a booster has, and so many minutes it takes at most."""
KINDS = ("choice", "multiple")


def findings(booster: Scenario, clauses: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[Place, str]]:
    """Yield what keeps a booster from showing that its clause, and nothing else, is understood now."""
    clause = booster.boosts
    critical = {name for name, one in clauses.items() if one["critical"]}
    if clause not in critical:
        yield ("id",), f"a booster is named after a critical clause; known are {', '.join(sorted(critical))}"
        return
    if booster.audience not in bound(clauses[clause]):
        audiences = ", ".join(sorted(bound(clauses[clause])))
        yield ("id",), f"{clause} does not bind this folder's audience; put the file with {audiences}"
    if booster.minutes > MINUTES:
        yield ("minutes",), f"a booster takes at most {MINUTES} minutes"
    if booster.note:
        yield ("note",), "a booster comes without warning; choose a situation that needs no note"
    if (found := sum(1 for _ in booster.decisions())) != DECISIONS:
        yield ("steps",), f"a booster has {DECISIONS} decisions, here are {found}"
    for index, step in enumerate(booster.steps.values()):
        if not (decision := step.decision):
            continue
        place = ("steps", index, "decision")
        if not decision.graded or decision.kind not in KINDS or decision.depends_on:
            yield place, "a booster's decision is a graded choice or multiple that waits for no ruling"
        if clause not in decision.clauses:
            yield (
                (*place, "clauses"),
                f"both decisions of this booster are about {clause}; name it, or move it",
            )
        if not any(clause in option.violates for option in decision.options):
            yield (*place, "options"), f"no option breaks {clause}, so nobody could miss it here again"
        for n, option in enumerate(decision.options):
            if others := sorted(critical.intersection(option.violates) - {clause}):
                yield (
                    (*place, "options", n, "violates"),
                    f"breaks {', '.join(others)} as well; a booster is about one critical clause",
                )
