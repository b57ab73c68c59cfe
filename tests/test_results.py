from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
from handing import JONAS, LINH, MAYA, argue, hand_in, mark, reroute
from sqlalchemy import event

from grading import gradebook
from grading.autograde import grade
from grading.course import Course
from grading.findings import findings, undone
from grading.intake import collect
from grading.marks import release_marks, unreleased
from grading.pending import pending
from grading.results import Argued, Results, load_results
from grading.tidy import COLUMNS, decisions
from scenarios.errors import CourseError

Take = Callable[..., Path]


@pytest.fixture
def graded(released: Course, take: Take) -> Course:
    """Three people's hand-ins, scored: Maya's best, Jonas's harmful, of Linh only the first scenario."""
    hand_in(released, MAYA, take, T90="best", T91="best")
    hand_in(released, JONAS, take, T90="harmful", T91="harmful")
    hand_in(released, LINH, take, T90="mixed")
    collect(released)
    grade(released)
    return released


def row(results: Results, trainee: str, scenario: str, step: str) -> pd.Series:
    frame = results.decisions
    (found,) = (
        r for _, r in frame.iterrows() if (r.trainee, r.scenario, r.step) == (trainee, scenario, step)
    )
    return found


def test_a_row_a_trainee_and_decision(graded: Course) -> None:
    frame = load_results(graded).decisions
    assert tuple(frame.columns) == COLUMNS
    assert len(frame) == 2 * 8 + 6
    assert not frame.duplicated(["trainee", "assignment", "scenario", "step"]).any()
    assert str(frame.submitted_at.dtype) == str(frame.answered_at.dtype) == "datetime64[us, UTC]"


def test_what_a_row_says(graded: Course) -> None:
    results = load_results(graded)
    best, harm = row(results, MAYA, "T90", "ask"), row(results, JONAS, "T90", "ask")
    assert (best["name"], best.team, best.supervisor) == ("Maya Ortiz", "Harbor", "Renée Park")
    assert (best.verdict, best.points, best.share, best.violated) == ("best", 3.0, 1.0, ())
    assert (harm.verdict, harm.points, harm.violated, harm.chosen) == ("harmful", 0.0, ("C17",), "Accept it.")
    assert (best.clauses, best.prompt, best.title) == (
        ("C17",),
        "What do you do next?",
        "Every kind of decision",
    )
    words = row(results, MAYA, "T90", "words")
    assert (words.kind, words.verdict, words.needs_manual) == ("text", "compare", True)
    assert pd.isna(words.points)
    assert not row(results, MAYA, "T90", "record").graded  # not marked in this assignment
    assert row(results, MAYA, "T90", "debate").verdict == "discussion"  # while the gap is open


def test_one_query(graded: Course) -> None:
    results = load_results(graded)
    said: list[str] = []
    engine = gradebook.engine(graded.db_url)
    event.listen(engine, "before_cursor_execute", lambda *args: said.append(args[2]))
    decisions(graded, results.people, results.assignments)
    assert len([s for s in said if s.lstrip().upper().startswith(("SELECT", "WITH"))]) == 1


def test_points_agree_with_nbgraders_own_sum(graded: Course) -> None:
    mark(graded, MAYA, 4.5)
    frame = load_results(graded).decisions
    with gradebook.opened(graded) as book:
        for submission in book.assignment_submissions("mini"):
            mine = frame[(frame.trainee == submission.student.id) & frame.points.notna()]
            assert mine.points.sum() == pytest.approx(submission.score)


def test_groups_count_people_once(graded: Course) -> None:
    results = load_results(graded)
    everyone = results.everyone.good
    # Maya 4 of 4; Jonas 0 of 4; Linh 1 of 3 (ask acceptable; tick and rank are poor)
    assert (everyone.people, everyone.hits, everyone.answers) == (3, 5, 11)
    assert everyone.value == pytest.approx((1 + 0 + 1 / 3) / 3)
    assert str(everyone) == "5 of 11"
    teams = {group.key: group for group in results.teams()}
    assert {key: group.good.people for key, group in teams.items()} == {"Harbor": 2, "Canyon": 1}
    assert (teams["Harbor"].harmed, teams["Canyon"].harmed) == (1, 0)
    scenarios = {group.key: group for group in results.scenarios()}
    assert scenarios["T91"].title == "A second, shorter one"
    assert (scenarios["T90"].good.people, scenarios["T91"].good.people) == (3, 2)
    clauses = results.by_clause()
    assert [group.key for group in clauses] == sorted(
        [g.key for g in clauses], key=lambda k: _value(clauses, k)
    )
    assert {g.key: g.good.answers for g in clauses} == {"C17": 3, "C30": 3, "C36": 5}


