"""How the scenarios are written, pure: what stands out in one, and across the whole library."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher

from scenarios import slots, variants
from scenarios.chance import Habit, extremes, habits
from scenarios.language import WORD, Words, grade, misspelled
from scenarios.load import Place
from scenarios.model import Person, Scenario
from scenarios.passages import Passage, passages
from scenarios.rules import walks

GIVE_AWAY = re.compile(
    r"\b(always|never|only|must|obviously|clearly|of course|at all times|no matter what|under no circumstances|"
    r"in every case|without exception|(all|none|both|neither|any) of (the above|these|them))\b",
    re.IGNORECASE,
)
"""Words by which a test-wise reader tells an option's worth (Haladyna, Downing and Rodriguez 2002, Applied Measurement
in Education 15(3): specific determiners, all and none of the above)."""
SPEAKER = re.compile(r"^> (.+?):\s", re.MULTILINE)
"""Who speaks in a line of dialogue."""
REPEATED, COPIED = 12, 20
"""So many words in a row, met twice, are worth a look; so many are a copy."""
TOLD = ("situation", "step", "ending", "option", "consequence", "rationale")
"""The parts that should not repeat one another; prompts and content notes may have a standard wording."""
HARD, LONG = 10.0, 30
"""A reading grade above this is a warning: of a whole scenario, or of a passage of so many words."""
SUSPECT, CERTAIN = 0.05, 0.01
"""A habit that chance brings so rarely is worth a look; one so rare gives the key away. What hardly ever is the key
can be struck out as well: that is worth a look from the second on."""
USUAL, MANY = 0.6, 10
"""Where lines can be ticked, so many are right in a larger share of at least ``MANY`` decisions: it is safe to tick that
many without reading."""

Found = tuple[Place, str, bool]
"""A remark without its scenario."""


@dataclass(frozen=True, slots=True)
class Remark:
    """Something to mend (``problem``) or to look at; ``scenario`` is its index, None for the whole library."""

    scenario: int | None
    place: Place
    message: str
    problem: bool


@dataclass(slots=True)
class Review:
    """What was found, with its numbers: reading grades and people by scenario, habits over all choices.

    Of a scenario with variants the grade is that of the hardest; people and choices are those of the first.
    ``ticks``: how many lines are right -> in so many decisions where lines are ticked.
    """

    remarks: list[Remark] = field(default_factory=list)
    grades: dict[str, float] = field(default_factory=dict)
    people: dict[str, tuple[Person, ...]] = field(default_factory=dict)
    habits: list[Habit] = field(default_factory=list)
    ticks: Counter[int] = field(default_factory=Counter)

    @property
    def summary(self) -> str:
        """Return the numbers in a line."""
        told = ", ".join(f"{h.what} in {h.hits} (chance {h.expected:.0f})" for h in self.habits)
        choices, hardest = self.habits[0].of, max(self.grades.values(), default=0.0)
        return f"of {choices} choices the best option is {told}; reading grades up to {hardest:.1f}"


def review(scenarios: Sequence[Scenario], words: Words) -> Review:
    """Return how a library is written, in each variant of it."""
    found = Review()
    every = [variants.each(scenario) for scenario in scenarios]
    for index, (scenario, each) in enumerate(zip(scenarios, every, strict=True)):
        found.grades[scenario.id] = max(_grade(one, words) for one in each)
        found.people[scenario.id] = each[0].people
        for where, (place, message, problem) in slots.in_each(each, lambda one: _alone(one, words)):
            found.remarks.append(Remark(index, place, where + message, problem))
        found.remarks += [Remark(index, *one) for one in _only_in_some(each)]
    found.remarks += _repeats_in_each(every)
    found.habits = habits(
        {f"{s.id}/{step}": d for s, *_ in every for step, d in s.decisions() if d.kind == "choice"}
    )
    found.ticks = Counter(
        sum(option.correct for option in decision.options)
        for scenario in scenarios
        for _, decision in scenario.decisions()
        if decision.kind == "multiple"
    )
    found.remarks += (*_telling(found.habits), *_usual_ticks(found.ticks))
    return found


def _alone(scenario: Scenario, words: Words) -> Iterator[Found]:
    """Yield what stands out in a scenario by itself."""
    yield from _hard_to_read(scenario, words)
    yield from _spelling(scenario, words)
    yield from _give_aways(scenario)
    yield from _same_consequences(scenario)


def _grade(scenario: Scenario, words: Words) -> float:
    return grade("\n\n".join(passage.text for passage in passages(scenario)), words)


def _hard_to_read(scenario: Scenario, words: Words) -> Iterator[Found]:
    long = [p for p in passages(scenario) if len(_words(p.text)) >= LONG]
    for place, read in [((), _grade(scenario, words)), *((p.place, grade(p.text, words)) for p in long)]:
        if read > HARD:
            message = f"reading grade {read:.1f}; {HARD:g} or less is wanted: shorten sentences and words"
            yield place, message, False


def _spelling(scenario: Scenario, words: Words) -> Iterator[Found]:
    told = [person.name for person in scenario.people]
    told += [who for passage in passages(scenario) for who in SPEAKER.findall(passage.text)]
    names = {word for name in told for word in WORD.findall(name) if word.istitle()}
    met: set[str] = set()
    for passage in passages(scenario):
        for word in misspelled(passage.text, words, names):
            if word in met:
                continue
            met.add(word)
            message = f"{word} is in no dictionary; correct it or add it to scenarios/library/words.yml"
            yield passage.place, message, True


def _give_aways(scenario: Scenario) -> Iterator[Found]:
    for passage in passages(scenario):
        if passage.part == "option":
            for match in GIVE_AWAY.finditer(passage.text):
                yield passage.place, f"gives itself away: {match.group()}", False


def _same_consequences(scenario: Scenario) -> Iterator[Found]:
    for index, step in enumerate(scenario.steps.values()):
        met: dict[tuple[str, ...], str] = {}
        for n, option in enumerate(step.decision.options if step.decision else ()):
            if not (words := _words(option.consequence)):
                continue
            if words in met:
                place = ("steps", index, "decision", "options", n, "consequence")
                yield place, f"the same follows as from {met[words]}; tell them apart", True
            met.setdefault(words, option.id)


def _only_in_some(every: Sequence[Scenario]) -> Iterator[Found]:
    """Yield the choices whose best option is the longest, or the shortest, in some variants and not in others.

    So what the first variant says of the library's habits holds for everybody.
    """
    for where, (place, message) in slots.in_each(every, _lengths):
        if where:
            yield place, f"{where}{message}, unlike in the others; let it be so in all or in none", True


def _lengths(scenario: Scenario) -> Iterator[tuple[Place, str]]:
    for index, step in enumerate(scenario.steps.values()):
        if step.decision and step.decision.kind == "choice":
            for what in extremes(step.decision):
                yield ("steps", index, "decision", "options"), f"the best option is {what}"


def _repeats_in_each(every: Sequence[Sequence[Scenario]]) -> Iterator[Remark]:
    """Yield the repeats between scenarios with all their variants: first ones with first ones, second with second."""
    found: dict[Remark, set[int]] = {}
    for n in range(max(map(len, every), default=0)):
        for remark in _repeats([each[min(n, len(each) - 1)] for each in every]):
            found.setdefault(remark, set()).add(n)
    for remark, rounds in found.items():
        each = every[remark.scenario or 0]
        numbers = {min(n, len(each) - 1) + 1 for n in rounds}
        yield replace(remark, message=slots.where(numbers, len(each)) + remark.message)


def _repeats(scenarios: Sequence[Scenario]) -> Iterator[Remark]:
    """Yield a remark for each passage that shares a run of words with an earlier one that its reader can meet."""
    told = [(n, p, _words(p.text)) for n, s in enumerate(scenarios) for p in passages(s) if p.part in TOLD]
    first_met: dict[tuple[str, ...], int] = {}
    pairs: dict[tuple[int, int], None] = {}
    for later, (_, _, words) in enumerate(told):
        for n in range(len(words) - REPEATED + 1):
            pairs[first_met.setdefault(words[n : n + REPEATED], later), later] = None
    for earlier, later in pairs:
        (first, before, a), (second, passage, b) = told[earlier], told[later]
        if earlier == later or (first == second and not _met_together(scenarios[first], before, passage)):
            continue
        run = SequenceMatcher(None, a, b, autojunk=False).find_longest_match()
        shared = " ".join(a[run.a : run.a + run.size])
        where = f"{scenarios[first].id} {'.'.join(map(str, before.place))}"
        message = f"{run.size} words in a row stand in {where} too: {shared}"
        yield Remark(second, passage.place, message, run.size >= COPIED)


def _met_together(scenario: Scenario, *passages: Passage) -> bool:
    """Whether one reader can meet these passages: endings, say, are alternatives."""
    ids = list(scenario.steps)
    steps = {ids[n] for p in passages if p.place[0] == "steps" and isinstance(n := p.place[1], int)}
    return any(steps <= set(walk) for walk in walks(scenario))


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.lower() for word in WORD.findall(text))


def _telling(found: Sequence[Habit]) -> Iterator[Remark]:
    for habit in found:
        if habit.p < SUSPECT:
            yield Remark(None, (), f"{habit}: {', '.join(habit.where)}", habit.p < CERTAIN)
        if habit.p_fewer < CERTAIN:
            yield Remark(None, (), f"{habit}; a reader can strike out what is {habit.what}", False)


def _usual_ticks(ticks: Counter[int]) -> Iterator[Remark]:
    for right, hits in ticks.most_common(1):
        if ticks.total() >= MANY and hits > USUAL * ticks.total():
            message = f"{right} lines are right in {hits} of {ticks.total()} decisions with ticks; vary their number"
            yield Remark(None, (), message, False)


def pattern(people: Mapping[str, Sequence[Person]]) -> Iterator[str]:
    """Yield who is at risk, who errs and who is wise, by age, culture and family, a line each, most often first."""
    everyone = [person for group in people.values() for person in group]
    for role in ("at-risk", "errs", "wise"):
        those = [person for person in everyone if person.role == role]
        yield f"{role}: {len(those)}"
        for name, told in (
            ("age", [_age(p.age) for p in those]),
            ("culture", [p.culture or "not told" for p in those]),
            ("family", [p.family or "not told" for p in those]),
        ):
            yield f"  {name}: " + ", ".join(f"{value} {n}" for value, n in Counter(told).most_common())


def _age(age: int | None) -> str:
    if age is None:
        return "not told"
    low = max(start for start in (0, 18, 30, 45, 60, 75) if start <= age)
    return {0: "under 18", 18: "18-29", 30: "30-44", 45: "45-59", 60: "60-74", 75: "75 and over"}[low]
