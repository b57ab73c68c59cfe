"""How often chance alone would do what the keys do, against counting by hand."""

from itertools import product
from math import comb

import pytest

from scenarios.chance import habits, tail
from scenarios.model import Decision, Option


@pytest.mark.parametrize(("n", "hits"), [(1, 1), (4, 4), (10, 3), (44, 17), (7, 0), (7, 8)])
def test_with_equal_chances_the_tail_is_the_binomial_one(n, hits):
    by_hand = sum(comb(n, k) * 0.25**k * 0.75 ** (n - k) for k in range(hits, n + 1))
    assert tail([0.25] * n, hits) == pytest.approx(by_hand, abs=1e-12)


def test_with_different_chances_the_tail_is_the_sum_over_all_outcomes():
    chances = [1 / 2, 1 / 3, 1 / 4, 1 / 4]
    by_hand = 0.0
    for outcome in product([0, 1], repeat=len(chances)):
        if sum(outcome) >= 2:
            likely = 1.0
            for hit, chance in zip(outcome, chances, strict=True):
                likely *= chance if hit else 1 - chance
            by_hand += likely
    assert tail(chances, 2) == pytest.approx(by_hand)


def choice(*lengths, best):
    options = (Option(f"o{n}", "x" * length, points=3 * (n == best)) for n, length in enumerate(lengths))
    return Decision("choice", "?", True, options=tuple(options))


def test_length_and_place_are_counted_with_fair_ties():
    found = habits({"A/a": choice(9, 9, 5, 4, best=1), "B/b": choice(7, 6, 5, best=0)})
    seen = {h.what: (h.hits, h.of, round(h.expected, 3), h.where) for h in found}
    assert seen == {
        "the longest": (2, 2, 0.833, ("A/a", "B/b")),  # 2/4 + 1/3
        "the shortest": (0, 2, 0.583, ()),
        "first": (1, 2, 0.583, ("B/b",)),
        "second": (1, 2, 0.583, ("A/a",)),
        "third": (0, 2, 0.583, ()),
        "fourth": (0, 1, 0.25, ()),
    }
    assert (found[0].p, found[0].p_fewer) == (pytest.approx(1 / 6), 1)
    assert (found[1].p, found[1].p_fewer) == (1, pytest.approx(3 / 4 * 2 / 3))
    assert found[2].p == 1  # four places, four questions: 4 * (1 - 3/4 * 2/3), at most 1


def test_the_places_are_one_question_asked_four_times():
    first = next(
        h for h in habits({str(n): choice(5, 5, 5, 5, best=0) for n in range(5)}) if h.what == "first"
    )
    assert first.p == pytest.approx(4 * 0.25**5)


def test_without_a_choice_there_is_no_habit():
    assert all(h.hits == 0 and h.p == h.p_fewer == 1 for h in habits({}))
