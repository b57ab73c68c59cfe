"""The pure state of a play: events in, where the trainee stands out.

Replaying the log is the only way state is built, so a reload, a kernel crash and a regrade see the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from scenarios.errors import CourseError
from scenarios.model import ANSWER_KEY, Answer, Decision, Scenario, Step

Event = Mapping[str, Any]


def problem(decision: Decision, answer: Answer) -> str | None:
    """Return what is wrong with an answer in one plain sentence, or None if it can be taken."""
    key = ANSWER_KEY[decision.kind]
    value: Any = answer.get(key)
    ids = {o.id for o in decision.options}
    if decision.kind == "choice":
        return None if isinstance(value, str) and value in ids else "Choose one of the options."
    if decision.kind == "multiple":
        if not _strings(value) or not value or not ids.issuperset(value) or len(set(value)) != len(value):
            return "Tick at least one of the options."
        return None
    if decision.kind == "order":
        if not _strings(value) or len(value) != len(ids) or set(value) != ids:
            return "Put every line in order, each once."
        return None
    if decision.kind == "text":
        return None if isinstance(value, str) and value.strip() else "Write a sentence or two first."
    if not isinstance(value, dict) or not _strings([*value, *value.values()]):
        return "Fill in the form first."
    if unknown := value.keys() - {f.id for f in decision.fields}:
        return f"The form has no field {min(unknown)}."
    empty = [f.label for f in decision.fields if f.required and not value.get(f.id, "").strip()]
    return f"Still needed: {', '.join(empty)}." if empty else None


def _strings(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


class Session:
    """One attempt at a scenario, replayed from the events of its log.

    Attributes:
        path: the steps reached, in order; the last one is where the trainee stands.
        answers: step id -> payload of the first valid answer of this attempt.
        drafts: step id -> payload last typed and not yet committed.
        argued: steps whose decision the trainee would argue in supervision.
        started, finished: whether those events were met.
        rerouted: whether another route was taken, and the scenario not taken up again since.
        problems: one plain sentence per event that could not be used.
    """

    def __init__(self, scenario: Scenario, events: Iterable[Event] = (), attempt: int = 1) -> None:
        self.scenario = scenario
        self.attempt = attempt
        self.path: list[Step] = []
        self.answers: dict[str, Answer] = {}
        self.answered_at: dict[str, str] = {}
        self.drafts: dict[str, Answer] = {}
        self.argued: set[str] = set()
        self.started = False
        self.finished = False
        self.rerouted = False
        self.problems: list[str] = []
        self._go(scenario.start)
        for event in events:
            if event.get("attempt") == attempt:
                self.apply(event)

    @property
    def done(self) -> bool:
        """Whether nothing more is asked here: it was finished, or another route was taken."""
        return self.finished or self.rerouted

    @property
    def counted(self) -> dict[str, Answer]:
        """The answers that count: none where another route was taken."""
        return {} if self.rerouted else self.answers

    @property
    def current(self) -> Step | None:
        """The step whose decision is open, or None at an ending."""
        return None if self.path[-1].ending else self.path[-1]

    @property
    def decision(self) -> Decision | None:
        """The open decision, or None at an ending."""
        return self.path[-1].decision

    def apply(self, event: Event) -> None:
        """Take one event; what does not fit is noted in ``problems`` and changes nothing."""
        if why := self.refusal(event):
            self.problems.append(f"event {event.get('seq')} ({event.get('event')}) was ignored: {why}")
            return
        name, decision, step = event["event"], self.decision, self.path[-1].id
        if name == "rerouted":
            self.rerouted = True
        elif name == "started":
            self.started, self.rerouted = True, False
        elif name == "argued":
            (self.argued.add if event["on"] else self.argued.discard)(event["step"])
        elif name == "finished":
            self.finished = True
        elif decision:
            key = ANSWER_KEY[decision.kind]
            if name == "drafted":
                self.drafts[step] = {key: event[key]}
                return
            self.rerouted = False
            self.drafts.pop(step, None)
            self.answers[step] = {key: event[key]}
            self.answered_at[step] = str(event.get("at", ""))
            if follows := decision.next_step(event):
                self._go(follows)

    def event(self, name: str, payload: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return the event to be logged next; CourseError with a plain sentence if it does not fit here.

        ``payload`` is an answer, or what else the event carries; without a ``step`` it is about the open one.
        """
        event: dict[str, Any] = {"attempt": self.attempt, "event": name}
        if name not in ("started", "rerouted"):
            event |= {"step": self.path[-1].id, **(payload or {})}
        if why := self.refusal(event):
            raise CourseError(why)
        return event

    def refusal(self, event: Event) -> str | None:
        """Return in one plain sentence why an event does not fit here, or None if it does."""
        name, decision, here = event.get("event"), self.decision, self.path[-1]
        if name == "started":
            other = event.get("scenario", self.scenario.id) != self.scenario.id
            if other or event.get("version", self.scenario.version) != self.scenario.version:
                return f"it belongs to {event.get('scenario')!s:.20}@{event.get('version')!s:.20}"
            return "This attempt had started already." if self.started and not self.rerouted else None
        if name == "rerouted":
            if here.ending:
                return "The attempt was finished; its answers stand."
            offered = self.attempt == 1 and self.scenario.may_be_left_out
            return None if offered else "There is no other route around this."
        if name not in ("answered", "argued", "drafted", "finished"):
            return "unknown event"
        if not self.started:
            return "The attempt had not started."
        if name == "argued":  # what to talk about may come to mind later, too
            reached = any(step.id == event.get("step") and step.decision for step in self.path)
            return (
                None if reached and isinstance(event.get("on"), bool) else "It names no decision met so far."
            )
        if self.finished:
            return "The attempt was finished; its answers stand."
        step = str(event.get("step"))
        if step in self.answers:
            return f"Step {step} was answered before; the first answer stands."
        if step != here.id:
            return f"The open step was {here.id}, not {step:.40}."
        if name == "finished":
            return None if here.ending else "The scenario had not reached an ending."
        if not decision:
            return "Nothing is asked at an ending."
        if name == "drafted":
            return None if ANSWER_KEY[decision.kind] in event else "The draft does not fit the decision."
        return problem(decision, event)

    def _go(self, step_id: str) -> None:
        """Walk on to the next decision or ending, through bridges."""
        step = self.scenario.steps[step_id]
        self.path.append(step)
        if not step.decision and not step.ending and step.next:
            self._go(step.next)
