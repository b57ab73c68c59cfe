from __future__ import annotations

import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from grading.course import Course, assignment, load_assignments, load_roster
from grading.files import write_atomically
from scenarios import load
from scenarios.errors import CourseError
from scenarios.model import WRITTEN

REPOSITORY = Path(__file__).parents[1]


def test_the_real_assignments_and_roster_load(tmp_path: Path) -> None:
    course = Course(REPOSITORY, tmp_path)
    onboarding = load_assignments(course)["onboarding-therapist"]
    assert [s.id for s in onboarding.scenarios][:3] == ["T01", "T03", "T06"]
    assert onboarding.marked_in("T06") == {"record"}
    assert onboarding.marked_in("T03") == frozenset()
    people = load_roster(course)
    assert len(people) == 8
    assert {p.role for p in people.values()} == {
        "therapist",
        "front-desk",
        "marketing",
        "supervisor",
        "coordinator",
    }
    assert {p.audience for p in people.values()} == {"therapist", "front-desk", "supervisor", None}


@pytest.mark.parametrize("assignment_id", load_assignments(Course(REPOSITORY, REPOSITORY / ".course")))
def test_a_real_assignment_scores_enough_while_every_question_is_open(assignment_id: str) -> None:
    plan = load_assignments(Course(REPOSITORY, REPOSITORY / ".course"))[assignment_id]
    scenarios = [load.scenario(load.find(ref.id)) for ref in plan.scenarios]
    scored = [
        decision
        for scenario in scenarios
        for _, decision in scenario.decisions()
        if decision.graded and not decision.depends_on and decision.kind not in WRITTEN
    ]
    assert len(scored) >= 20
    assert len(plan.marked) <= 2
    assert max(scenario.minutes for scenario in scenarios) <= 8
    assert plan.audience == "supervisor" or {s.audience for s in scenarios} == {plan.audience}


def test_what_a_refresher_repeats_has_variants() -> None:
    plans = load_assignments(Course(REPOSITORY, REPOSITORY / ".course")).values()
    taken = {(plan.audience, ref.id) for plan in plans if plan.kind == "onboarding" for ref in plan.scenarios}
    repeated = [
        ref.id
        for plan in plans
        if plan.kind == "refresher"
        for ref in plan.scenarios
        if (plan.audience, ref.id) in taken
    ]
    assert repeated
    assert [name for name in repeated if not load.scenario(load.find(name)).variants] == []


def test_due_counts_from_the_hire_or_is_a_day(course: Course) -> None:
    maya = load_roster(course)["maya.ortiz"]
    known = load_assignments(course)
    assert known["mini"].due_for(maya) == date(2026, 12, 23)
    assert known["mini-refresher"].due_for(maya) == date(2999, 3, 31)
    assert known["mini-refresher"].opens == date(2999, 1, 1)


def test_root_is_in_the_content_unless_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COURSE_CONTENT", str(tmp_path))
    monkeypatch.delenv("COURSE_ROOT", raising=False)
    assert Course.here().root == tmp_path / ".course"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "marked: [T90/words]",
            "marked: [T92/words]",
            "assignments.yml:8: assignments.0.marked.0: T92/words",
        ),
        ("id: mini-refresher", "id: mini", "assignments.yml:11: assignments.1.id: mini is there twice"),
        ("{id: T91, version: 1}]\n    marked: [T9", "{id: T90, version: 1}]\n    marked: [T9", "there twice"),
        ("{on: 2999-03-31}", "{on: 2999-02-31}", "assignments.1.due.on: 2999-02-31 is not a day"),
        ("share: 0.8", "share: 80", "assignments.yml:10: assignments.0.pass.share"),
        ("kind: onboarding", "kind: annual", "is not one of onboarding, refresher"),
        ("marked: []", "", "marked missing; add it"),
        ("schema: 1", "schema: [1", "not valid YAML"),
    ],
)
def test_a_mistake_in_assignments_is_told_with_file_line_and_key(
    course: Course, old: str, new: str, message: str
) -> None:
    path = course.content / "grading" / "assignments.yml"
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(CourseError) as caught:
        load_assignments(course)
    assert message in str(caught.value)
    assert str(caught.value).startswith("grading/assignments.yml:")


