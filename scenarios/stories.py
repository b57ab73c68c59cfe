"""Print ways through a scenario as stories, as a trainee would read them, so that its joints show."""

from __future__ import annotations

import argparse
import json
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from itertools import islice
from typing import Any, Literal

from scenarios import variants
from scenarios.check import playable
from scenarios.errors import CourseError
from scenarios.model import WRITTEN, Answer, Decision, Scenario, Step, payload
from scenarios.publish import load_draft
from scenarios.rules import walks
from scenarios.view import blocks, said

EXAMPLE = "python -m scenarios paths T01 --harmful"
MOST = 300
"""So many paths are told at most: more of them nobody reads."""
WIDTH = 96
HOW = (
    "At each decision they take the best answer or one harmful option, at least once a harmful one; "
    "what is written is the model answer. What reads as in the path before is left out."
)

Part = Literal["situation", "step", "ending", "prompt", "taken", "follows"]
Values = Mapping[str, Any]
"""Step id -> what is answered there, as in ``plays``; None: the model answer."""


@dataclass(frozen=True, slots=True)
class Passage:
    """What is read next; ``step`` is empty for the situation."""

    part: Part
    step: str
    text: str


@dataclass(frozen=True, slots=True)
class Story:
    """A path from the start to an ending: what is answered, by step the harmful options of it, and all that is read."""

    answers: Values
    harmful: Mapping[str, tuple[str, ...]]
    passages: tuple[Passage, ...]


def harms(decision: Decision, answer: Answer) -> tuple[str, ...]:
    """Return the harmful options that an answer takes: of a choice 0 points, else harmful or breaking a clause."""
    zero = decision.kind == "choice"
    taken = decision.triggered(answer)
    return tuple(o.id for o in taken if o.harmful or o.violates or (zero and not o.points))


def best(decision: Decision) -> list[Any]:
    """Return the best answer alone."""
    if decision.kind in WRITTEN:
        return [None]
    if decision.kind == "choice":
        return [max(decision.options, key=lambda o: o.points).id]
    return [[o.id for o in decision.options if o.correct or decision.kind == "order"]]


def best_or_harmful(decision: Decision) -> list[Any]:
    """Return the best answer, then one for each harmful option: chosen, ticked beside the best ones, or put first."""
    (right,) = best(decision)
    if decision.kind == "choice":
        values: list[Any] = [o.id for o in decision.options]
    elif decision.kind == "multiple":
        values = [[o.id for o in decision.options if o.correct or o is one] for one in decision.options]
    else:
        values = [[one.id, *(each for each in right if each != one.id)] for one in decision.options]
    return [right, *(value for value in values if harms(decision, payload(decision.kind, value)))]


def ways(scenario: Scenario, answers: Callable[[Decision], Sequence[Any]]) -> Iterator[Values]:
    """Yield every path that gives one of these answers at each decision; the last decision varies first."""

    def walk(step_id: str, so_far: Values) -> Iterator[Values]:
        for made, follows in _branches(scenario.steps[step_id], answers):
            if follows:
                yield from walk(follows, {**so_far, **made})
            else:
                yield {**so_far, **made}

    return walk(scenario.start, {})


def count(scenario: Scenario, answers: Callable[[Decision], Sequence[Any]]) -> int:
    """Return how many paths ``ways`` would yield, without walking each."""

    @cache
    def walk(step_id: str) -> int:
        branches = _branches(scenario.steps[step_id], answers)
        return sum(walk(follows) if follows else 1 for _, follows in branches)

    return walk(scenario.start)


def _branches(
    step: Step, answers: Callable[[Decision], Sequence[Any]]
) -> Iterator[tuple[Values, str | None]]:
    """Yield what may be answered at a step, and the step that follows; None after an ending."""
    if decision := step.decision:
        for value in answers(decision):
            yield {step.id: value}, decision.next_step(payload(decision.kind, value))
    else:
        yield {}, step.next


