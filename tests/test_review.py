"""The clinical reviewer rates blind, agreement is printed, and an approval holds for exactly what was reviewed."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from grading import exchange
from grading.course import Course, load_roster
from grading.desk import make_desk
from scenarios import load, publish, variants
from scenarios.__main__ import main
from scenarios.agreement import alpha
from scenarios.approval import approve, fingerprint
from scenarios.booklet import COLUMNS, pack
from scenarios.check import check
from scenarios.errors import CourseError
from scenarios.model import Scenario

DAY = date(2027, 1, 31)

# Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, section C: four observers, twelve units.
EXAMPLE = """\
1 2 3 3 2 1 4 1 2 . . .
1 2 3 3 2 2 4 1 2 5 . 3
. 3 3 3 2 3 4 2 2 5 1 .
1 2 3 3 2 4 4 1 2 5 1 ."""


def test_alpha_is_that_of_krippendorffs_own_example() -> None:
    observers = [row.split() for row in EXAMPLE.splitlines()]
    units = [[int(value) for value in unit if value != "."] for unit in zip(*observers, strict=True)]
    assert round(alpha(units) or 0, 3) == 0.815


@pytest.mark.parametrize(
    ("units", "expected"),
    [
        ([[0, 0], [3, 3]], 1.0),
        ([[3], [0]], None),
        ([[2, 2], [2, 2]], None),
        ([], None),
        # Two values: n = 4, n_0 = n_3 = 2, every coincidence off the diagonal: 1 - 3 * 4 / 4 with both pairs apart.
        ([[0, 3], [3, 0]], -0.5),
    ],
)
def test_alpha_at_its_limits(units: list[list[int]], expected: float | None) -> None:
    assert alpha(units) == expected


class Text(HTMLParser):
    """The words of a page, and its tags with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words, self.tags = "", list[tuple[str, dict[str, str | None]]]()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data


def flat(text: str) -> str:
    return " ".join(re.sub(r"^> ?", "", text, flags=re.MULTILINE).split())


