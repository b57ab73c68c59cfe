"""One miniature fixture per defect: `make check` finds it, in the right place, and nothing else."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scenarios import paths
from scenarios.check import check
from scenarios.confirmed import confirm
from scenarios.errors import CourseError

DEFECTS = sorted((Path(__file__).parent / "data" / "defects").glob("*.yml"))
LIBRARY = sorted((Path(__file__).parent / "data" / "defects" / "library").glob("*.yml"))
BOOSTERS = sorted((Path(__file__).parent / "data" / "defects" / "boosters").glob("*.yml"))
WARNINGS = sorted((Path(__file__).parent / "data" / "defects" / "warnings").glob("*.yml"))
MOMENTS = sorted((Path(__file__).parent / "data" / "defects" / "moments").glob("*.yml"))


@pytest.fixture
def content(tmp_path, monkeypatch):
    """An empty library beside the real policy files."""
    policy = paths.content() / "scenarios" / "policy"
    shutil.copytree(policy, tmp_path / "scenarios" / "policy")
    (tmp_path / "scenarios" / "library" / "therapist").mkdir(parents=True)
    monkeypatch.setenv("COURSE_CONTENT", str(tmp_path))
    return tmp_path


def put(content, path):
    """Lay a scenario into the library as one that its author confirmed, if it is whole enough for that."""
    copy = Path(shutil.copy(path, content / "scenarios" / "library" / "therapist"))
    with contextlib.suppress(CourseError):
        confirm([copy])


@pytest.mark.parametrize("path", DEFECTS + LIBRARY + BOOSTERS, ids=lambda p: p.stem.removeprefix("T80-"))
def test_a_defect_is_named_with_its_place_and_nothing_else_is(content, path):
    put(content, path)
    expected = re.search(r"# expect: (.*)", path.read_text("utf-8"))[1]
    problems = [f"{p.line}: {p.key} {p.message}" for p in check().problems]
    if expected == "nothing":
        assert problems == []
    else:
        assert [p[: len(expected)] for p in problems] == [expected]


@pytest.mark.parametrize("path", WARNINGS, ids=lambda p: p.stem.removeprefix("T80-"))
def test_what_is_worth_a_look_is_a_warning_with_its_place_and_no_problem(content, path):
    put(content, path)
    expected = re.search(r"# expect: (.*)", path.read_text("utf-8"))[1]
    report = check()
    assert report.problems == []
    warnings = [f"{w.line}: {w.key} {w.message}" for w in report.warnings]
    assert [w[: len(expected)] for w in warnings] == ([] if expected == "nothing" else [expected])


@pytest.mark.parametrize("path", MOMENTS, ids=lambda p: p.stem)
def test_a_defect_of_a_moment_is_named_with_its_place_and_nothing_else_is(content, path):
    shutil.copy(path, content / "scenarios" / "policy" / "moments.yml")
    expected = re.search(r"# expect: (.*)", path.read_text("utf-8"))[1]
    problems = [f"{p.line}: {p.key} {p.message}" for p in check().problems]
    if expected == "nothing":
        assert problems == []
    else:
        assert [p[: len(expected)] for p in problems] == [expected]


def test_every_problem_of_every_file_is_listed_in_one_run(content):
    broken = [p for p in DEFECTS if p.stem != "T80-none"]
    for path in broken:
        shutil.copy(path, content / "scenarios" / "library" / "therapist")
    (content / "scenarios" / "policy" / "gaps.yml").write_text("schema: 2\ngaps: []\n")
    files = {problem.file for problem in check().problems}
    library = {f"scenarios/library/therapist/{path.name}" for path in broken}
    assert library - files <= {"scenarios/library/therapist/T80-needless-gap.yml"}
    assert "scenarios/policy/gaps.yml" in files


def test_missing_and_unreadable_files_are_problems_not_tracebacks(content):
    (content / "scenarios" / "policy" / "support.yml").unlink()
    (content / "scenarios" / "library" / "therapist" / "T80-latin.yml").write_bytes(b"title: caf\xe9\n")
    messages = sorted(str(problem) for problem in check().problems)
    assert messages == [
        "scenarios/library/therapist/T80-latin.yml:1: not UTF-8 text; save the file as UTF-8",
        "scenarios/policy/support.yml:1: the file is missing; restore it or correct the name",
    ]


def test_command_prints_json_and_exits_1_with_a_problem(content):
    defect = next(p for p in DEFECTS if p.stem == "T80-unknown-clause")
    put(content, defect)
    run = subprocess.run(
        [sys.executable, "-m", "scenarios", "check", "--format", "json"],
        capture_output=True,
        text=True,
        env={**os.environ, "COURSE_CONTENT": str(content)},
    )
    report = json.loads(run.stdout)
    assert (run.returncode, run.stderr) == (1, "")
    assert (report["scenarios"], report["decisions"], report["clauses"]) == (1, 1, 46)
    assert report["problems"] == [
        {
            "file": f"scenarios/library/therapist/{defect.name}",
            "line": 17,
            "key": "steps.0.decision.clauses.0",
            "message": "C99 is not in scenarios/policy/clauses.yml",
        }
    ]


def test_a_booster_is_counted_apart(content):
    put(content, BOOSTERS[0].with_name("B17a-none.yml"))
    put(content, DEFECTS[0].with_name("T80-none.yml"))
    report = check()
    assert (report.scenarios, report.decisions, report.boosters) == (1, 1, 1)


def test_an_id_of_two_files_is_named_at_the_second(content):
    put(content, BOOSTERS[0].with_name("B17a-none.yml"))
    twin = content / "scenarios" / "library" / "therapist" / "B17a-twin.yml"
    shutil.copy(BOOSTERS[0].with_name("B17a-none.yml"), twin)
    said = [(p.file, p.key, p.message) for p in check().problems if "is the id of" in p.message]
    folder = "scenarios/library/therapist"
    told = f"B17a is the id of {folder}/B17a-none.yml, too; give one of them a new id"
    assert said == [(f"{folder}/B17a-twin.yml", "id", told)]


def test_the_day_of_an_approval_is_a_day(course):
    path = course.content / "scenarios" / "library" / "therapist" / "T90-miniature.yml"
    text = path.read_text().replace("approved: null", "approved: {by: A, credential: B, on: soon}")
    path.write_text(text)
    assert any("soon" in str(problem) for problem in check().problems)


def test_a_moment_that_calls_the_supervisor_needs_somebody_for_who_has_none(content):
    support = content / "scenarios" / "policy" / "support.yml"
    support.write_text(support.read_text("utf-8").replace("on-call-supervisor", "duty-phone"), "utf-8")
    shutil.copy(MOMENTS[0].with_name("none.yml"), content / "scenarios" / "policy" / "moments.yml")
    assert [(p.key, p.message) for p in check().problems] == [
        ("moments.0.call.1", "on-call-supervisor is not in scenarios/policy/support.yml")
    ]
