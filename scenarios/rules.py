"""The rules a scenario must keep, pure: each yields (place in the file, message)."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Any

from scenarios.load import Place
from scenarios.model import Decision, Play, Scenario, payload
from scenarios.passages import passages
from scenarios.session import Session, problem

Finding = tuple[Place, str]

SAFE_MESSAGING = re.compile(
    r"\b(commit(s|ted|ting)? suicide|complet(e|es|ed|ing) suicide|"
    r"(successful|unsuccessful|failed|botched) (suicide|(suicide )?attempts?)|"
    r"suicid(e|al) (gestures?|threats?|victims?|bids?)|suicide (epidemic|hot ?spot)|epidemic of suicides?|"
    r"cr(y|ies) for (help|attention)|attention[- ]seeking)\b",
    re.IGNORECASE,
)
"""Wording that blames, glorifies or belittles, as guidance on speaking of suicide advises against: Recommendations for
Reporting on Suicide (reportingonsuicide.org); WHO, Preventing suicide: a resource for media professionals (2023);
Samaritans' Media Guidelines (2020)."""
METHOD = re.compile(
    r"\b(overdos(e|es|ed|ing)|(hang(s|ed|ing)?|shot|shoot(s|ing)?|cut(s|ting)?|drown(s|ed|ing)?|poison(s|ed|ing)?) "
    r"(my|your|her|him|one|them)sel(f|ves)|(slit|cut)(s|ting)? (my|your|her|his|their) (wrists?|throats?)|"
    r"jump(s|ed|ing)? (off|in front of)|nooses?)\b",
    re.IGNORECASE,
)
"""Words for how somebody ends a life: the same guidance asks to leave out the method, the place and the details."""
SUICIDE = re.compile(
    r"\b(suicid\w*|(kill(s|ed|ing)?|harm(s|ed|ing)?) (my|your|her|him|them)sel(f|ves)|"
    r"(end(s|ed|ing)?|tak(e|es|ing)|took) (my|your|her|his|their) own li(fe|ves)|"
    r"end(s|ed|ing)? (my|your|her|his|their) li(fe|ves))\b",
    re.IGNORECASE,
)
"""What a reader should be told of before, with support contacts at hand."""
PLACEHOLDER = re.compile(r"\[\[\s*(.*?)\s*]]", re.DOTALL)
"""What a new file says in the place of a text that its author has still to write."""