def secrets(scenario: Scenario) -> set[str]:
    """Everything of a scenario that would give a key away."""
    found = {step.text for step in scenario.steps.values() if not step.decision}
    for _, d in scenario.decisions():
        found |= {d.consequence, d.rationale, d.model, *(c.text for c in d.rubric)}
        found |= {text for o in d.options for text in (o.consequence, o.rationale)}
    return {flat(text) for text in found if text}


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The review pack of the real library."""
    folder = tmp_path_factory.mktemp("review")
    assert main(["review-pack", "--out", str(folder)]) == 0
    return folder


def test_the_booklet_shows_every_option_and_nothing_of_a_key(printed: Path) -> None:
    html = (printed / "booklet.html").read_text("utf-8")
    page = Text(html)
    words = flat(page.words)
    for path in load.scenario_files():
        scenario = variants.each(load.scenario(path))[0]
        for step, decision in scenario.decisions():
            assert flat(decision.prompt) in words and step in words
            assert all(flat(option.text) in words for option in decision.options)
        assert not {secret for secret in secrets(scenario) if secret in words}
    assert not re.search(r"\bC\d\d\b|\bG\d\d\b", words)
    assert not {"script", "link", "img", "iframe"} & {tag for tag, _ in page.tags}
    assert not {key for _, attrs in page.tags for key in attrs} & {"href", "src", "onclick"}
    assert "://" not in html and "url(" not in html and "@media print" in html


def test_the_order_of_options_tells_nothing_and_is_that_of_the_sheet(printed: Path) -> None:
    html = (printed / "booklet.html").read_text("utf-8")
    rows = list(csv.DictReader((printed / "ratings.csv").read_text("utf-8-sig").splitlines()))
    assert tuple(rows[0]) == COLUMNS
    assert not {row[column] for row in rows for column in ("reviewer", "rating", "comment")} - {""}
    shown = re.findall(r"<small><code>([^<]+)</code>", html)
    assert shown == [row["option"] for row in rows if row["option"]]
    first = [
        (decision.option(row[1]).points, decision.options[0].id == row[1])
        for path in load.scenario_files()
        for step, decision in load.scenario(path).decisions()
        if decision.kind == "choice"
        and (row := next((r["step"], r["option"]) for r in rows if r["scenario"][:3] == path.name[:3] and r["step"] == step))
    ]  # fmt: skip
    assert len(set(first)) > 4  # neither the best nor the first of the file leads


def test_only_what_is_named_is_printed(course: Course, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["review-pack", "T91"]) == 0
    booklet, sheet = map(Path, capsys.readouterr().out.split())
    assert booklet.parent == sheet.parent == course.root / "review"
    assert "T91@1" in booklet.read_text("utf-8") and "T90" not in booklet.read_text("utf-8")


Sheet = Callable[..., Path]


@pytest.fixture
def sheet(course: Course, tmp_path: Path) -> Sheet:
    """Write a sheet for T90: ``sheet("A. Lead", ask={"decline": 3}, …)``; a string is a comment."""

    def write(reviewer: str, name: str = "ratings.csv", **steps: dict[str, Any]) -> Path:
        wording = pack([load.find("T90")])[0].wording
        lines = [",".join(COLUMNS)]
        for step, given in steps.items():
            for option, value in given.items():
                cells = ["", value] if isinstance(value, str) else [str(value), ""]
                lines.append(",".join([reviewer, "T90@1", wording, step, option, *cells]))
                reviewer = ""  # counts for the rows below
        path = tmp_path / name
        path.write_text("\n".join(lines) + "\n", "utf-8")
        return path

    return write


FIRST: dict[str, dict[str, Any]] = {
    "ask": {"decline": 3, "ignore": 2, "accept": 0},
    "tick": {"call": 3, "chart": 2, "wait": 1, "search": 0},
    "rank": {"emergency": 1, "supervisor": 2, "paperwork": 3},
    "words": {"": "Warm and plain"},
    "debate": {"keep": 3, "ask": 2, "connect": 0},
}
SECOND: dict[str, dict[str, Any]] = {
    "ask": {"decline": 3, "ignore": 1, "accept": 0},
    "rank": {"emergency": 1, "supervisor": 3, "paperwork": 2},
    "debate": {"keep": 3, "ask": 2, "connect": 1},
}


def test_agreement_is_printed_for_each_decision(sheet: Sheet, capsys: pytest.CaptureFixture[str]) -> None:
    files = [sheet("A. Lead", **FIRST), sheet("B. Chu", "more.csv", **SECOND)]
    assert main(["review", *map(str, files)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "T90@1 ask (choice): 2 reviewers, 5 of 6 as the key (83%), alpha 0.95",
        "    ignore: key 2; B. Chu 1",
        "T90@1 tick (multiple): 1 reviewer, 4 of 4 as the key (100%), alpha –",
        "T90@1 rank (order): 2 reviewers, 4 of 6 as the key (67%), alpha 0.58",
        "    supervisor: key 2; B. Chu 3",
        "    paperwork: key 3; B. Chu 2",
        "T90@1 words (text): 1 reviewer, not rated",
        "    A. Lead: Warm and plain",
        "T90@1 debate (choice): 2 reviewers, 5 of 6 as the key (83%), alpha 0.95",
        "    connect: key 0; B. Chu 1",
        "All: 18 of 22 as the key (82%); between reviewers alpha 0.91 (ordinal, orders left out).",
    ]


def test_one_reviewer_in_two_sheets_is_not_two_reviewers(
    sheet: Sheet, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [sheet("A. Lead", **FIRST), sheet("A. Lead", "more.csv", **SECOND)]
    assert main(["review", *map(str, files)]) == 1
    assert capsys.readouterr().err == (
        f"{files[1]}:2: option: given in ratings.csv, line 2 already; keep one of the lines.\n"
    )


def test_the_same_for_a_program(sheet: Sheet, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["review", str(sheet("B. Chu", **SECOND)), "--format", "json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["alpha"] is None and data["other_wording"] == []
    ask = data["decisions"][0]
    assert (ask["scenario"], ask["step"], ask["same"], ask["ratings"]) == ("T90@1", "ask", 2, 3)
    assert ask["apart"] == [["ignore", 2, {"B. Chu": 1}]]


def test_ratings_of_another_wording_are_left_out_and_named(
    course: Course, sheet: Sheet, capsys: pytest.CaptureFixture[str]
) -> None:
    path = sheet("A. Lead", **FIRST)
    source = load.find("T90")
    source.write_text(source.read_text("utf-8").replace("A request arrives.", "A request comes in."))
    assert main(["review", str(path)]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told == [
        "T90@1 was rated in another wording than it has now, so its ratings are left out.",
        "All: nothing rated; between reviewers alpha – (ordinal, orders left out).",
    ]


ROW = "A. Lead,T90@1,{wording},ask,decline,3,"
FIRST_PLACE = ROW.replace("ask,decline,3", "rank,emergency,1")


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (["reviewer,scenario"], ":1: wording: no such column; the first line is reviewer,scenario,wording,"),
        ([""], ":1: reviewer: no such column"),
        ([",".join(COLUMNS), ROW, ROW.replace(",3,", ",4,")], ":3: rating: 4 is not one of 0, 1, 2, 3."),
        ([",".join(COLUMNS), ROW.replace(",3,", ",good,")], ":2: rating: good is not one of"),
        ([",".join(COLUMNS), ROW.replace("ask,decline,3", "rank,emergency,0")], ":2: rating: 0 is not one of 1, 2, 3."),
        ([",".join(COLUMNS), ROW.replace("ask,decline,3", "words,,3")], ":2: rating: a written answer is not rated"),
        ([",".join(COLUMNS), ROW.replace("A. Lead", "")], ":2: reviewer: nobody is named"),
        ([",".join(COLUMNS), ROW.replace("T90@1", "T77@1")], ":2: scenario: T77@1 is not in the library"),
        ([",".join(COLUMNS), ROW.replace(",ask,", ",asks,")], ":2: step: T90 has no decision asks"),
        ([",".join(COLUMNS), ROW.replace("decline", "refuse")], ":2: option: refuse is not one of ignore, decline, accept"),
        ([",".join(COLUMNS), ROW, "", ROW], ":4: option: given in ratings.csv, line 2 already"),
        ([",".join(COLUMNS), FIRST_PLACE, FIRST_PLACE.replace("emergency", "supervisor")], ":3: rating: given in"),
        ([",".join(COLUMNS), ROW + "too, many"], ":2: 8 cells under 7 columns"),
        ([",".join(COLUMNS), ROW + '"two\nlines"', ROW], ":4: option: given in ratings.csv, line 2 already"),
        ([",".join(COLUMNS), ROW + '"never closed', ROW], ":2: not a CSV table"),
    ],
)  # fmt: skip
def test_a_bad_sheet_is_one_sentence_with_line_and_column(
    course: Course, tmp_path: Path, capsys: pytest.CaptureFixture[str], lines: list[str], why: str
) -> None:
    wording = pack([load.find("T90")])[0].wording
    path = tmp_path / "ratings.csv"
    path.write_text("\n".join(lines).replace("{wording}", wording) + "\n")
    assert main(["review", str(path)]) == 1
    told = capsys.readouterr()
    assert told.out == "" and told.err.startswith(f"{path}{why}") and told.err.count("\n") == 1


@pytest.mark.parametrize(
    ("content", "why"), [(None, "cannot be read"), (b"reviewer\ncaf\xe9", ":2: not UTF-8")]
)
def test_what_is_no_sheet_is_one_sentence(
    course: Course, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None, why: str
) -> None:
    path = tmp_path / "ratings.csv"
    if content:
        path.write_bytes(content)
    assert main(["review", str(path)]) == 1
    assert why in capsys.readouterr().err


def ask(*more: str) -> list[str]:
    return ["approve", "T90", "--by", "Ava O'Neil", "--credential", "LCSW, PhD", *more]


def test_an_approval_is_recorded_in_two_lines_and_shows_on_the_desk(
    course: Course, capsys: pytest.CaptureFixture[str]
) -> None:
    source = load.find("T90")
    before = source.read_text("utf-8")
    seen = pack([source])[0].wording
    assert main(ask("--on", "2027-01-31", "--seen", seen)) == 0
    assert capsys.readouterr().out == f"T90 version 1 is approved in the wording {seen}.\n"
    changed = [
        (old, new)
        for old, new in zip(before.splitlines(), source.read_text("utf-8").splitlines(), strict=True)
        if old != new
    ]
    approval = f"{{by: Ava O'Neil, credential: 'LCSW, PhD', on: 2027-01-31, sha256: {fingerprint(source)}}}"
    assert changed == [("approved: null", f"approved: {approval}")]
    assert check().problems == []

    exchange.release(course, "mini")
    desk = make_desk(course, next(p for p in load_roster(course).values() if p.role == "therapist"))
    me = json.loads((desk / "me.json").read_text("utf-8"))
    assert [s["approved"] for s in me["assignments"][0]["scenarios"]] == [True, True]
    view = json.loads((desk / "mini" / "T90.json").read_text("utf-8"))
    assert view["approved"] == {"by": "Ava O'Neil", "credential": "LCSW, PhD", "on": "2027-01-31"}


@pytest.mark.parametrize(
    ("old", "new", "holds"),
    [
        ("A request arrives.", "A request comes in.", False),
        ("id: decline, text: Decline it., points: 3", "id: decline, text: Decline it., points: 2", False),
        ("rationale: It is not accepted.", "rationale: It is not taken.", False),
        ("minutes: 2", "minutes: 2  # about", True),
        ("name: mixed", "name: mixed2", True),
    ],
)
def test_an_approval_holds_for_what_was_reviewed_and_a_later_change_says_so(
    course: Course, old: str, new: str, holds: bool
) -> None:
    source = load.find("T90")
    approve(source, "Ava O'Neil", "LCSW", DAY)
    text = source.read_text("utf-8")
    assert old in text
    source.write_text(text.replace(old, new, 1))
    problems = [problem for problem in check().problems if problem.key == "approved"]
    scenario, sha256 = publish.load_draft(source)
    view = publish.trainee_view(scenario, sha256)
    if holds:
        assert problems == [] and view["approved"]
    else:
        (problem,) = problems
        assert problem.line == 6 and "is not for this wording" in problem.message
        assert view["approved"] is None


def test_an_approval_written_by_hand_does_not_count(course: Course) -> None:
    source = load.find("T90")
    by_hand = "approved: {by: Ava O'Neil, credential: LCSW, on: 2027-01-31}"
    source.write_text(source.read_text("utf-8").replace("approved: null", by_hand))
    assert [problem.key for problem in check().problems] == ["approved"]
    assert publish.load_draft(source)[0].approved is None


def test_a_published_version_stays_a_draft_and_the_next_one_is_approved(
    course: Course, capsys: pytest.CaptureFixture[str]
) -> None:
    source = load.find("T90")
    publish.publish(source)
    assert main(ask()) == 0
    assert "Version 1 is published and stays a draft, so `version` was raised to 2" in capsys.readouterr().out
    assert check().problems == []
    publish.publish(source)
    assert publish.load_published("T90", 1)[0].approved is None
    approved = publish.load_published("T90", 2)[0].approved
    assert approved and approved["by"] == "Ava O'Neil"


def test_a_ruling_that_moves_a_key_asks_for_another_approval(course: Course) -> None:
    from scenarios.ruling import rule

    source = load.find("T90")
    approve(source, "Ava O'Neil", "LCSW", DAY)
    rule("G02", "ends-with-therapy", "A. Lead", DAY)
    assert [problem.key for problem in check().problems] == ["approved"]
    assert publish.load_draft(source)[0].approved is None
    approve(source, "Ava O'Neil", "LCSW", DAY)
    assert check().problems == []


def test_what_cannot_be_approved_is_one_sentence_and_changes_nothing(
    course: Course, capsys: pytest.CaptureFixture[str]
) -> None:
    source = load.find("T90")
    before = source.read_bytes()
    assert main(ask("--seen", "00000000")) == 1
    told = rf"T90 was not approved: its wording is {fingerprint(source)[:8]} now, and what was reviewed is 00000000\."
    assert re.match(told, capsys.readouterr().err)
    assert main(["approve", "T77", "--by", "A", "--credential", "B"]) == 1
    assert "There is no scenario T77" in capsys.readouterr().err
    assert source.read_bytes() == before
    approve(source, "Ava O'Neil", "LCSW", DAY)
    with pytest.raises(CourseError, match=r"T90 was approved in this wording by Ava O'Neil on 2027-01-31\."):
        approve(source, "B. Chu", "LMFT", DAY)
