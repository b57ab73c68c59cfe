from __future__ import annotations

from datetime import date, timedelta

import pytest

from grading.course import Assignment, Person, ScenarioRef
from grading.status import Scored, Standing, standing

MAYA = Person("maya", "Maya", "", "therapist", "Harbor", "", hired_on=date(2026, 11, 1))
ASSIGNMENT = Assignment(
    id="a",
    title="A",
    kind="onboarding",
    audience="therapist",
    scenarios=(ScenarioRef("T01", 1), ScenarioRef("T03", 1)),
    marked=frozenset({"T01/words"}),
    due=timedelta(days=30),
    opens=None,
    pass_share=0.8,
)
BEST, ACCEPTABLE, POOR = Scored(3, 3), Scored(2, 3), Scored(1, 3)
BOTH = {"T01", "T03"}


def stand(
    handed_in: set[str], scored: dict[str, list[Scored]], started: bool = True, **more: object
) -> Standing:
    today = more.pop("today", date(2026, 11, 22))
    return standing(ASSIGNMENT, MAYA, today, started=started, handed_in=handed_in, scored=scored, **more)  # type: ignore[arg-type]


def test_the_way_through_an_assignment() -> None:
    assert stand(set(), {}, started=False).state == "not started"
    assert stand(set(), {}).state == "in progress"
    assert stand({"T01"}, {"T01": [BEST]}).state == "in progress"
    assert stand(BOTH, {"T01": [BEST]}).state == "handed in"
    assert stand(BOTH, {"T01": [BEST, Scored(None, 5)], "T03": [BEST]}).state == "being marked"
    assert stand(BOTH, {"T01": [BEST, Scored(4, 5)], "T03": [BEST]}).state == "passed"


def test_all_acceptable_passes() -> None:
    assert stand(BOTH, {"T01": [ACCEPTABLE] * 5, "T03": [ACCEPTABLE] * 5}).state == "passed"


@pytest.mark.parametrize(("good", "state"), [(8, "passed"), (7, "not passed yet")])
def test_the_share_is_of_all_graded_decisions(good: int, state: str) -> None:
    now = stand(BOTH, {"T01": [BEST] * good, "T03": [POOR] * (10 - good)})
    assert now.state == state
    expected = None if state == "passed" else "7 of 10 decisions were best or acceptable; 8 are needed"
    assert now.detail == expected


def test_a_share_that_binary_fractions_cannot_hold_needs_no_decision_more() -> None:
    # 0.8 * 15 is 12.000000000000002 in floating point
    assert stand(BOTH, {"T01": [BEST] * 12, "T03": [POOR] * 3}).state == "passed"


def test_a_critical_miss_is_one_more_step_even_with_full_points() -> None:
    miss = Scored(0, 3, frozenset({"C46", "C17"}))
    scored = {"T01": [BEST] * 20 + [miss], "T03": [Scored(None, 5)]}
    assert (stand(BOTH, scored).state, stand(BOTH, scored).detail) == (
        "one more step",
        "one more step: C17, C46",
    )
    assert stand({"T01"}, {"T01": scored["T01"]}).detail == "one more step: C17, C46"
    assert stand(BOTH, scored, cleared={"C17"}).detail == "one more step: C46"
    assert stand(BOTH, scored, cleared={"C17", "C46"}).state == "being marked"


@pytest.mark.parametrize(
    ("points", "maximum", "good"),
    [(2.0, 3, True), (1.9999, 3, True), (1.5, 3, False), (3.3333, 5, True), (3, 5, False), (None, 5, False)],
)
def test_good_is_two_thirds_of_the_maximum(points: float | None, maximum: float, good: bool) -> None:
    assert Scored(points, maximum).good is good


def test_what_was_left_out_is_not_asked() -> None:
    kept, every = (
        {"T01": [BEST, ACCEPTABLE]},
        {"T01": [BEST], "T03": [POOR, Scored(0, 3, frozenset({"C17"}))]},
    )
    assert stand({"T01"}, kept, rerouted={"T03"}).state == "passed"
    assert stand(BOTH, every, rerouted={"T03"}).state == "passed"
    assert stand({"T01"}, {}, rerouted={"T03"}).state == "handed in"
    assert stand(set(), {}, rerouted={"T03"}).state == "in progress"
    assert stand(set(), {}, rerouted=BOTH).state == "passed"
    poor = stand({"T01"}, {"T01": [BEST, POOR]}, rerouted={"T03", "T99"})
    assert (poor.state, poor.by_another_route) == ("not passed yet", 1)
    assert poor.detail == "1 of 2 decisions were best or acceptable; 2 are needed"
    assert stand(BOTH, {}).by_another_route == 0


def test_due_and_overdue() -> None:
    assert stand(set(), {}).due == date(2026, 12, 1)
    assert not stand(set(), {}, today=date(2026, 12, 1)).overdue
    assert stand(set(), {}, today=date(2026, 12, 2)).overdue
    assert not stand(BOTH, {"T01": [BEST], "T03": [BEST]}, today=date(2027, 1, 1)).overdue
