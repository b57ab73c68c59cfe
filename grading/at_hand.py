"""What lies at hand on a desk beside the scenarios: the policy in plain words, and what to do when it just happened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from grading.roster import Person
from scenarios import load
from scenarios.errors import CourseError
from scenarios.model import Scenario

SHOWN = ("id", "kind", "title", "statement", "condition", "exception", "follow_up", "critical", "who")
"""What a trainee reads of a clause."""


def at_hand(scenarios: Iterable[Scenario], supervisor: Person | None) -> dict[str, Any]:
    """Return ``policy.json``: every clause with the ids of those of the scenarios that practise it, and the moments.

    ``supervisor`` is whom a moment calls by that word; without one it is the on-call supervisor.

    Raises:
        CourseError: a policy file cannot be read, or a moment calls somebody who is not among the contacts.
    """
    practised: dict[str, list[str]] = {}
    for scenario in scenarios:
        for clause in _about(scenario):
            practised.setdefault(clause, []).append(scenario.id)
    contacts = {contact["id"]: contact for contact in load.support()}
    return {
        "schema": 1,
        "clauses": [
            {key: clause[key] for key in SHOWN} | {"scenarios": practised.get(clause["id"], [])}
            for clause in load.clauses().values()
        ],
        "moments": [
            {key: moment[key] for key in ("id", "title", "about", "steps", "clauses", "support")}
            | {"call": _call(moment["call"], contacts, supervisor)}
            for moment in load.moments()
        ],
    }


def _about(scenario: Scenario) -> set[str]:
    """Return the clauses that the decisions are about or that an option would break, and not which is which."""
    return {
        clause
        for _, decision in scenario.decisions()
        for clauses in (decision.clauses, *(option.violates for option in decision.options))
        for clause in clauses
    }


def _call(
    listed: Iterable[str], contacts: Mapping[str, Mapping[str, str]], supervisor: Person | None
) -> list[dict[str, str | None]]:
    """Return whom to call, each once: who stands in for a supervisor may be listed already."""
    called: dict[str, dict[str, str | None]] = {}
    for each in listed:
        if each == load.SUPERVISOR and supervisor:
            how = f"E-mail {supervisor.email}" if supervisor.email else "In person"
            called[each] = {"name": f"Your supervisor, {supervisor.name}", "how": how, "hours": None}
        else:
            key = load.STAND_IN if each == load.SUPERVISOR else each
            if key not in contacts:
                raise CourseError(
                    f"scenarios/policy/moments.yml calls {key}, which is not in scenarios/policy/support.yml; add it there."
                )
            called[key] = {name: contacts[key][name] for name in ("name", "how", "hours")}
    return list(called.values())
