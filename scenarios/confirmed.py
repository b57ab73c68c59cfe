"""Confirm that scenarios fit the clauses they turn on, as these are worded now; without a name, list what waits."""

from __future__ import annotations

import argparse
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from scenarios import edit, load, paths, rules
from scenarios.errors import CourseError
from scenarios.load import Place
from scenarios.model import Decision, Scenario

EXAMPLE = "python -m scenarios confirm T01 T03"
SILENT = ("id", "lines")
"""What of a clause may change without a scenario having to be read again."""
CITED = re.compile(r"\bC\d\d\b")

HEADER = """\
# Against which wording of its clauses each scenario was last read: the first figures of the clause's hash.
# Written by `python -m scenarios confirm T01`; `make check` says which scenarios a changed clause made stale.
schema: 1
confirmed:
"""

Confirmed = Mapping[str, Mapping[str, str]]
"""Scenario id -> clause id -> hash."""


def turns_on(decision: Decision) -> frozenset[str]:
    """Return the clauses of a decision: those it is about, those its options break, those its rationales cite."""
    cited = CITED.findall(" ".join((decision.rationale, *(o.rationale for o in decision.options))))
    broken = (clause for option in decision.options for clause in option.violates)
    return frozenset((*decision.clauses, *broken, *cited))


def wording(clause: Mapping[str, Any]) -> str:
    """Return 12 hexadecimal digits of the SHA-256 of what a clause says, whom it binds and how critical it is."""
    said = {key: value for key, value in clause.items() if key not in SILENT}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:12]


def lock() -> Path:
    """Return the file of what was confirmed; it may be missing."""
    return paths.policy() / "confirmed.yml"


def read() -> Confirmed:
    """Return what was confirmed; CourseError if the file is damaged."""
    found: Confirmed = load.read_data(lock(), "confirmed")["confirmed"] if lock().exists() else {}
    return found


def confirm(files: Iterable[Path]) -> None:
    """Record the wording of the clauses that the scenarios in these library files turn on.

    Raises:
        CourseError: one of the files cannot be read, or is not written to its end; nothing is recorded.
    """
    clauses, files = load.clauses(), list(files)
    for path in files:
        for place, message in rules.unwritten(load.read_data(path, "scenario")):
            raise CourseError(f"Nothing was confirmed. {load.Document(path).problem(place, message)}")
    known = {path.name.split("-")[0] for path in load.scenario_files()}
    now = {scenario.id: _wordings(scenario, clauses) for scenario in map(load.scenario, files)}
    kept = {scenario: at for scenario, at in read().items() if scenario in known}
    lines = (f"  {scenario}: {edit.in_one_line(at)}\n" for scenario, at in sorted((kept | now).items()))
    lock().write_text(HEADER + "".join(lines), "utf-8")


def _wordings(scenario: Scenario, clauses: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    named = {clause for _, decision in scenario.decisions() for clause in turns_on(decision)}
    return {clause: wording(clauses[clause]) for clause in sorted(named & clauses.keys())}


def findings(
    scenario: Scenario, clauses: Mapping[str, Mapping[str, Any]], confirmed: Confirmed
) -> Iterator[tuple[Place, str]]:
    """Yield the decisions that need review: a clause of theirs is not as it was when the scenario was confirmed."""
    remedy = f"read it again, then run `python -m scenarios confirm {scenario.id}`"
    if scenario.id not in confirmed:
        yield ("id",), f"review needed: nobody confirmed yet that this fits the clauses; {remedy}"
        return
    at = confirmed[scenario.id]
    stale = {clause for clause, now in _wordings(scenario, clauses).items() if at.get(clause) != now}
    for index, step in enumerate(scenario.steps.values()):
        if step.decision and (changed := sorted(turns_on(step.decision) & stale)):
            yield (
                ("steps", index, "decision", "clauses"),
                f"review needed: {', '.join(changed)} changed or came in since this was confirmed; {remedy}",
            )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("scenarios", nargs="*", metavar="ID", help="scenarios that were read again, as T01")


def run(args: argparse.Namespace) -> int:
    """Record the scenarios named, or list the decisions that need review."""
    if args.scenarios:
        confirm([load.find(scenario) for scenario in args.scenarios])
        print(f"Confirmed: {', '.join(args.scenarios)}.")
        return 0
    clauses, confirmed = load.clauses(), read()
    for path in load.scenario_files():
        document = load.Document(path)
        for finding in findings(load.scenario(path), clauses, confirmed):
            print(document.problem(*finding))
    return 0