def _value(groups: list, key: str) -> float:
    return next(g.good.value for g in groups if g.key == key)


def test_marks_and_their_release(graded: Course) -> None:
    assert set(load_results(graded).waiting().trainee) == {MAYA, JONAS, LINH}
    mark(graded, MAYA, 4.5)
    results = load_results(graded)
    words = row(results, MAYA, "T90", "words")
    assert (words.mark, words.points, words.share, words.needs_manual) == (4.5, 4.5, 0.9, False)
    assert set(results.waiting().trainee) == {JONAS, LINH}
    assert unreleased(graded) == 1
    ((scenario, prompt, share),) = results.written()
    assert (scenario, prompt, share.people, share.value) == ("T90", "What do you say?", 1, 0.9)
    release_marks(graded)
    assert unreleased(graded) == 0


def test_a_mark_stays_when_a_later_scenario_is_handed_in(graded: Course, take: Take) -> None:
    mark(graded, LINH, 3.0)
    hand_in(graded, LINH, take, T91="best")
    assert pending(graded) == {LINH}
    collect(graded)
    assert pending(graded) == {LINH}
    grade(graded)
    assert pending(graded) == set()
    words = row(load_results(graded), LINH, "T90", "words")
    assert (words.points, words.needs_manual) == (3.0, False)


def test_critical_misses(graded: Course) -> None:
    rows = load_results(graded).critical()
    assert list(zip(rows.trainee, rows.clause, strict=True)) == [(JONAS, "C17"), (JONAS, "C36")]


def test_where_everybody_stands(graded: Course) -> None:
    mark(graded, MAYA, 5.0)
    where = load_results(graded).standings()
    states = {person.id: standing.state for person, assignment, standing in where if assignment.id == "mini"}
    assert states == {MAYA: "passed", JONAS: "one more step", LINH: "in progress"}
    assert MAYA not in {person.id for person, _, _ in undone(where)}


def test_who_took_another_route_can_pass_and_is_in_no_statistics(graded: Course, take: Take) -> None:
    before = load_results(graded).decisions
    take(graded.desk(LINH), "mini", "T91", "harmful", stop="reply")
    reroute(graded, LINH)
    results = handed_in_again(graded, LINH)
    assert len(results.decisions) == len(before) and set(results.critical().trainee) == {JONAS}
    mark(graded, LINH, 5.0)
    where = {p.id: standing for p, a, standing in load_results(graded).standings() if a.id == "mini"}
    assert (where[LINH].state, where[LINH].by_another_route) == ("not passed yet", 1)
    assert where[LINH].detail == "2 of 4 decisions were best or acceptable; 4 are needed"
    assert where[MAYA].by_another_route == 0


def test_who_has_only_left_something_out_has_begun(released: Course) -> None:
    reroute(released, MAYA)
    hand_in(released, MAYA)
    collect(released)
    (released.desk(MAYA) / "mini" / "T91.answers.jsonl").unlink()  # as where desks are elsewhere
    where = {person.id: standing for person, _, standing in load_results(released).standings()}
    assert (where[MAYA].state, where[JONAS].state) == ("in progress", "not started")


def test_who_has_left_is_not_waited_for(graded: Course) -> None:
    text = graded.roster.read_text("utf-8")
    graded.roster.write_text(
        re.sub(r"(?m)^(jonas\.weber.*),$", rf"\1,{date.today() - timedelta(1)}", text), "utf-8"
    )
    assert JONAS not in {person.id for person, _, _ in load_results(graded).standings()}


def test_findings_are_plain_sentences(graded: Course) -> None:
    results = load_results(graded)
    said = findings(results, results.standings())
    assert "Of 3 people, 3 have begun and 0 have passed." in said[0]
    assert "1 person chose something that breaks a critical clause" in said[1]
    assert "3 written answers of 3 people wait for a mark." in said
    assert not any("%" in sentence for sentence in said)  # of three people no percentages


