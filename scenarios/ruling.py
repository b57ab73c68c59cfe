"""Record the Center's ruling on an open question of the policy."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from datetime import date

from scenarios import edit, load, paths, publish
from scenarios.errors import CourseError
from scenarios.questions import Touched, touched

EXAMPLE = 'python -m scenarios rule G04 --decision welfare-alone-is-enough --by "A. Nwosu, clinical director"'


def rule(gap_id: str, decision: str, by: str, on: date) -> None:
    """Write a ruling into ``gaps.yml``; nothing else of the file changes.

    Raises:
        CourseError: there is no such gap or ruling, or the gap is ruled already.
    """
    gaps = load.gaps()
    if gap_id not in gaps:
        raise CourseError(
            f"There is no gap {gap_id} in scenarios/policy/gaps.yml; known are {', '.join(gaps)}."
        )
    gap = gaps[gap_id]
    if made := gap["ruling"]:
        raise CourseError(
            f"{gap_id} was ruled on {made['decided_on']} by {made['decided_by']}: {made['decision']}. Nothing changed; "
            f"to take that back, first write `ruling: null` for {gap_id} in scenarios/policy/gaps.yml."
        )
    known = [ruling["id"] for ruling in gap["rulings"]]
    if decision not in known:
        raise CourseError(
            f"{gap_id} has no ruling {decision}; known are {', '.join(known)}. "
            f"A ruling of the Center's own is first listed under rulings of {gap_id} in scenarios/policy/gaps.yml."
        )
    ruling = {"decision": decision, "decided_by": by, "decided_on": on.isoformat()}
    place = ("gaps", list(gaps).index(gap_id), "ruling")
    edit.replace(paths.policy() / "gaps.yml", "gaps", {place: ruling})


def follows(gap_id: str) -> Iterator[str]:
    """Yield, in plain sentences, what a ruling changes: decisions that count from now on, versions to raise."""
    gaps = load.gaps()
    for path in load.scenario_files():
        scenario = load.scenario(path)
        found = touched(gap_id, [scenario])
        for one in found:
            yield f"{scenario.id}/{one.step} {_now(one, [g for g in one.decision.depends_on if not gaps[g]['ruling']])}."
        pinned = publish.pinned_file(scenario.id, scenario.version)
        if found and pinned.exists() and pinned.read_bytes() != publish.draft(path):
            yield (
                f"{pinned.name} is published and stays as it is, with all its scores: raise `version` in {path.name} "
                f"to {scenario.version + 1} and release that in a new assignment."
            )


def _now(one: Touched, still: list[str]) -> str:
    if still:
        return f"waits for {', '.join(still)}, too"
    return "is scored in the next published version" if one.waits else "has its points by this ruling"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("gap", metavar="GAP", help="the open question, as in scenarios/policy/gaps.yml")
    parser.add_argument("--decision", required=True, metavar="ID", help="which of the gap's rulings")
    parser.add_argument("--by", required=True, metavar="NAME", help="who decided: name and role")
    parser.add_argument(
        "--on", type=date.fromisoformat, default=date.today(), metavar="DAY", help="the day (default: today)"
    )


def run(args: argparse.Namespace) -> int:
    """Record the ruling and say what follows."""
    rule(args.gap, args.decision, args.by, args.on)
    print(f"{args.gap} is ruled: {args.decision}.")
    print("\n".join(follows(args.gap)) or "No decision turns on it.")
    return 0
