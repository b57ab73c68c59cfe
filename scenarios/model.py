"""What a scenario is: frozen data, no input or output.

One model serves the author's file, the published version and the trainee's view; the trainee's view
merely lacks points, keys, rationales and model answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

Kind = Literal["choice", "multiple", "order", "text", "form"]
Answer = Mapping[str, Any]
"""An answer's payload, one key: option (str), options, order (list of str), text (str), fields (dict)."""

ANSWER_KEY: Mapping[Kind, str] = {
    "choice": "option",
    "multiple": "options",
    "order": "order",
    "text": "text",
    "form": "fields",
}
WRITTEN: frozenset[Kind] = frozenset({"text", "form"})
"""The kinds a person reads: no option to take, so nothing to score without a marker."""

FULL = 3.0
"""Maximum of a decision that is scored by its options."""


@dataclass(frozen=True, slots=True)
class Option:
    """Something a trainee can take, tick or rank."""

    id: str
    text: str
    consequence: str = ""
    next: str | None = None
    points: float = 0.0
    correct: bool = False
    harmful: bool = False
    violates: tuple[str, ...] = ()
    rationale: str = ""


@dataclass(frozen=True, slots=True)
class Criterion:
    """One observable point of a rubric."""

    id: str
    text: str
    points: float


@dataclass(frozen=True, slots=True)
class Field:
    """One line of a form."""

    id: str
    label: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """A question and everything that can be answered to it."""

    kind: Kind
    prompt: str
    graded: bool
    clauses: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    gaps: Mapping[str, Mapping[str, Mapping[str, float]]] | None = None
    options: tuple[Option, ...] = ()
    fields: tuple[Field, ...] = ()
    rubric: tuple[Criterion, ...] = ()
    model: str = ""
    consequence: str = ""
    rationale: str = ""
    next: str | None = None

    @property
    def maximum(self) -> float:
        """Points that can be reached: 3, or the sum of the rubric of a written answer."""
        return sum(c.points for c in self.rubric) if self.kind in WRITTEN else FULL

    def option(self, option_id: str) -> Option:
        """Return the option of that id; KeyError if there is none."""
        for option in self.options:
            if option.id == option_id:
                return option
        raise KeyError(option_id)

    def triggered(self, answer: Answer) -> tuple[Option, ...]:
        """Return the options whose consequence, next step and violations follow from an answer.

        choice: the one chosen; multiple: those taken, in file order; order: the one put first.
        """
        if self.kind == "choice":
            return (self.option(answer["option"]),)
        if self.kind == "multiple":
            return tuple(o for o in self.options if o.id in answer["options"])
        if self.kind == "order":
            return (self.option(answer["order"][0]),)
        return ()

    def consequences(self, answer: Answer) -> tuple[str, ...]:
        """Return what follows from an answer, in the order it is told; may be empty."""
        own = tuple(o.consequence for o in self.triggered(answer) if o.consequence)
        return own or ((self.consequence,) if self.consequence else ())

    def next_step(self, answer: Answer) -> str | None:
        """Return the id of the step an answer leads to."""
        return next((o.next for o in self.triggered(answer) if o.next), self.next)

    def points(self, answer: Answer | None) -> float | None:
        """Return the points of an answer, 0 to ``maximum``, to 4 places; None if a person must mark it.

        choice: the option's points. multiple: 0 if anything harmful is taken, else
        3 * max(0, hits - wrong) / correct. order: 3 * (1 - sum|rank - key| / worst), the worst being
        the reversed order (Spearman's footrule). No answer scores 0.
        """
        if not answer:
            return 0.0
        taken = self.triggered(answer)
        if self.kind == "choice":
            return float(taken[0].points)
        if self.kind == "multiple":
            if any(o.harmful for o in taken):
                return 0.0
            hits = sum(o.correct for o in taken)
            share = max(0, 2 * hits - len(taken)) / sum(o.correct for o in self.options)
            return round(FULL * share, 4)
        if self.kind == "order":
            rank = {option_id: n for n, option_id in enumerate(answer["order"])}
            distance = sum(abs(rank[o.id] - key) for key, o in enumerate(self.options))
            return round(FULL * (1 - distance / (len(self.options) ** 2 // 2)), 4)
        return None

    def violated(self, answer: Answer) -> frozenset[str]:
        """Return the clauses an answer breaks."""
        return frozenset(clause for option in self.triggered(answer) for clause in option.violates)


@dataclass(frozen=True, slots=True)
class Step:
    """A moment of the story: a decision, a bridge (only ``next``) or an ending."""

    id: str
    text: str
    decision: Decision | None = None
    next: str | None = None
    ending: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    """A content note, read before entering."""

    text: str
    support: bool = False
    another_route: str | None = None


@dataclass(frozen=True, slots=True)
class Play:
    """A model run through a scenario, with the points it must score without a marker."""

    name: str
    answers: Mapping[str, Any]
    points: float


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in the story as its author sees them, so that patterns show; never published. None: not told."""

    name: str
    role: Literal["at-risk", "errs", "wise"]
    age: int | None
    culture: str | None
    family: str | None


@dataclass(frozen=True, slots=True)
class Scenario:
    """A situation with its steps; ``steps[id]`` keeps the file's order.

    ``variants`` are the words for the slots of its texts (``scenarios.variants``); empty once they are filled.
    """

    id: str
    version: int
    title: str
    minutes: int
    situation: str
    start: str
    steps: Mapping[str, Step]
    audience: str = ""
    note: Note | None = None
    approved: Mapping[str, str] | None = None
    plays: tuple[Play, ...] = ()
    people: tuple[Person, ...] = ()
    variants: tuple[Mapping[str, str], ...] = ()

    @property
    def boosts(self) -> str | None:
        """The clause that a booster (B17a) is about; None for a scenario of an assignment."""
        return clause_of(self.id) if self.id.startswith("B") else None

    @property
    def may_be_left_out(self) -> bool:
        """Whether its content note speaks of what somebody may need to keep away from, so that they can."""
        return self.note is not None and (self.note.support or bool(self.note.another_route))

    def decisions(self) -> Iterator[tuple[str, Decision]]:
        """Yield (step id, decision) in file order."""
        for step in self.steps.values():
            if step.decision:
                yield step.id, step.decision

    def graded(self, marked: frozenset[str] | set[str] = frozenset()) -> dict[str, Decision]:
        """Return the decisions that count, by step id.

        Scored kinds count when ``graded``; written kinds only when the assignment marks them.
        """
        return {
            step_id: decision
            for step_id, decision in self.decisions()
            if decision.graded and (decision.kind not in WRITTEN or step_id in marked)
        }


def clause_of(booster: str) -> str:
    """Return the clause of a booster's id: C17 of B17a."""
    return f"C{booster[1:3]}"


def payload(kind: Kind, value: Any) -> Answer:
    """Return a play's bare value as an answer's payload."""
    return {ANSWER_KEY[kind]: value}


def _option(data: Mapping[str, Any]) -> Option:
    return Option(**{**data, "violates": tuple(data.get("violates", ()))})


def _decision(data: Mapping[str, Any]) -> Decision:
    return Decision(
        kind=cast(Kind, data["kind"]),
        prompt=data["prompt"],
        graded=data["graded"],
        clauses=tuple(data.get("clauses", ())),
        depends_on=tuple(data.get("depends_on", ())),
        gaps=data.get("gaps"),
        options=tuple(map(_option, data.get("options", ()))),
        fields=tuple(Field(**f) for f in data.get("fields", ())),
        rubric=tuple(Criterion(**c) for c in data.get("rubric", ())),
        model=data.get("model", ""),
        consequence=data.get("consequence", ""),
        rationale=data.get("rationale", ""),
        next=data.get("next"),
    )


def _step(data: Mapping[str, Any]) -> Step:
    decision = _decision(data["decision"]) if data.get("decision") else None
    return Step(data["id"], data["text"], decision, data.get("next"), data.get("ending", False))


def from_dict(data: Mapping[str, Any], audience: str = "") -> Scenario:
    """Build a scenario from the content of an author's or a published file that passed the schema."""
    return Scenario(
        id=data["id"],
        version=data["version"],
        title=data["title"],
        minutes=data["minutes"],
        situation=data["situation"],
        start=data["start"],
        steps={s["id"]: _step(s) for s in data["steps"]},
        audience=audience or data.get("audience", ""),
        note=Note(**data["note"]) if data.get("note") else None,
        approved=data.get("approved"),
        plays=tuple(Play(**p) for p in data.get("plays", ())),
        people=tuple(Person(**p) for p in data.get("people", ())),
        variants=tuple(map(dict, data.get("variants", ()))),
    )


def from_trainee(data: Mapping[str, Any]) -> Scenario:
    """Build a scenario from the trainee's view (``T01.json``): no points, no rationale."""
    flat = ("kind", "prompt", "graded", "options", "fields", "consequence")
    steps = [
        {
            "id": s["id"],
            "text": s["text"],
            "ending": s.get("ending", False),
            "next": s.get("next"),
            "decision": {k: s[k] for k in (*flat, "next") if k in s} if s.get("kind") else None,
        }
        for s in data["steps"]
    ]
    return from_dict({**data, "steps": steps})
