"""Whether the key shows in an option's length or place: counts beside what chance would bring, pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from scenarios.model import Decision, Option

EXTREMES = {"the longest": max, "the shortest": min}
PLACES = ("first", "second", "third", "fourth", "fifth", "sixth")


@dataclass(frozen=True, slots=True)
class Habit:
    """In how many choices the best option is ``what``; chance would bring ``expected``.

    ``p`` is how likely chance alone brings ``hits`` or more, ``p_fewer`` so many or fewer; ``where`` names the
    decisions that hit.
    """

    what: str
    hits: int
    of: int
    expected: float
    p: float
    p_fewer: float
    where: tuple[str, ...]

    def __str__(self) -> str:
        return (
            f"the best option is {self.what} in {self.hits} of {self.of} choices; "
            f"chance would bring {self.expected:.1f}: so many or more with p = {self.p:.2g}, "
            f"so many or fewer with p = {self.p_fewer:.2g}"
        )


def tail(chances: Iterable[float], hits: int) -> float:
    """Return P(X >= hits), X the number of successes of independent trials with these chances.

    Poisson's binomial distribution, built trial by trial; with equal chances c it is the binomial tail
    sum over k >= hits of C(n, k) c^k (1 - c)^(n - k).
    """
    distribution = [1.0]
    for chance in chances:
        no, yes = [*distribution, 0.0], [0.0, *distribution]
        distribution = [(1 - chance) * a + chance * b for a, b in zip(no, yes, strict=True)]
    return min(1.0, math.fsum(distribution[hits:]))


def extremes(decision: Decision) -> list[str]:
    """Return whether the best option of a choice is the longest, the shortest, both (a tie of all) or neither."""
    lengths = [len(option.text) for option in decision.options]
    best = len(_best(decision).text)
    return [what for what, extreme in EXTREMES.items() if best == extreme(lengths)]


def _best(decision: Decision) -> Option:
    return max(decision.options, key=lambda option: option.points)


def habits(choices: Mapping[str, Decision]) -> list[Habit]:
    """Return how often the best option is the longest, the shortest, and in each place, over all choices.

    The chance that it is the longest is (options of the greatest length) / (options), so ties are fair; that it
    stands in a certain place 1 / (options). The places are one question asked several times, so each of their p
    is multiplied by the number of places (Bonferroni).
    """
    found = []
    for what, extreme in EXTREMES.items():
        chances = []
        for decision in choices.values():
            lengths = [len(o.text) for o in decision.options]
            chances.append(lengths.count(extreme(lengths)) / len(lengths))
        found.append(_habit(what, chances, [name for name, d in choices.items() if what in extremes(d)]))
    places = max((len(d.options) for d in choices.values()), default=0)
    for n, place in enumerate(PLACES[:places]):
        here = {name: d for name, d in choices.items() if len(d.options) > n}
        where = [name for name, d in here.items() if d.options[n] is _best(d)]
        found.append(_habit(place, [1 / len(d.options) for d in here.values()], where, times=places))
    return found


def _habit(what: str, chances: list[float], where: list[str], times: int = 1) -> Habit:
    hits = len(where)
    more, fewer = tail(chances, hits), tail((1 - chance for chance in chances), len(chances) - hits)
    p, p_fewer = min(1.0, times * more), min(1.0, times * fewer)
    return Habit(what, hits, len(chances), math.fsum(chances), p, p_fewer, tuple(where))