def findings(scenario: Scenario, clauses: Mapping[str, Any], gaps: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield everything wrong with one scenario that passed the schema."""
    broken = list(_references(scenario))
    yield from broken
    yield from _known(scenario, clauses, gaps)
    if not broken:  # a walk needs steps that exist, a play needs a walk that ends
        walk = list(_paths(scenario))
        yield from walk or _plays(scenario)
    for index, step in enumerate(scenario.steps.values()):
        if step.decision:
            place = ("steps", index, "decision")
            for where, message in itertools.chain(_key(step.decision), _gaps(step.decision, gaps)):
                yield (*place, *where), message
    yield from _safe_messaging(scenario)


def unwritten(data: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield what an author has still to write in a file that passed the schema, once a step or other part of it."""
    parts: list[tuple[Place, Any]] = [((key,), value) for key, value in data.items() if key != "steps"]
    parts += [(("steps", n), step) for n, step in enumerate(data["steps"])]
    for place, part in parts:
        if left := [(at, asked) for at, text in texts(part, place) for asked in PLACEHOLDER.findall(text)]:
            more = f"; {len(left) - 1} more in this part" if left[1:] else ""
            at, asked = left[0]
            yield at, f"still to write, in the place of [[ ]]: {' '.join(asked.split())}{more}"


def unnamed(scenario: Scenario) -> Iterator[Finding]:
    """Yield whether no graded decision names a clause; one alone may be about what the policy says nothing of."""
    if not any(decision.clauses for _, decision in scenario.decisions() if decision.graded):
        yield (
            ("steps",),
            "no decision names a clause; write those each is about, as [C17], behind its clauses",
        )


def texts(value: Any, place: Place) -> Iterator[tuple[Place, str]]:
    """Yield every text in a part of a file, with its place."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, (dict, list)):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from texts(item, (*place, key))


def _targets(scenario: Scenario) -> Iterator[tuple[Place, str]]:
    """Yield every reference to a step and where it stands."""
    yield ("start",), scenario.start
    for index, step in enumerate(scenario.steps.values()):
        if step.next:
            yield ("steps", index, "next"), step.next
        if decision := step.decision:
            if decision.next:
                yield ("steps", index, "decision", "next"), decision.next
            for n, option in enumerate(decision.options):
                if option.next:
                    yield ("steps", index, "decision", "options", n, "next"), option.next


def successors(scenario: Scenario, step_id: str) -> set[str]:
    """Return the ids of the steps that can follow a step."""
    step = scenario.steps[step_id]
    if not step.decision:
        return {step.next} if step.next else set()
    options = step.decision.options
    nexts = {o.next or step.decision.next for o in options} | {step.decision.next}
    return {n for n in nexts if n}


def walks(scenario: Scenario) -> Iterator[tuple[str, ...]]:
    """Yield every path from the start to an ending, as step ids; ValueError on a circle."""

    def walk(path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        follow = successors(scenario, path[-1])
        if not follow:
            yield path
        for step in sorted(follow):
            if step in path:
                raise ValueError(f"{' -> '.join(path)} -> {step} goes in a circle")
            yield from walk((*path, step))

    yield from walk((scenario.start,))


def _references(scenario: Scenario) -> Iterator[Finding]:
    for place, target in _targets(scenario):
        if target not in scenario.steps:
            yield place, f"there is no step {target}; known are {', '.join(scenario.steps)}"
    for index, step in enumerate(scenario.steps.values()):
        if decision := step.decision:
            for name, items in (
                ("options", decision.options),
                ("fields", decision.fields),
                ("rubric", decision.rubric),
            ):
                ids = [item.id for item in items]
                for n, item_id in enumerate(ids):
                    if item_id in ids[:n]:
                        yield ("steps", index, "decision", name, n), f"{item_id} stands twice; ids are unique"


def _paths(scenario: Scenario) -> Iterator[Finding]:
    reached: set[str] = set()
    skipped: dict[str, tuple[str, ...]] = {}
    must = {step_id for step_id, d in scenario.decisions() if d.graded}
    try:
        for path in walks(scenario):
            reached |= set(path)
            if not scenario.steps[path[-1]].ending:
                yield ("steps",), f"the path {' -> '.join(path)} stops without an ending"
            for step_id in must.difference(path):
                skipped.setdefault(step_id, path)
    except ValueError as circle:
        yield ("steps",), str(circle)
        return
    for index, step_id in enumerate(scenario.steps):
        if step_id not in reached:
            yield ("steps", index, "id"), f"no path reaches {step_id}; link it or remove it"
        elif step_id in skipped:
            way = " -> ".join(skipped[step_id])
            yield (
                ("steps", index, "decision"),
                f"every path must meet a graded decision, but {way} skips {step_id}",
            )


def _known(scenario: Scenario, clauses: Mapping[str, Any], gaps: Mapping[str, Any]) -> Iterator[Finding]:
    for index, step in enumerate(scenario.steps.values()):
        if not (decision := step.decision):
            continue
        place = ("steps", index, "decision")
        for n, clause in enumerate(decision.clauses):
            if clause not in clauses:
                yield (*place, "clauses", n), f"{clause} is not in scenarios/policy/clauses.yml"
        for n, option in enumerate(decision.options):
            for m, clause in enumerate(option.violates):
                if clause not in clauses:
                    yield (
                        (*place, "options", n, "violates", m),
                        f"{clause} is not in scenarios/policy/clauses.yml",
                    )
        for n, gap in enumerate(decision.depends_on):
            if gap not in gaps:
                yield (*place, "depends_on", n), f"{gap} is not in scenarios/policy/gaps.yml"


def _key(decision: Decision) -> Iterator[Finding]:
    if decision.kind == "choice":
        if (best := sum(o.points == 3 for o in decision.options)) != 1:
            yield ("options",), f"exactly one option has 3 points, here {best} have"
        for n, option in enumerate(decision.options):
            if option.violates and option.points > 0:
                yield ("options", n, "points"), "an option that violates a clause has 0 points"
    if decision.kind == "multiple":
        if not any(o.correct for o in decision.options):
            yield ("options",), "no option is correct"
        for n, option in enumerate(decision.options):
            if option.harmful and option.correct:
                yield ("options", n, "harmful"), "an option cannot be both correct and harmful"
            if option.violates and not option.harmful:
                yield ("options", n, "violates"), "an option that violates a clause is harmful: true"
    if decision.kind == "order" and decision.options[0].violates:
        yield ("options", 0, "violates"), "the first of the key order cannot violate a clause"


def _gaps(decision: Decision, gaps: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield where a key flips under a ruling of a gap it touches without waiting for that ruling."""
    options = {o.id: o.points for o in decision.options}
    key = _extremes(options)
    flips = set()
    for gap_id, rulings in (decision.gaps or {}).items():
        if decision.kind != "choice":
            yield ("gaps",), "rulings change the points of a choice only; use depends_on"
            return
        if gap_id not in gaps:
            yield ("gaps", gap_id), f"{gap_id} is not in scenarios/policy/gaps.yml"
            continue
        known = [r["id"] for r in gaps[gap_id]["rulings"]]
        for ruling, changes in rulings.items():
            if ruling not in known:
                yield (
                    ("gaps", gap_id, ruling),
                    f"{gap_id} has no ruling {ruling}; known are {', '.join(known)}",
                )
            for option in changes.keys() - options:
                yield ("gaps", gap_id, ruling, option), f"there is no option {option}"
            if _extremes(options | dict(changes)) != key:
                flips.add(gap_id)
    for gap_id in sorted(flips.difference(decision.depends_on)):
        yield ("gaps", gap_id), f"a ruling flips the best or a harmful option; add {gap_id} to depends_on"
    for n, gap_id in enumerate(decision.depends_on):
        if decision.kind == "choice" and gap_id in gaps and gap_id not in flips:
            yield (
                ("depends_on", n),
                f"no ruling listed under gaps flips this key; remove {gap_id} or list the change",
            )


def _extremes(points: Mapping[str, float]) -> tuple[frozenset[str], frozenset[str]]:
    best = max(points.values(), default=0)
    return (
        frozenset(k for k, v in points.items() if v == best),
        frozenset(k for k, v in points.items() if v == 0),
    )


def _plays(scenario: Scenario) -> Iterator[Finding]:
    names = [play.name for play in scenario.plays]
    for missing in {"best", "harmful", "mixed"}.difference(names):
        yield ("plays",), f"the play {missing} is missing"
    for index, play in enumerate(scenario.plays):
        try:
            session = run(scenario, play)
        except ValueError as error:
            yield ("plays", index, "answers"), str(error)
            continue
        decisions = dict(scenario.decisions())
        total = sum(decisions[step].points(answer) or 0.0 for step, answer in session.answers.items())
        if round(total, 4) != round(play.points, 4):
            yield ("plays", index, "points"), f"{play.name} scores {total:g}, not {play.points:g}"
        if unused := play.answers.keys() - session.answers:
            yield ("plays", index, "answers"), f"this play never reaches {', '.join(sorted(unused))}"


def run(scenario: Scenario, play: Play) -> Session:
    """Play a model play to its ending; ValueError names the step where it cannot go on."""
    session = Session(scenario, [{"attempt": 1, "event": "started"}])
    while session.current and session.decision:
        step, decision = session.current, session.decision
        if step.id not in play.answers:
            raise ValueError(f"{play.name} has no answer for {step.id}")
        answer = payload(decision.kind, play.answers[step.id])
        if why := problem(decision, answer):
            raise ValueError(f"{play.name}, {step.id}: {why}")
        session.apply({"attempt": 1, "event": "answered", "step": step.id, **answer})
        if session.problems:
            raise ValueError(f"{play.name}, {step.id}: {session.problems[0]}")
    return session


def _safe_messaging(scenario: Scenario) -> Iterator[Finding]:
    supported = scenario.note is not None and scenario.note.support
    for passage in passages(scenario):
        yield from unsafe(passage.place, passage.text)
        if supported and (found := METHOD.search(passage.text)):
            yield passage.place, f"names a method: {found.group()}; say what it means for the person instead"
        if not supported and (found := SUICIDE.search(passage.text)):
            yield passage.place, f"speaks of {found.group()}; add a note with support: true"


def unsafe(place: Place, text: str) -> Iterator[Finding]:
    """Yield what is unsafe in the wording of a text."""
    if found := SAFE_MESSAGING.search(text):
        yield (
            place,
            f"unsafe wording: {found.group()}; write plainly what happened: died by suicide, attempt, asked for help",
        )
