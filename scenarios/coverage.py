"""Say which scenarios practice which clause, and what is missing."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from scenarios import load, model, paths, publish
from scenarios.model import Scenario
from scenarios.sheets import write_sheet

EXAMPLE = "python -m scenarios coverage --format json"
FOR_THE_CENTER = "supervisor"
"""Who practices a duty of the Center itself (``who: [center]``), for which the policy names nobody: who leads it."""
IN_SCENARIOS, CRITICAL_IN_SCENARIOS = 2, 3
"""So many scenarios practice a clause, and a critical one."""
CRITICAL_FOR_AUDIENCE = 2
"""So many situations practice a critical clause for each audience that it binds, and so many boosters: one to clear a
miss, and another after a second miss."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How a clause is practiced by one audience: in ``situations``, of which some are ``boosters``.

    ``needs`` is the number that there must be of either.
    """

    bound: bool
    needs: int
    situations: tuple[str, ...]
    boosters: tuple[str, ...]
    graded_decisions: int

    @property
    def missing(self) -> list[str]:
        """What is missing, in words: ``1 of 2 situations``."""
        kinds = {"situations": self.situations, "boosters": self.boosters}
        return [f"{len(met)} of {self.needs} {kind}" for kind, met in kinds.items() if len(met) < self.needs]


@dataclass(frozen=True, slots=True)
class Covered:
    """How a clause is practiced: the scenarios that do, ids in order, and each audience's part in it."""

    title: str
    critical: bool
    needs: int
    scenarios: tuple[str, ...]
    graded_decisions: int
    audiences: Mapping[str, Reach]

    @property
    def short(self) -> int:
        """How many scenarios are missing."""
        return max(0, self.needs - len(self.scenarios))

    @property
    def missing(self) -> list[str]:
        """What is missing, in words; empty if the clause is practiced enough."""
        found = [f"in {len(self.scenarios)} of {self.needs} scenarios"] if self.short else []
        return found + [
            f"{name.replace('-', ' ')}: {' and '.join(reach.missing)}"
            for name, reach in self.audiences.items()
            if reach.missing
        ]


def bound(clause: Mapping[str, Any]) -> set[str]:
    """Return the audiences that a clause binds, from its ``who``."""
    return {FOR_THE_CENTER if who == "center" else who for who in clause["who"]}


def coverage(clauses: Mapping[str, Mapping[str, Any]], library: Sequence[Scenario]) -> dict[str, Covered]:
    """Return by clause what practices it: decisions about it that are graded, and scored without a marker.

    Args:
        clauses: the policy's clauses by id, as in ``clauses.yml``.
        library: scenarios and boosters, their gaps resolved as wanted (``gaps_open``). A booster counts for its
            audience, with the one clause it is named after, and is no scenario.
    """
    graded = {s.id: list(s.graded().values()) for s in library}
    found = {}
    for clause_id, clause in clauses.items():
        critical: bool = clause["critical"]
        practicing = [s for s in library if not s.boosts] + [s for s in library if s.boosts == clause_id]
        about = {s.id: sum(clause_id in d.clauses for d in graded[s.id]) for s in practicing}
        audiences = {}
        for audience in paths.AUDIENCES:
            met = [s for s in practicing if s.audience == audience and about[s.id]]
            binds = audience in bound(clause)
            needs = CRITICAL_FOR_AUDIENCE if critical and binds else 0
            audiences[audience] = Reach(
                bound=binds,
                needs=needs,
                situations=tuple(s.id for s in met),
                boosters=tuple(s.id for s in met if s.boosts),
                graded_decisions=sum(about[s.id] for s in met),
            )
        found[clause_id] = Covered(
            title=clause["title"],
            critical=critical,
            needs=CRITICAL_IN_SCENARIOS if critical else IN_SCENARIOS,
            scenarios=tuple(s.id for s in practicing if about[s.id] and not s.boosts),
            graded_decisions=sum(about.values()),
            audiences=audiences,
        )
    return found


def gaps_open(data: Mapping[str, Any], audience: str) -> Scenario:
    """Return a library file's scenario as if the Center had ruled on nothing: what waits is not graded."""
    return model.from_dict(publish.resolve(data, audience, {}))


def library() -> list[Scenario]:
    """Return the whole library, boosters included, with all gaps open; CourseError if a file of it cannot be read."""
    return [gaps_open(load.read_data(path, "scenario"), path.parent.name) for path in load.scenario_files()]


def as_dict(found: Mapping[str, Covered]) -> dict[str, Any]:
    """Return a coverage as JSON data."""
    return {
        clause_id: {
            "scenarios": list(clause.scenarios),
            "graded_decisions": clause.graded_decisions,
            "critical": clause.critical,
            "needs": clause.needs,
            "audiences": {
                name: {
                    "bound": reach.bound,
                    "needs": reach.needs,
                    "situations": list(reach.situations),
                    "boosters": list(reach.boosters),
                    "graded_decisions": reach.graded_decisions,
                }
                for name, reach in clause.audiences.items()
            },
            "missing": clause.missing,
        }
        for clause_id, clause in found.items()
    }


def summary(found: Mapping[str, Covered]) -> str:
    """Return in one sentence how much of the policy is practiced enough."""
    critical = [clause for clause in found.values() if clause.critical]
    enough = [sum(not clause.missing for clause in group) for group in (list(found.values()), critical)]
    return (
        f"{enough[0]} of {len(found)} clauses are practiced enough, "
        f"{enough[1]} of the {len(critical)} critical ones."
    )


def lines(found: Mapping[str, Covered]) -> Iterable[str]:
    """Yield the matrix as text: a line a clause, critical ones with a star, then what is missing."""
    for clause_id, clause in found.items():
        reaches = "  ".join(
            f"{name} {' '.join(reach.situations) or '-'}" for name, reach in clause.audiences.items()
        )
        yield f"{clause_id}{'*' if clause.critical else ' '} {clause.title}: {clause.graded_decisions} decisions  {reaches}"
    for clause_id, clause in found.items():
        if clause.missing:
            yield f"missing: {clause_id}{' (critical)' * clause.critical} {'; '.join(clause.missing)}"
    yield summary(found)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "--format",
        choices=("text", "json", "html"),
        default="text",
        help="text and json exit with 1 if anything is missing; html writes .course/reports/coverage.html",
    )


def run(args: argparse.Namespace) -> int:
    """Print the coverage, or write its page and say where it is."""
    practiced = library()
    found = coverage(load.clauses(), practiced)
    if args.format == "html":
        page = paths.written() / "reports" / "coverage.html"
        shown = {"found": found, "library": practiced, "summary": summary(found), "today": date.today()}
        print(write_sheet(page, "coverage", **shown))
        return 0
    if args.format == "json":
        print(json.dumps(as_dict(found), indent=1))
    else:
        print(*lines(found), sep="\n")
    return 1 if any(clause.missing for clause in found.values()) else 0
