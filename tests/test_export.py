"""The exported tables, as a spreadsheet and a program read them."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from handing import JONAS, LINH, MAYA, hand_in, mark, nbgrader, reroute

from grading import gradebook
from grading.__main__ import main
from grading.autograde import grade
from grading.course import Course
from grading.export import export
from grading.intake import collect
from grading.results import load_results
from grading.tables import trainees
from scenarios.errors import CourseError

Take = Callable[..., Path]
Rows = list[dict[str, str]]
WORDS = '=HYPERLINK("//evil","read")\n- kindly;=1+1'


@pytest.fixture
def graded(released: Course, take: Take) -> Course:
    """Maya's best, with words like a formula; Jonas's harmful; of Linh the first scenario."""
    desk = hand_in(released, MAYA, take, T91="best").parent and released.desk(MAYA)
    take(desk, "mini", "T90", "best", change={"words": WORDS})
    hand_in(released, MAYA)
    hand_in(released, JONAS, take, T90="harmful", T91="harmful")
    hand_in(released, LINH, take, T90="mixed")
    assert collect(released).problems == []
    grade(released)
    return released


def read(path: Path) -> Rows:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def named(rows: Rows, **key: str) -> dict[str, str]:
    (found,) = (row for row in rows if key.items() <= row.items())
    return found


def test_a_row_a_trainee_and_assignment(graded: Course) -> None:
    mark(graded, MAYA, 4.5)
    path, _ = export(graded, formats=["csv"])
    assert path == graded.reports / "trainees.csv"
    rows = read(path)
    maya = named(rows, trainee=MAYA, assignment="mini")
    assert (maya["name"], maya["team"], maya["supervisor"]) == ("Maya Ortiz", "Harbor", "Renée Park")
    assert (maya["state"], maya["handed_in"], maya["scenarios"], maya["marked"]) == (
        "passed",
        "2",
        "2",
        "yes",
    )
    assert (maya["points"], maya["maximum"], maya["share"]) == ("16.5", "17.0", "0.9706")
    assert (maya["late"], maya["critical_misses"], len(maya["handed_in_at_utc"])) == ("no", "", 19)
    jonas = named(rows, trainee=JONAS)
    assert (jonas["state"], jonas["critical_misses"]) == ("one more step", "C17, C36")
    assert (jonas["marked"], jonas["share"]) == ("waiting", "")
    linh = named(rows, trainee=LINH)
    assert (linh["state"], linh["handed_in"], linh["share"]) == ("in progress", "1", "")
    assert (linh["another_route"], linh["scenarios"]) == ("0", "2")


def test_nothing_is_waited_for_that_was_left_out(graded: Course) -> None:
    reroute(graded, LINH)
    hand_in(graded, LINH)
    assert collect(graded).problems == []
    mark(graded, LINH, 5.0)
    linh = named(read(export(graded, formats=["csv"])[0]), trainee=LINH)
    assert (linh["handed_in"], linh["another_route"], linh["scenarios"]) == ("1", "1", "2")
    assert (linh["maximum"], linh["share"]) == ("14.0", "0.7143")  # of what remains
    assert not [
        row
        for row in read(export(graded, formats=["csv"])[1])
        if row["scenario"] == "T91" and row["trainee"] == LINH
    ]


def test_points_and_maximum_are_those_of_nbgraders_own_export(graded: Course, tmp_path: Path) -> None:
    mark(graded, MAYA, 4.5)
    done = nbgrader(graded, "export", "--to", str(tmp_path / "stock.csv"))
    assert done.returncode == 0, done.stderr
    stock = {
        row["student_id"]: (float(row["raw_score"]), float(row["max_score"]))
        for row in read(tmp_path / "stock.csv")
        if row["timestamp"]
    }
    assert stock.keys() == {MAYA, JONAS, LINH}
    rows = [row for row in read(export(graded, formats=["csv"])[0]) if row["handed_in"] != "0"]
    assert {row["trainee"]: (float(row["points"]), float(row["maximum"])) for row in rows} == stock


def test_a_row_a_decision(graded: Course) -> None:
    rows = read(export(graded, formats=["csv"])[1])
    assert len(rows) == 2 * 8 + 6
    ask = named(rows, trainee=JONAS, scenario="T90", step="ask")
    assert (ask["answer"], ask["verdict"], ask["violated"]) == ("Accept it.", "harmful", "C17")
    assert (ask["points"], ask["maximum"], ask["version"]) == ("0.0", "3.0", "1")
    tick = named(rows, trainee=MAYA, scenario="T90", step="tick")
    assert (tick["kind"], tick["verdict"], tick["answer"].count("; ")) == ("multiple", "best", 1)
    assert "argued" not in ask
    words = named(rows, trainee=MAYA, step="words")
    assert (words["marked"], words["points"]) == ("waiting", "")


def test_what_nobody_marks_is_not_passed_on(graded: Course) -> None:
    record = named(read(export(graded, formats=["csv"])[1]), trainee=MAYA, step="record")
    assert (record["kind"], record["answer"], record["marked"], record["maximum"]) == ("form", "", "", "")


def test_what_looks_like_a_formula_is_text(graded: Course) -> None:
    roster = graded.roster.read_text("utf-8")
    graded.roster.write_text(
        roster.replace("Jonas Weber", "+Jonas @Weber").replace("Canyon", "-Canyon"), "utf-8"
    )
    _, decisions, book = export(graded)
    rows = read(decisions)
    assert (
        named(rows, trainee=MAYA, step="words")["answer"]
        == '\'=HYPERLINK("//evil","read")\n\'- kindly;\'=1+1'
    )
    assert named(rows, trainee=JONAS, step="ask")["name"] == "'+Jonas @Weber"
    for row in rows:
        assert not any(cell.startswith(tuple("=+-@\t\r\n")) for cell in row.values())
    workbook = openpyxl.load_workbook(book)
    cells = [cell for sheet in workbook for line in sheet.iter_rows() for cell in line]
    assert {cell.data_type for cell in cells} <= {"s", "n", "inlineStr"}  # "f" would be a formula
    assert {WORDS, "+Jonas @Weber", "-Canyon"} <= {cell.value for cell in cells}  # nothing is put before them
    assert not any(cell.hyperlink for cell in cells)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_every_start_of_a_formula_is_kept_from_being_one(graded: Course, start: str) -> None:
    with gradebook.writing(graded) as db:
        said = json.dumps({"text": f"{start}cmd|' /C calc'!A0"})
        mine = (gradebook.ANSWER.c.student_id == MAYA, gradebook.ANSWER.c.step == "words")
        db.execute(gradebook.ANSWER.update().where(*mine).values(answer_json=said))
    words = named(read(export(graded, formats=["csv"])[1]), trainee=MAYA, step="words")
    assert words["answer"].startswith(f"'{start}")


def test_the_workbook_holds_both_tables_with_numbers_as_numbers(graded: Course) -> None:
    first, second, book = export(graded)
    workbook = openpyxl.load_workbook(book)
    assert workbook.sheetnames == ["trainees", "decisions"]
    for sheet, path in zip(workbook, (first, second), strict=True):
        head, *rows = sheet.iter_rows(values_only=True)
        with path.open(encoding="utf-8-sig", newline="") as file:
            assert list(head) == next(csv.reader(file))
        assert len(rows) == len(read(path))
    head, *rows = workbook["trainees"].iter_rows(values_only=True)
    maya = dict(zip(head, next(row for row in rows if row[0] == MAYA), strict=True))
    assert (maya["points"], maya["maximum"], maya["share"]) == (12.0, 17.0, None)


def test_excel_is_told_that_it_is_utf_8_and_half_a_character_does_no_harm(graded: Course) -> None:
    with gradebook.writing(graded) as db:
        mine = (gradebook.ANSWER.c.student_id == MAYA, gradebook.ANSWER.c.step == "words")
        db.execute(
            gradebook.ANSWER.update().where(*mine).values(answer_json=r'{"text": "\ud83d and \u0000"}')
        )
    first, second, book = export(graded)
    assert first.read_bytes()[:3] == b"\xef\xbb\xbf"
    assert "Renée Park" in first.read_text("utf-8-sig")
    assert named(read(second), trainee=MAYA, step="words")["answer"].startswith("? and ")
    assert openpyxl.load_workbook(book)["decisions"]["A1"].value == "trainee"


def test_late_is_who_came_after_the_day_or_has_not_come_by_it(graded: Course) -> None:
    plan = graded.content / "grading" / "assignments.yml"
    plan.write_text(plan.read_text().replace("due: {days_after_hire: 30}", "due: {on: 2020-01-01}"))
    rows = read(export(graded, formats=["csv"])[0])
    assert {row["late"] for row in rows if row["assignment"] == "mini"} == {"yes"}
    plan.write_text(plan.read_text().replace("2020-01-01", f"{date.today().year + 1}-01-01"))
    rows = read(export(graded, formats=["csv"])[0])
    assert {row["late"] for row in rows} == {"no"}


def test_who_left_and_who_is_no_longer_in_the_roster_stay_in_the_export(graded: Course) -> None:
    text = graded.roster.read_text("utf-8").splitlines(keepends=True)
    kept = [
        line.rstrip("\n") + "2026-01-01\n" if line.startswith(MAYA) else line
        for line in text
        if not line.startswith(JONAS)
    ]
    graded.roster.write_text("".join(kept), "utf-8")
    rows = trainees(load_results(graded), date.today())
    found = dict(zip(rows["trainee"], zip(rows["name"], rows["state"], strict=True), strict=True))
    assert found[MAYA] == ("Maya Ortiz", "being marked")
    assert found[JONAS] == ("", "")


def test_nothing_handed_in_is_two_tables_with_a_head(course: Course) -> None:
    for path in export(course, formats=["csv"]):
        assert read(path) == []
        assert path.read_text("utf-8-sig").startswith('"trainee","name","team"')
    assert export(course, formats=["xlsx"])[0].exists()


def test_a_file_that_could_not_be_finished_leaves_the_earlier_one(
    graded: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    (book,) = export(graded, formats=["xlsx"])
    before = book.read_bytes()
    monkeypatch.setattr("grading.export.SHEET", 5)
    with pytest.raises(CourseError, match="more than a worksheet holds; export one assignment"):
        export(graded, formats=["xlsx"])
    assert book.read_bytes() == before
    assert list(graded.reports.iterdir()) == [book]


def test_the_command_names_its_files(
    graded: Course, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", "--assignment", "mini", "--format", "csv", "--out", str(tmp_path / "out")]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed == [str(tmp_path / "out" / f"{name}-mini.csv") for name in ("trainees", "decisions")]
    assert {row["assignment"] for row in read(Path(printed[0]))} == {"mini"}
    assert main(["export", "--assignment", "maxi"]) == 1
    assert "There is no assignment maxi" in capsys.readouterr().err


def test_a_simulated_staff_is_named_so(graded: Course) -> None:
    (graded.root / "simulated.json").write_text('{"people": 3, "seed": 1}')
    assert {path.name for path in export(graded)} == {
        "simulated-trainees.csv",
        "simulated-decisions.csv",
        "simulated-results.xlsx",
    }
