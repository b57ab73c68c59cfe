"""The real content: every play plays, and so does every path anyone can take."""

import random

import pytest

from scenarios import load, publish
from scenarios.coverage import coverage, library
from scenarios.model import payload
from scenarios.rules import run, walks
from scenarios.session import Session

FILES = load.scenario_files()
EACH = pytest.mark.parametrize("path", FILES, ids=lambda p: p.name.split("-")[0])
EACH_SCENARIO = pytest.mark.parametrize(
    "path", [path for path in FILES if not load.scenario(path).boosts], ids=lambda p: p.name.split("-")[0]
)


def test_the_whole_policy_is_there():
    clauses, gaps = load.clauses(), load.gaps()
    assert list(clauses) == [f"C{n:02}" for n in range(1, 47)]
    assert list(gaps) == [f"G{n:02}" for n in range(1, 26)]
    critical = {c for c, clause in clauses.items() if clause["critical"]}
    assert critical == {"C02", "C03", "C05", "C14", "C16", "C17", "C18", "C30", "C31", "C36", "C45", "C46"}
    assert any("988" in contact["how"] for contact in load.support())


def test_what_may_just_have_happened_is_there_and_danger_comes_with_support():
    moments = {moment["id"]: moment for moment in load.moments()}
    assert {"request", "tagged", "worrying-message", "found"} <= moments.keys()
    danger = moments["worrying-message"]
    assert danger["support"]
    assert danger["call"][:2] == ["emergency", "lifeline"]
    assert "911" in danger["steps"][0]["do"]


def test_every_kind_of_decision_is_practised():
    kinds = {d.kind for path in FILES for _, d in load.scenario(path).decisions()}
    assert kinds == {"choice", "multiple", "order", "text", "form"}


@EACH
def test_every_play_reaches_an_ending_with_its_points(path):
    scenario = load.scenario(path)
    for play in scenario.plays:
        session = run(scenario, play)
        assert session.path[-1].ending
        scored = {s: d.points(session.answers[s]) for s, d in scenario.decisions() if s in session.answers}
        assert sum(p for p in scored.values() if p) == pytest.approx(play.points, abs=1e-4)
        if play.name == "best":
            full = {s: d.maximum for s, d in scenario.decisions() if scored.get(s) is not None}
            assert {s: p for s, p in scored.items() if p is not None} == full


@EACH_SCENARIO
def test_at_least_four_decisions_are_graded_with_every_gap_open(path):
    scenario, _ = publish.load_draft(path)
    scored = [s for s, d in scenario.graded().items() if not d.depends_on]
    assert len(scored) >= 4


@EACH_SCENARIO
def test_it_really_branches(path):
    scenario = load.scenario(path)
    assert len(set(walks(scenario))) >= 4
    assert sum(step.ending for step in scenario.steps.values()) >= 2


def _any_answer(decision, chance):
    ids = [o.id for o in decision.options]
    value = {
        "choice": lambda: chance.choice(ids),
        "multiple": lambda: chance.sample(ids, chance.randint(1, len(ids))),
        "order": lambda: chance.sample(ids, len(ids)),
        "text": lambda: "Something.",
        "form": lambda: {f.id: "Something." for f in decision.fields},
    }[decision.kind]()
    return payload(decision.kind, value)


@EACH
def test_any_random_path_reaches_an_ending_and_meets_every_graded_decision(path):
    scenario = load.scenario(path)
    chance = random.Random(scenario.id)
    must = {s for s, d in scenario.decisions() if d.graded}
    for _ in range(300):
        session = Session(scenario, [{"attempt": 1, "event": "started"}])
        while session.current:
            answer = _any_answer(session.decision, chance)
            session.apply({"attempt": 1, "event": "answered", "step": session.current.id, **answer})
            assert not session.problems
        assert must <= session.answers.keys()
        for step, answer in session.answers.items():
            decision = dict(scenario.decisions())[step]
            points = decision.points(answer)
            assert points is None or 0 <= points <= decision.maximum
            assert decision.consequences(answer)


def test_every_clause_is_practiced_enough_even_while_every_question_is_open():
    missing = {
        key: found.missing for key, found in coverage(load.clauses(), library()).items() if found.missing
    }
    assert missing == {}


@EACH
def test_every_violated_clause_binds_somebody_and_costs_points(path):
    clauses = load.clauses()
    for _, decision in load.scenario(path).decisions():
        for option in decision.options:
            for clause in option.violates:
                assert clauses[clause]["kind"] in (
                    "prohibition",
                    "obligation",
                    "exception",
                    "follow-up",
                    "scope",
                )
                if decision.kind == "choice":
                    assert option.points == 0