def tell(scenario: Scenario, answers: Values) -> Story:
    """Return what is read along a path; ``answers`` has one for each decision on it."""
    passages, harmful = [Passage("situation", "", scenario.situation)], {}
    follows: str | None = scenario.start
    while follows:
        step = scenario.steps[follows]
        passages.append(Passage("ending" if step.ending else "step", step.id, step.text))
        follows = step.next
        if decision := step.decision:
            value = answers[step.id]
            answer = payload(decision.kind, value)
            lines = [{"text": decision.model}] if value is None else said(decision, answer)
            passages.append(Passage("prompt", step.id, decision.prompt))
            passages += [Passage("taken", step.id, ": ".join(line.values())) for line in lines]
            passages += [Passage("follows", step.id, text) for text in decision.consequences(answer)]
            follows = decision.next_step(answer)
            if bad := harms(decision, answer):
                harmful[step.id] = bad
    return Story(answers, harmful, tuple(passages))


def harmful_stories(scenario: Scenario) -> Iterator[Story]:
    """Yield every path that takes a harmful option, the best answer elsewhere; at most ``MOST``."""
    told = (tell(scenario, answers) for answers in ways(scenario, best_or_harmful))
    yield from islice((story for story in told if story.harmful), MOST)


def lines(stories: Sequence[Story]) -> Iterator[str]:
    """Yield the stories to read; what reads as in the one before is left out, up to the step that differs."""
    before: Sequence[Passage] = ()
    for n, story in enumerate(stories, start=1):
        where = ", ".join(f"{step} ({', '.join(bad)})" for step, bad in story.harmful.items())
        yield f"--- {n} of {len(stories)}: " + (f"harmful at {where}" if where else "nothing harmful")
        same = 0
        while story.passages[: same + 1] == before[: same + 1]:
            same += 1
        while same and story.passages[same].part not in ("step", "ending"):
            same -= 1
        if same:
            yield f"\n[as before, up to {story.passages[same].step}]"
        for passage in story.passages[same:]:
            yield ""
            yield _set(passage)
        yield ""
        before = story.passages


def _set(passage: Passage) -> str:
    """Return a passage in lines as wide as a page."""
    mark = {"taken": "-> ", "prompt": "?  "}.get(passage.part, "")
    paragraphs = [
        f"{block['who']}: {block['text']}" if "who" in block else block["text"]
        for block in blocks(passage.text)
    ]
    return "\n\n".join(
        textwrap.fill(text, WIDTH, initial_indent=mark, subsequent_indent=" " * len(mark))
        for text in paragraphs
    )


def _asked(scenario: Scenario, args: argparse.Namespace) -> list[Story]:
    if args.harmful:
        return list(harmful_stories(scenario))
    if args.best:
        return [tell(scenario, answers) for answers in ways(scenario, best)]
    plays = {play.name: play.answers for play in scenario.plays}
    if args.play and args.play not in plays:
        raise CourseError(f"{scenario.id} has no play {args.play}; known are {', '.join(plays)}.")
    return [tell(scenario, plays[args.play])] if args.play else []


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("scenario", metavar="ID", help="the scenario, as T01")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--harmful", action="store_true", help="tell every path with a harmful option in it")
    which.add_argument("--best", action="store_true", help="tell the path of the best answers")
    which.add_argument("--play", metavar="NAME", help="tell the path of one of the scenario's plays")
    variants.add_argument(parser)
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how to print the result")


def run(args: argparse.Namespace) -> int:
    """Print how many paths there are and the stories asked for; without any, the ways through the steps."""
    scenario = variants.nth(load_draft(playable(args.scenario))[0], args.variant)
    stories, through = _asked(scenario, args), list(walks(scenario))
    harmful, plays = count(scenario, best_or_harmful) - 1, [play.name for play in scenario.plays]
    if args.format == "json":
        found = {"scenario": scenario.id, "version": scenario.version, "title": scenario.title}
        found |= {"ways": through, "harmful_paths": harmful, "plays": plays}
        print(json.dumps(found | {"stories": list(map(asdict, stories))}, indent=1, ensure_ascii=False))
        return 0
    print(f"{scenario.id} {scenario.title}: {len(through)} ways through its steps, {harmful} harmful paths")
    if args.harmful:
        print(HOW + (f" These are the first {MOST}." if harmful > MOST else ""))
    told = lines(stories) if stories else (" -> ".join(way) for way in through)
    print("", *told, sep="\n")
    if not stories:
        print(f"Read them as stories with --harmful, --best or --play {', '.join(plays)}.")
    return 0