def test_collected_and_not_yet_scored(released: Course, take: Take) -> None:
    hand_in(released, MAYA, take, T90="best")
    assert pending(released) == {MAYA}
    collect(released)
    results = load_results(released)
    assert row(results, MAYA, "T90", "ask").points == 3.0
    assert row(results, MAYA, "T90", "words").needs_manual


def test_nothing_handed_in(course: Course) -> None:
    results = load_results(course)
    assert results.decisions.empty
    assert (results.teams(), results.by_clause(), results.written()) == ([], [], [])
    assert results.everyone.good.people == 0
    assert results.critical().empty
    assert pending(course) == set()
    assert findings(results, results.standings())[0].startswith("Nothing has been handed in yet.")


def test_an_unknown_assignment(course: Course) -> None:
    with pytest.raises(CourseError, match=r"no assignment nope .* known are mini"):
        load_results(course, "nope")


def test_what_is_collected_and_not_scored_yet_has_its_points(graded: Course, take: Take) -> None:
    hand_in(graded, LINH, take, T91="best")
    collect(graded)
    assert row(load_results(graded), LINH, "T91", "door").points == 3.0


def handed_in_again(course: Course, *people: str) -> Results:
    for trainee in people:
        hand_in(course, trainee)
    assert collect(course).problems == []
    return load_results(course)


def test_what_to_talk_about_in_supervision(graded: Course) -> None:
    assert load_results(graded).argued() == []
    for trainee, step in ((MAYA, "ask"), (JONAS, "ask"), (JONAS, "tick"), (JONAS, "rank"), (JONAS, "words")):
        argue(graded, trainee, "T90", step)
    results = handed_in_again(graded, MAYA, JONAS)
    ask, *others = results.argued()  # of most people first
    split = (("Leave it for now.", 1), ("Decline it.", 1), ("Accept it.", 1))
    place = ("The miniature course", "T90", "Every kind of decision", "What do you do next?")
    assert ask == Argued(*place, people=2, answered=3, split=split, ranked=False)
    assert {(each.prompt, each.people, each.ranked) for each in others} == {
        ("What belongs here?", 1, False),
        ("In which order?", 1, True),
        ("What do you say?", 1, False),
    }
    splits = {each.prompt: [n for _, n in each.split] for each in others}
    assert splits["What belongs here?"] == [3, 1, 0, 1]  # two ticked two things, one ticked one
    assert splits["In which order?"] == [2, 0, 1]  # who was put first
    assert splits["What do you say?"] == []
    said = "In T90, “Every kind of decision”, 2 of 3 people would argue a decision in supervision: “What do you do next?”"
    assert said in findings(results, results.standings())


def test_what_somebody_would_argue_may_come_and_go_and_answers_stay(graded: Course) -> None:
    def answers(results: Results) -> list[object]:
        return results.decisions.drop(columns=["argued", "submitted_at"]).values.tolist()

    before = answers(load_results(graded))
    argue(graded, MAYA, "T90", "ask")
    argue(graded, MAYA, "T91", "door")
    results = handed_in_again(graded, MAYA)
    assert [each.scenario for each in results.argued()] == ["T90", "T91"]
    log = graded.desk(MAYA) / "mini" / "T90.answers.jsonl"
    kept = log.read_bytes()
    log.unlink()
    hand_in(graded, MAYA)
    assert collect(graded).problems  # it is missing: what was handed in before stands
    assert [each.scenario for each in load_results(graded).argued()] == ["T90", "T91"]
    log.write_bytes(kept)
    argue(graded, MAYA, "T90", "ask", on=False)
    results = handed_in_again(graded, MAYA)
    assert [each.scenario for each in results.argued()] == ["T91"]
    assert repr(answers(results)) == repr(before)


def test_a_gradebook_from_before_there_was_anything_to_argue_goes_on(graded: Course) -> None:
    with gradebook.writing(graded) as db:
        gradebook.ARGUED.drop(db)
    gradebook._ready.clear()  # as in a new process
    assert load_results(graded).argued() == []
    argue(graded, LINH, "T90", "ask")
    assert [each.people for each in handed_in_again(graded, LINH).argued()] == [1]
