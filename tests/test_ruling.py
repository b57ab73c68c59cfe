"""A gap becomes a ruling: recorded in one line, counting from the next published version, changing no score."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from handing import JONAS, MAYA, desk, hand_in, rows

from grading import exchange
from grading.autograde import grade
from grading.course import Course
from grading.intake import collect
from scenarios import edit, load, paths, publish
from scenarios.__main__ import main
from scenarios.check import check
from scenarios.errors import CourseError
from scenarios.model import from_dict
from scenarios.questions import questions
from scenarios.ruling import rule
from scenarios.sheets import sheet

Take = Callable[..., Path]
DAY = date(2027, 1, 31)
BY = 'A. Nwosu, "clinical" director: LCSW #1'


def gaps_file(course: Course) -> Path:
    return course.content / "scenarios" / "policy" / "gaps.yml"


def test_a_ruling_changes_one_line_of_the_real_file_and_nothing_else(course: Course) -> None:
    real = Path(__file__).parents[1] / "scenarios" / "policy" / "gaps.yml"
    for gap in ("G01", "G04", "G25"):
        shutil.copy(real, gaps_file(course))
        decision = load.gaps()[gap]["rulings"][-1]["id"]
        rule(gap, decision, BY, DAY)
        before, after = (path.read_bytes().splitlines(True) for path in (real, gaps_file(course)))
        changed = [n for n, (old, new) in enumerate(zip(before, after, strict=True)) if old != new]
        assert len(changed) == 1 and before[changed[0]] == b"    ruling: null\n"
        assert load.gaps()[gap]["ruling"] == {
            "decision": decision,
            "decided_by": BY,
            "decided_on": "2027-01-31",
        }


LAYOUTS = {
    "comments": "    ruling: null  # ask counsel\n\n# the end\n",
    "nothing behind the key": "    ruling:\n# the end\n",
    "dos": "    ruling: ~\r\n# the end\r\n",
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_whatever_stands_around_the_value_stays(course: Course, layout: str) -> None:
    text = gaps_file(course).read_text("utf-8").replace("    ruling: null\n", LAYOUTS[layout])
    gaps_file(course).write_bytes(text.encode())
    rule("G02", "ends-with-therapy", "A. Lead", DAY)
    after = gaps_file(course).read_bytes().decode()
    value = "{decision: ends-with-therapy, decided_by: A. Lead, decided_on: 2027-01-31}"
    wanted = re.sub(r"(ruling:)( null| ~|)", rf"\1 {value}", LAYOUTS[layout])
    assert after == text.replace(LAYOUTS[layout], wanted)


def test_a_value_in_several_lines_is_replaced_as_a_whole(course: Course) -> None:
    path = course.content / "scenarios" / "library" / "therapist" / "T90-miniature.yml"
    text = path.read_text("utf-8")
    block = "approved:\n  by: A. Lead\n  credential: LCSW\n  on: 2026-01-31\n\n# the note\nnote: null\n"
    path.write_text(text.replace("approved: null\nnote: null\n", block))
    edit.replace(path, "scenario", {("approved",): None})
    assert path.read_text("utf-8") == text.replace("approved: null\n", "approved:\n  null\n\n# the note\n")


@pytest.mark.parametrize(
    ("gap", "decision", "by", "why"),
    [
        ("G77", "ends-with-therapy", "A. Lead", "There is no gap G77 in scenarios/policy/gaps.yml; known are G02."),
        ("G02", "perhaps", "A. Lead", "G02 has no ruling perhaps; known are former-is-permanent, ends-with-therapy."),
        ("G02", "ends-with-therapy", " ", "scenarios/policy/gaps.yml was not changed: is empty; write it"),
    ],
)  # fmt: skip
def test_a_ruling_that_cannot_be_is_one_sentence_and_changes_nothing(
    course: Course, capsys: pytest.CaptureFixture[str], gap: str, decision: str, by: str, why: str
) -> None:
    before = gaps_file(course).read_bytes()
    assert main(["rule", gap, "--decision", decision, "--by", by]) == 1
    told = capsys.readouterr()
    assert told.out == "" and told.err.startswith(why) and told.err.count("\n") == 1
    assert gaps_file(course).read_bytes() == before
    assert [path.name for path in gaps_file(course).parent.glob(".*")] == []


def test_a_second_ruling_is_refused(course: Course) -> None:
    rule("G02", "ends-with-therapy", "A. Lead", DAY)
    before = gaps_file(course).read_bytes()
    with pytest.raises(CourseError, match=r"G02 was ruled on 2027-01-31 by A\. Lead: ends-with-therapy"):
        rule("G02", "former-is-permanent", "B. Lead", DAY)
    assert gaps_file(course).read_bytes() == before


def debates(course: Course) -> list[tuple[str, float]]:
    return [(row[0], row[4]) for row in rows(course)["grades"] if row[2] == "debate"]


def test_what_waited_counts_in_the_next_version_and_what_was_scored_stays(
    released: Course, take: Take, capsys: pytest.CaptureFixture[str]
) -> None:
    for trainee in (MAYA, JONAS):
        hand_in(released, trainee, take, T90="best", T91="best")
    collect(released)
    grade(released)
    before = rows(released)
    assert before["grades"] and debates(released) == []
    pinned = {path.name: path.read_bytes() for path in paths.published().iterdir()}

    ruled = ["rule", "G02", "--decision", "ends-with-therapy", "--on", "2027-01-31", "--by"]
    assert main([*ruled, "A. Lead"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "G02 is ruled: ends-with-therapy.",
        "T90/debate is scored in the next published version.",
        "T90@1.yml is published and stays as it is, with all its scores: raise `version` in T90-miniature.yml "
        "to 2 and release that in a new assignment.",
    ]
    source = load.find("T90")
    assert [problem.key for problem in check().problems] == ["version"]
    with pytest.raises(CourseError, match=r"or a ruling that it follows, changed .* raise `version` to 2"):
        publish.publish(source)
    grade(released, again=True)
    assert rows(released) == before

    source.write_text(source.read_text("utf-8").replace("version: 1", "version: 2", 1))
    plan = released.content / "grading" / "assignments.yml"
    plan.write_text(
        plan.read_text("utf-8")
        + "  - {id: mini-2, title: After the ruling, kind: refresher, audience: therapist, marked: [],\n"
        "     scenarios: [{id: T90, version: 2}], pass: {share: 0.8}}\n"
    )
    assert exchange.release(released, "mini-2")
    mine = desk(released, MAYA, "mini-2")
    take(mine, "mini-2", "T90", "best")
    exchange.submit(released, mine, "mini-2", MAYA)
    collect(released)
    grade(released, again=True)
    assert debates(released) == [(MAYA, 1.0)]  # `keep`, best before, is poor by this ruling
    assert Counter(before["grades"]) <= Counter(rows(released)["grades"])
    assert check().problems == []
    kept = {path.name: path.read_bytes() for path in paths.published().iterdir() if path.name in pinned}
    assert {name: data for name, data in kept.items() if name != publish.SUMS} == {
        name: data for name, data in pinned.items() if name != publish.SUMS
    }


def test_open_questions_come_with_the_decisions_that_wait_and_those_whose_points_follow() -> None:
    def gap(name: str, ruled: bool = False) -> dict[str, object]:
        made = {"decision": "yes", "decided_by": "A. Lead", "decided_on": "2027-01-31"} if ruled else None
        rulings = [{"id": "yes", "text": "So."}, {"id": "no", "text": "Not so."}]
        return {
            "id": name, "title": f"About {name} <b>", "question": "Is it so?", "clauses": ["C17"],
            "rulings": rulings, "ruling": made,
        }  # fmt: skip

    def step(name: str, **more: object) -> dict[str, object]:
        decision = {"kind": "choice", "prompt": f"What of {name}?", "graded": True, "clauses": [], **more}
        return {"id": name, "text": "So.", "decision": decision}

    scenario = from_dict(
        {
            "id": "T80", "version": 1, "title": "One", "minutes": 1, "situation": "So.", "start": "first",
            "steps": [
                step("first", depends_on=["G03"], gaps={"G03": {"no": {}}}),
                step("second", gaps={"G02": {"no": {}}}),
                step("third", depends_on=["G04"]),
            ],
        }
    )  # fmt: skip
    asked = questions([gap("G01"), gap("G02"), gap("G03"), gap("G04", ruled=True)], [scenario])
    assert [(q.gap["id"], [d.step for d in q.decisions], len(q.waiting)) for q in asked] == [
        ("G03", ["first"], 1),
        ("G02", ["second"], 0),
        ("G01", [], 0),
    ]
    page = sheet("questions", questions=asked, ruled=[gap("G04", ruled=True)])
    assert "About G01 &lt;b&gt;" in page and "About G01 <b>" not in page
    assert 'What of first? <span class="quiet">(first; waits, not scored until the ruling)' in page
    assert "(second; scored, its points will follow the ruling)" in page
    assert page.count("No decision of the course turns on it so far.") == 1
    assert re.search(r"G04, About G04 .*: So\. .*A\. Lead, 2027-01-31", page)


def test_the_page_of_open_questions_is_written_where_the_reports_are(
    course: Course, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["questions"]) == 0
    path = course.reports / "questions.html"
    assert capsys.readouterr().out.strip() == str(path)
    assert "G02: Former clients" in path.read_text("utf-8")
