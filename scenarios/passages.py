"""Every text of a scenario that somebody reads, with its place in the file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from scenarios.model import Decision, Scenario

Part = Literal[
    "title", "note", "situation", "step", "ending", "prompt", "option", "consequence", "rationale", "written"
]
"""What a passage is; ``written`` is what belongs to a text or form: labels, rubric and model answer."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A text, its part in the story and its place: keys and indexes from the top of the file."""

    place: tuple[str | int, ...]
    part: Part
    text: str


def passages(scenario: Scenario) -> Iterator[Passage]:
    """Yield the texts that are not empty, in the order of the file."""
    yield Passage(("title",), "title", scenario.title)
    if scenario.note:
        yield Passage(("note", "text"), "note", scenario.note.text)
    yield Passage(("situation",), "situation", scenario.situation)
    for index, step in enumerate(scenario.steps.values()):
        yield Passage(("steps", index, "text"), "ending" if step.ending else "step", step.text)
        if step.decision:
            for found in _decision(("steps", index, "decision"), step.decision):
                if found.text:
                    yield found


def _decision(place: tuple[str | int, ...], decision: Decision) -> Iterator[Passage]:
    yield Passage((*place, "prompt"), "prompt", decision.prompt)
    for n, option in enumerate(decision.options):
        at = (*place, "options", n)
        yield Passage((*at, "text"), "option", option.text)
        yield Passage((*at, "consequence"), "consequence", option.consequence)
        yield Passage((*at, "rationale"), "rationale", option.rationale)
    for n, field in enumerate(decision.fields):
        yield Passage((*place, "fields", n, "label"), "written", field.label)
    for n, criterion in enumerate(decision.rubric):
        yield Passage((*place, "rubric", n, "text"), "written", criterion.text)
    yield Passage((*place, "model"), "written", decision.model)
    yield Passage((*place, "consequence"), "consequence", decision.consequence)
    yield Passage((*place, "rationale"), "rationale", decision.rationale)
