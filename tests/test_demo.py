from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path
from random import Random

import pandas as pd
import pytest

from grading import simulate
from grading.__main__ import main
from grading.course import Course
from grading.demo import demo
from grading.marks import unreleased
from grading.results import Results, load_results
from scenarios.errors import CourseError
from scenarios.load import find
from scenarios.load import scenario as load_scenario
from scenarios.session import problem

WHEN = ["finished_at", "submitted_at", "answered_at"]


@pytest.fixture
def simulated(released: Course, tmp_path: Path) -> Course:
    return demo(released.content, tmp_path / "demo", people=24, seed=7)


def test_a_staff_takes_the_course(simulated: Course) -> None:
    results = load_results(simulated)
    where = results.standings()
    assert len(where) == 24
    assert {person.team for person, _, _ in where} == set(simulate.TEAMS)
    states = [standing.state for _, _, standing in where]
    assert len(set(states)) >= 4  # some passed, some did not, some never began
    assert {"best", "acceptable", "poor", "harmful"} <= set(results.decisions.verdict)
    assert results.decisions.argued.any() and not results.decisions.argued.all()
    assert 0 < len(results.waiting()) < len(results.decisions[results.decisions.kind == "text"])
    assert unreleased(simulated) == 0
    _everything_is_in_place(simulated, results)


def _everything_is_in_place(course: Course, results: Results) -> None:
    """What people leave behind is there: exchange, submissions, autograded notebooks, explanations, marks."""
    assert list(course.inbound.iterdir())
    for trainee in results.decisions.trainee.unique():
        assert (course.autograded / trainee / "mini" / "T90.ipynb").exists()
        desk = course.desk(trainee) / "mini"
        assert json.loads((desk / "T90.feedback.json").read_text("utf-8"))["decisions"]
        assert json.loads((desk / "handed_in.json").read_text("utf-8"))["T90"]["size"]
    marked = results.decisions[results.decisions.mark.notna()].iloc[0]
    feedback = json.loads(
        (course.desk(marked.trainee) / "mini" / f"{marked.scenario}.feedback.json").read_text("utf-8")
    )
    (words,) = (d for d in feedback["decisions"] if d["step"] == marked.step)
    assert words["mark"]["points"] == marked.points
    assert words["mark"]["comment"]


def test_the_same_for_a_seed(simulated: Course, tmp_path: Path) -> None:
    again = demo(simulated.content, tmp_path / "again", people=24, seed=7)
    other = demo(simulated.content, tmp_path / "other", people=24, seed=8)
    first, second, third = (load_results(c).decisions.drop(columns=WHEN) for c in (simulated, again, other))
    pd.testing.assert_frame_equal(first, second)
    assert not first.equals(third)
    assert simulated.roster.read_bytes() == again.roster.read_bytes()


def test_only_a_demonstration_is_replaced(released: Course) -> None:
    with pytest.raises(CourseError, match="is not an earlier demonstration; name an empty folder with --out"):
        demo(released.content, released.root, people=24, seed=7)
    assert released.release.is_dir()


def test_too_few(released: Course, tmp_path: Path) -> None:
    with pytest.raises(CourseError, match="at least 24 people, not 5"):
        demo(released.content, tmp_path / "demo", people=5, seed=7)
    assert not (tmp_path / "demo").exists()


def test_nothing_is_pinned_by_a_demonstration(course: Course, tmp_path: Path) -> None:
    with pytest.raises(CourseError, match="make release A=mini"):
        demo(course.content, tmp_path / "demo", people=24, seed=7)
    assert not (course.content / "scenarios" / "published").exists()


def test_the_command(
    released: Course, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    shutil.rmtree(released.root / "demo", ignore_errors=True)
    assert main(["demo", "--people", "26", "--seed", "3"]) == 0
    said = capsys.readouterr().out
    report = released.root / "demo" / "reports" / "report.html"
    assert said == f"26 simulated people took the course. The report: {report}\n"
    assert (
        "The staff here is simulated. 26 invented people took the course by program (seed 3)"
        in report.read_text("utf-8")
    )


def test_names_are_invented_and_different() -> None:
    leads, actors = simulate.staff(300, ["therapist"], Random(1), date(2026, 11, 23))
    people = [*leads, *(actor.person for actor in actors)]
    assert len({person.id for person in people}) == 304
    assert len({person.name.split()[0] for person in people[:40]}) == 40
    assert all(person.email.endswith("@example.org") for person in people)
    assert {actor.person.supervisor for actor in actors} == {lead.id for lead in leads}


@pytest.mark.parametrize("ability", [0.0, 0.5, 1.0])
def test_whatever_somebody_answers_can_be_taken(course: Course, ability: float) -> None:
    scenario = load_scenario(find("T90"))
    rng = Random(5)
    for _ in range(40):
        for step, decision in scenario.decisions():
            answer, _ = simulate.answer(scenario, step, decision, ability, rng)
            assert problem(decision, answer) is None


def test_the_able_do_better(course: Course) -> None:
    scenario = load_scenario(find("T90"))

    def points(ability: float) -> float:
        rng = Random(5)
        return sum(
            decision.points(simulate.answer(scenario, step, decision, ability, rng)[0]) or 0.0
            for _ in range(50)
            for step, decision in scenario.decisions()
        )

    assert points(0.9) > points(0.6) > points(0.3)


def test_marks_lie_within_the_maximum() -> None:
    rng = Random(2)
    for tier in ("best", "mixed", "harmful"):
        given = [simulate.mark(tier, 5.0, rng) for _ in range(200)]
        assert all(0 <= points <= 5 and (2 * points).is_integer() and said for points, said in given)