def test_an_unknown_assignment_lists_the_known(course: Course) -> None:
    with pytest.raises(CourseError, match=r"no assignment maxi .* known are mini, mini-refresher"):
        assignment(course, "maxi")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("maya.ortiz,", "Maya Ortiz,", "line 3, id: 'Maya Ortiz' cannot be used"),
        ("maya.ortiz,", "../maya,", "line 3, id"),
        ("jonas.weber,", "maya.ortiz,", "line 4, id: maya.ortiz is there twice"),
        ("therapist,Harbor", "barista,Harbor", "line 3, role: 'barista' is not one of"),
        ("2026-11-23", "23.11.2026", "line 3, hired_on: '23.11.2026' is not a day"),
        ("2026-11-23,", "2026-11-23,soon", "line 3, left_on"),
        ("Harbor,renee.park", "Harbor,nobody", "maya.ortiz, supervisor: nobody is not in the roster"),
        ("Harbor,renee.park", "Harbor renee.park", "line 3: not as many commas"),
        (",hired_on", "", "line 1: column hired_on is missing"),
        ("Maya Ortiz", '"Maya', "mend the quotes"),
        ("Maya Ortiz", "", "line 3, name: is empty"),
        ("Maya Ortiz", "M" * 129, "line 3, name: is longer than 128 characters"),
    ],
)
def test_a_mistake_in_the_roster_is_told_with_file_line_and_column(
    course: Course, old: str, new: str, message: str
) -> None:
    load_roster(course)
    course.roster.write_text(course.roster.read_text("utf-8").replace(old, new, 1), "utf-8")
    with pytest.raises(CourseError) as caught:
        load_roster(course)
    assert message in str(caught.value)
    assert str(course.roster) in str(caught.value)


def test_a_roster_saved_by_a_spreadsheet_loads(course: Course) -> None:
    text = "\ufeff" + (course.content / "grading" / "roster.example.csv").read_text("utf-8").replace(
        "\n", "\r\n"
    )
    write_atomically(course.roster, "")
    course.roster.write_bytes(text.encode())
    assert load_roster(course)["renee.park"].name == "Renée Park"
    course.roster.write_bytes(text.encode("utf-16"))
    with pytest.raises(CourseError, match="not UTF-8"):
        load_roster(course)


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file.txt"
    write_atomically(path, "one")
    with pytest.raises(UnicodeEncodeError):
        write_atomically(path, "\ud800")
    assert path.read_text() == "one"
    assert list(path.parent.iterdir()) == [path]


def test_nbgraders_own_commands_find_the_course_from_anywhere(released: Course, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    env = {**os.environ, "JUPYTER_CONFIG_PATH": str(REPOSITORY / "grading"), "HOME": str(folder)}
    for command in (["list"], ["db", "assignment", "list"]):
        done = subprocess.run(
            [sys.executable, "-m", "nbgrader", *command],
            env=env, cwd=folder, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert "mini" in done.stdout + done.stderr
        assert "No nbgrader_config.py" not in done.stderr
    assert not (folder / "gradebook.db").exists()


def test_every_command_has_help_and_an_example() -> None:
    from grading.__main__ import COMMANDS

    for command in COMMANDS:
        done = subprocess.run(
            [sys.executable, "-m", "grading", command, "--help"], capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        assert f"Example: python -m grading {command}" in done.stdout


def test_the_list_of_commands_imports_none_of_them() -> None:
    code = "import sys; from grading.__main__ import main; sys.argv = ['', '--help']\n"
    code += "try: main()\nexcept SystemExit: print(sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    for heavy in ("nbgrader", "pandas", "matplotlib", "jsonschema"):
        assert f"'{heavy}'" not in done.stdout
