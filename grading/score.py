"""The one meaning of a score: whoever needs one, by either grading route, asks here."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

from grading.status import Scored
from scenarios.answers import Log, read_log
from scenarios.errors import CourseError
from scenarios.model import FULL, WRITTEN, Answer, Decision, Scenario
from scenarios.session import Session

Verdict = Literal["best", "acceptable", "poor", "harmful", "discussion", "compare"]


def points(decision: Decision, answer: Answer | None) -> float | None:
    """Return the points of an answer, 0 to ``decision.maximum``; None if a person must mark it.

    The formulas are CONTRACTS.md's (``Decision.points``); no answer scores 0.
    """
    return decision.points(answer)


def violated(decision: Decision, answer: Answer | None) -> tuple[str, ...]:
    """Return the clauses an answer breaks, sorted; free text breaks none until a marker says so.

    Nor does a decision that waits for the Center's ruling, which may well be that nothing was broken.
    """
    return tuple(sorted(decision.violated(answer))) if answer and decision.graded else ()


def verdict(decision: Decision, answer: Answer) -> Verdict:
    """Return what an answer amounts to, before any marker has read it.

    ``harmful``: a harmful option was taken. ``discussion``: not scored while the Center's ruling is open.
    ``compare``: a written answer, to be held beside the model answer.
    """
    if decision.kind in WRITTEN:
        return "compare"
    if not decision.graded:
        return "discussion"
    score = decision.points(answer) or 0.0
    if score >= FULL:
        return "best"
    if Scored(score, FULL).good:
        return "acceptable"
    taken = decision.triggered(answer)
    if (decision.kind == "choice" and not score) or any(option.harmful for option in taken):
        return "harmful"
    return "poor"


def belongs(log: Log, assignment: str) -> bool:
    """Return whether the first attempt of a log was made in this assignment."""
    started = (e for e in log.events if e.get("event") == "started" and e["attempt"] == 1)
    return all(event.get("assignment") == assignment for event in started)


def answers(log: Log, scenario: Scenario) -> Mapping[str, Answer]:
    """Return what counts of a log: the first attempt's first valid answer to each step reached."""
    return Session(scenario, log.events).counted


def cell(assignment: str, scenario: str, step: str) -> float:
    """Return the points of a decision: what a released grade cell runs.

    Scores only where nbgrader autogrades, and then whatever happens returns a plain float within 0 and
    the decision's maximum: nbgrader gives full marks to any other output, and none to a word on stderr.
    """
    if os.environ.get("NBGRADER_EXECUTION") != "autograde":
        return 0.0
    try:
        pinned = _pinned(assignment, scenario)
        decision = pinned.steps[step].decision
        log = read_log(Path(f"{scenario}.answers.jsonl"))
        if not decision or not belongs(log, assignment):
            return 0.0
        return _plain(decision, answers(log, pinned).get(step))
    except Exception as error:  # see above: an answer that cannot be read is worth nothing, in any case
        print(error)
        return 0.0


def _plain(decision: Decision, answer: Answer | None) -> float:
    score = float(decision.points(answer) or 0.0)
    return min(max(score, 0.0), float(decision.maximum)) if math.isfinite(score) else 0.0


@cache
def _pinned(assignment_id: str, scenario_id: str) -> Scenario:
    """Return the scenario in the version this assignment pins."""
    from scenarios import paths
    from scenarios.load import Document
    from scenarios.publish import load_published

    # Not validated again: that was done when it was released, and would cost each kernel more than the rest.
    for assignment in Document(paths.content() / "grading" / "assignments.yml").data["assignments"]:
        for ref in assignment["scenarios"]:
            if (assignment["id"], ref["id"]) == (assignment_id, scenario_id):
                return load_published(ref["id"], ref["version"])[0]
    raise CourseError(f"{scenario_id} is not in the assignment {assignment_id}; see grading/assignments.yml.")
