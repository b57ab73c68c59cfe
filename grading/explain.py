"""The explanation of a finished scenario as data: pure, for locked answers only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from grading import score
from grading.course import Assignment
from scenarios.model import FULL, WRITTEN, Answer, Decision, Option, Scenario, payload


@dataclass(frozen=True, slots=True)
class Mark:
    """What a supervisor gave for a written answer, and released."""

    points: float
    maximum: float
    comment: str | None


def explanation(
    assignment: Assignment,
    scenario: Scenario,
    sha256: str,
    answers: Mapping[str, Answer],
    marks: Mapping[str, Mark],
    clauses: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    """Return ``<ID>.feedback.json`` for the committed answers, by step, of a finished first attempt.

    ``sha256`` is the published scenario's; ``marks`` holds the released ones by step; ``clauses`` the
    entries of clauses.yml by id.
    """
    graded = scenario.graded(assignment.marked_in(scenario.id))
    decisions = [
        _decision(step, decision, answers[step], step in graded, marks.get(step), clauses)
        for step, decision in scenario.decisions()
        if step in answers
    ]
    scored = [d for d in decisions if d["points"] is not None]
    total = {key: round(sum(d[key] for d in scored), 4) for key in ("points", "maximum")}
    return {
        "schema": 1,
        "assignment": assignment.id,
        "scenario": scenario.id,
        "version": scenario.version,
        "sha256": sha256,
        "score": total,
        "decisions": decisions,
    }


def _decision(
    step: str,
    decision: Decision,
    answer: Answer,
    graded: bool,
    mark: Mark | None,
    clauses: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    verdict: str = score.verdict(decision, answer)
    points = score.points(decision, answer) if graded else None
    if graded and decision.kind in WRITTEN:
        verdict, points = ("marked", mark.points) if mark else ("being marked", None)
    shown = [
        {key: clauses[c][key] for key in ("id", "title", "statement", "critical")}
        for c in decision.clauses
        if c in clauses
    ]
    return {
        "step": step,
        "kind": decision.kind,
        "prompt": decision.prompt,
        "graded": graded,
        "points": points,
        "maximum": float(decision.maximum) if graded else None,
        "verdict": verdict,
        "chosen": _chosen(decision, answer),
        "followed": list(decision.consequences(answer)),
        "explanation": decision.rationale or None,
        "best": _best(decision, verdict),
        "options": [
            {"id": option.id, "verdict": _verdict(decision, option), **_told(option)}
            for option in decision.options
        ],
        "clauses": shown,
        "violated": list(score.violated(decision, answer)),
        "rubric": [{"id": c.id, "text": c.text, "points": c.points} for c in decision.rubric],
        "model": _model(decision),
        "mark": {"points": mark.points, "maximum": mark.maximum, "comment": mark.comment} if mark else None,
    }


def _chosen(decision: Decision, answer: Answer) -> list[dict[str, str | None]]:
    """Return what was answered: options as taken or ranked, a text, or the lines of a form."""
    if decision.kind == "text":
        return [{"text": answer["text"], "explanation": None}]
    if decision.kind == "form":
        filled = answer["fields"]
        return [{"text": f"{f.label}: {filled.get(f.id, '')}", "explanation": None} for f in decision.fields]
    if decision.kind == "order":
        return [_told(decision.option(option)) for option in answer["order"]]
    return [_told(option) for option in decision.triggered(answer)]


def _best(decision: Decision, verdict: str) -> list[dict[str, str | None]]:
    """Return what would have been best, unless it was chosen or is open to discussion."""
    if verdict in ("best", "discussion"):
        return []
    if decision.kind == "choice":
        return [_told(option) for option in decision.options if option.points >= FULL]
    if decision.kind == "multiple":
        return [_told(option) for option in decision.options if option.correct]
    return [_told(option) for option in decision.options]


def _verdict(decision: Decision, option: Option) -> score.Verdict | None:
    """Return what an option amounts to by itself, so that practice can be explained; in an order none does."""
    if decision.kind == "order":
        return None
    if decision.kind == "choice":
        return score.verdict(decision, payload("choice", option.id))
    if not decision.graded:
        return "discussion"
    return "best" if option.correct else "harmful" if option.harmful else "poor"


def _told(option: Option) -> dict[str, str | None]:
    return {"text": option.text, "explanation": option.rationale or None}


def _model(decision: Decision) -> str | None:
    if isinstance(decision.model, str):
        return decision.model or None
    labels = {f.id: f.label for f in decision.fields}
    return "\n".join(f"{labels.get(key, key)}: {value}" for key, value in decision.model.items())
