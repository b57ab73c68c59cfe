from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from handing import MAYA, desk
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grading import score
from grading.course import Course
from scenarios.model import Decision, Option, payload
from scenarios.publish import load_published

Take = Callable[..., Path]

CHOICE = Decision(
    "choice",
    "?",
    True,
    options=(
        Option("best", "", points=3),
        Option("good", "", points=2),
        Option("poor", "", points=1, violates=("C19", "C17")),
        Option("harm", "", points=0),
    ),
)
MULTIPLE = Decision(
    "multiple",
    "?",
    True,
    options=(
        *(Option(i, "", correct=True) for i in "abc"),
        Option("x", "", violates=("C02",)),
        Option("h", "", harmful=True, violates=("C01",)),
    ),
)
ORDER = Decision("order", "?", True, options=tuple(Option(i, "") for i in "abcd"))


@pytest.mark.parametrize(
    ("decision", "value", "points", "verdict"),
    [
        (CHOICE, "best", 3.0, "best"),
        (CHOICE, "good", 2.0, "acceptable"),
        (CHOICE, "poor", 1.0, "poor"),
        (CHOICE, "harm", 0.0, "harmful"),
        (MULTIPLE, ["a", "b", "c"], 3.0, "best"),
        (MULTIPLE, ["a", "b"], 2.0, "acceptable"),
        (MULTIPLE, ["a"], 1.0, "poor"),
        (MULTIPLE, ["a", "b", "x"], 1.0, "poor"),
        (MULTIPLE, ["x"], 0.0, "poor"),
        (MULTIPLE, ["a", "b", "c", "h"], 0.0, "harmful"),
        (ORDER, ["a", "b", "c", "d"], 3.0, "best"),
        (ORDER, ["b", "a", "c", "d"], 2.25, "acceptable"),
        (ORDER, ["d", "c", "b", "a"], 0.0, "poor"),
    ],
)
def test_points_and_verdict(decision: Decision, value: Any, points: float, verdict: str) -> None:
    answer = payload(decision.kind, value)
    assert score.points(decision, answer) == points
    assert score.verdict(decision, answer) == verdict


def test_points_are_rounded_to_four_places() -> None:
    five = Decision("order", "?", True, options=tuple(Option(i, "") for i in "abcde"))
    assert score.points(five, payload("order", list("bcade"))) == 2.0
    assert score.points(five, payload("order", list("bacde"))) == 2.5
    seven = Decision("multiple", "?", True, options=tuple(Option(i, "", correct=True) for i in "abcdefg"))
    assert score.points(seven, payload("multiple", ["a"])) == 0.4286


def test_violated() -> None:
    assert score.violated(CHOICE, payload("choice", "poor")) == ("C17", "C19")
    assert score.violated(MULTIPLE, payload("multiple", ["a", "x", "h"])) == ("C01", "C02")
    assert score.violated(MULTIPLE, None) == ()


def test_nothing_is_broken_by_a_decision_that_waits_for_a_ruling() -> None:
    assert score.violated(replace(CHOICE, graded=False), payload("choice", "poor")) == ()


def test_no_answer_scores_nothing_and_writing_waits_for_a_marker() -> None:
    text = Decision("text", "?", True)
    assert score.points(CHOICE, None) == score.points(text, None) == 0.0
    assert score.points(text, payload("text", "words")) is None
    assert score.verdict(text, payload("text", "words")) == "compare"


@pytest.fixture
def at_work(released: Course, take: Take, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder as nbgrader's kernel finds it."""
    folder = desk(released, MAYA) / "mini"
    take(folder.parent, "mini", "T90", "mixed")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    score._pinned.cache_clear()
    return folder


def test_cell_scores_the_answer(at_work: Path) -> None:
    assert [score.cell("mini", "T90", step) for step in ("ask", "tick", "rank")] == [2.0, 1.5, 1.5]


def test_cell_scores_nothing_but_under_autograde(at_work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NBGRADER_EXECUTION")
    assert score.cell("mini", "T90", "ask") == 0.0


@pytest.mark.parametrize(
    "place", [("mini", "T90", "words"), ("mini", "T90", "end"), ("mini", "T90", "no"), ("mini", "T99", "ask")]
)
def test_cell_is_zero_where_nothing_can_be_scored(at_work: Path, place: tuple[str, str, str]) -> None:
    assert score.cell(*place) == 0.0


def test_cell_is_zero_for_a_log_of_another_assignment(at_work: Path) -> None:
    log = at_work / "T90.answers.jsonl"
    log.write_text(log.read_text().replace('"mini"', '"mini-refresher"'))
    assert score.cell("mini", "T90", "ask") == 0.0


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    junk=st.one_of(
        st.binary(max_size=200),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=9),
            lambda inner: (
                st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4)
            ),
        ).map(lambda data: json.dumps(data).encode()),
        st.fixed_dictionaries(
            {"v": st.just(1), "seq": st.integers(3, 9), "attempt": st.just(1), "event": st.just("answered")},
            optional={
                "step": st.sampled_from(["ask", "tick", [], None]),
                "option": st.lists(st.text()),
                "at": st.lists(st.none()),
            },
        ).map(lambda data: json.dumps(data).encode()),
    )
)
def test_cell_is_a_plain_number_whatever_the_log_holds(at_work: Path, junk: bytes) -> None:
    log = at_work / "T90.answers.jsonl"
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join([*lines[:2], junk, b"\n"]))
    result = score.cell("mini", "T90", "ask")
    assert type(result) is float and 0.0 <= result <= 3.0
    log.write_bytes(b"".join(lines))


def test_cell_says_nothing_on_stderr(at_work: Path) -> None:
    # nbgrader takes a word on stderr for a failed test.
    code = 'from grading.score import cell; print(cell("mini", "T90", "ask"))'
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=at_work, env=dict(os.environ), capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("2.0\n", "")


def test_every_play_scores_what_it_says(released: Course) -> None:
    for scenario_id in ("T90", "T91"):
        scenario, _ = load_published(scenario_id, 1)
        for play in scenario.plays:
            decisions = {s: d for s, d in scenario.decisions() if s in play.answers}
            total = sum(
                score.points(d, payload(d.kind, play.answers[s])) or 0.0 for s, d in decisions.items()
            )
            assert total == play.points  # with a decision that waits for a ruling
