"""When the policy changes: what differs, whom it touches, and which scenarios an author must read again."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from grading.course import Course
from scenarios import confirmed, load, paths, publish
from scenarios.__main__ import main
from scenarios.check import check
from scenarios.policy_diff import at_lines, changes, differing


def edit(path: Path, *changes: tuple[str, str]) -> None:
    text = path.read_text("utf-8")
    for before, after in changes:
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    path.write_text(text, "utf-8")


def clauses_file() -> Path:
    return paths.policy() / "clauses.yml"


@pytest.fixture
def old(course: Course, tmp_path: Path) -> Path:
    """The miniature's clauses as they were, before a test changes them."""
    return Path(shutil.copy(clauses_file(), tmp_path / "old.yml"))


def clause(**more: Any) -> dict[str, Any]:
    plain = dict.fromkeys(("condition", "exception", "follow_up"))
    same = {
        "kind": "scope",
        "who": ["therapist"],
        "title": "T",
        "statement": "S",
        "critical": False,
        "lines": "1",
    }
    return {"id": "C01", **plain, **same, **more}


@pytest.mark.parametrize(
    ("more", "what"),
    [
        ({}, None),
        ({"statement": "Other"}, ("reworded",)),
        ({"title": "Other"}, ("renamed",)),
        ({"condition": "If"}, ("another condition",)),
        ({"exception": "But"}, ("another exception",)),
        ({"follow_up": "Then"}, ("another follow-up",)),
        ({"kind": "request"}, ("of another kind",)),
        ({"lines": "2"}, ("at other lines",)),
        ({"critical": True}, ("made critical",)),
        ({"who": ["supervisor"], "statement": "X"}, ("reworded", "binds supervisor, too", "no longer binds therapist")),
    ],
)  # fmt: skip
def test_a_change_of_a_clause_is_told_in_words(more: dict[str, Any], what: tuple[str, ...] | None) -> None:
    found = changes({"C01": clause()}, {"C01": clause(**more)})
    assert [change.what for change in found] == ([what] if what else [])
    review = confirmed.wording(clause()) != confirmed.wording(clause(**more))
    assert review == (what not in (None, ("at other lines",)))


def test_clauses_come_and_go() -> None:
    found = changes({"C01": clause(), "C02": clause(critical=True)}, {"C02": clause(), "C03": clause()})
    assert [(c.id, c.what) for c in found] == [
        ("C01", ("removed",)),
        ("C02", ("no longer critical",)),
        ("C03", ("added",)),
    ]


def test_lines_of_two_texts_lead_to_the_clauses_that_stand_there() -> None:
    before = "one\ntwo\nthree\nfour\nfive\n"
    found = differing(before, "one  \r\ntwo\nTHREE\nfour\nand\nfive\n")
    assert [(one.at, one.old, one.now_at, one.new) for one in found] == [
        (3, ["three"], 3, ["THREE"]),
        (5, [], 5, ["and"]),
    ]
    at = {"C01": "1-2", "C02": "1; 3; 5", "C03": "2-4", "C04": "4", "C05": "5"}
    assert at_lines({c: clause(lines=lines) for c, lines in at.items()}, found) == ["C02", "C03", "C05"]


def test_a_changed_clause_names_decisions_assignments_and_roles(
    old: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(
        clauses_file(),
        ("Danger comes before everything else.", "Danger comes first."),
        ('lines: "36"', 'lines: "37"'),
    )
    edit(clauses_file(), ("who: [therapist]\n    title: Act", "who: [therapist, front-desk]\n    title: Act"))
    assert main(["policy-diff", str(old), str(clauses_file())]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "Clauses changed: 2",
        "  C30 Act on danger at once: reworded, binds front-desk, too",
        "  C36 No searching for clients: at other lines",
        "Decisions to review: 3",
        "  T90/rank (C30): In which order?",
        "  T90/record (C30): Fill in the note.",
        "  T91/reply (C30): What do you say?",
        "Assignments affected: 2",
        "  mini (The miniature course): T90@1, T91@1",
        "  mini-refresher (The miniature refresher): T91@1",
        "Roles to train again: 2",
        "  front-desk",
        "  therapist",
    ]


def test_an_assignment_is_held_against_the_version_it_pins(
    released: Course, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = shutil.copy(clauses_file(), tmp_path / "old.yml")
    source = load.find("T90")
    text = source.read_text("utf-8").replace("clauses: [C30]", "clauses: []").replace("violates: [C30], ", "")
    source.write_text(text.replace("version: 1", "version: 2", 1))
    edit(clauses_file(), ("Danger comes before everything else.", "Danger comes first."))
    assert main(["policy-diff", str(old), str(clauses_file()), "--format", "json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert [(d["scenario"], d["step"]) for d in data["decisions"]] == [("T91", "reply")]
    assert data["assignments"][0] == {
        "id": "mini",
        "title": "The miniature course",
        "scenarios": ["T90@1", "T91@1"],
    }
    assert data["roles"] == ["therapist"] and data["texts"] is None
    assert data["clauses"][0]["what"] == ["reworded"]


def test_two_official_texts_are_compared_by_line_and_named_by_their_hash(
    old: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = tmp_path / "2026.txt", tmp_path / "2027.txt"
    lines = [f"Line {n}." for n in range(1, 41)]
    texts[0].write_text("\n".join(lines))
    lines[21] = "Line 22, in other words."
    texts[1].write_text("\n".join(lines))
    assert main(["policy-diff", str(old), str(old), "--texts", *map(str, texts)]) == 0
    versions = [hashlib.sha256(text.read_bytes()).hexdigest()[:12] for text in texts]
    assert capsys.readouterr().out.splitlines() == [
        f"Official text: version {versions[0]} became {versions[1]}",
        "    22 - Line 22.",
        "    22 + Line 22, in other words.",
        "Clauses at these lines, to hold against the new text: C17",
        "Clauses changed: 0",
        "Decisions to review: 0",
        "Assignments affected: 0",
        "Roles to train again: 0",
    ]


@pytest.mark.parametrize("missing", ["old", "new", "text", "assignments"])
def test_a_file_that_cannot_be_read_is_one_sentence(
    old: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], missing: str
) -> None:
    lost = str(tmp_path / "lost")
    files = [lost if missing == "old" else str(old), lost if missing == "new" else str(old)]
    texts = ["--texts", str(old), lost if missing == "text" else str(old)]
    if missing == "assignments":
        paths.assignments().write_text("schema: 1\n")
    assert main(["policy-diff", *files, *texts]) == 1
    told = capsys.readouterr()
    assert told.out == "" and told.err.count("\n") == 1
    assert ("assignments.yml" if missing == "assignments" else "lost") in told.err


def review() -> list[tuple[str, str]]:
    """Return what is to be confirmed, with its place."""
    problems = [(problem.key, problem.message) for problem in check().problems]
    return [(place, message) for place, message in problems if "scenarios confirm" in message]


def test_a_scenario_whose_clause_changed_needs_review_until_its_author_confirms_it(
    course: Course, capsys: pytest.CaptureFixture[str]
) -> None:
    assert review() == []
    edit(clauses_file(), ("Danger comes before everything else.", "Danger comes\n      first."))
    told = "review needed: C30 changed or came in since this was confirmed; read it again, then run "
    t90, t91 = (f"{told}`python -m scenarios confirm {scenario}`" for scenario in ("T90", "T91"))
    steps = [
        ("steps.3.decision.clauses", t90),
        ("steps.5.decision.clauses", t90),
        ("steps.1.decision.clauses", t91),
    ]
    assert review() == steps
    assert main(["confirm"]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert listed[1] == f"scenarios/library/therapist/T90-miniature.yml:78: steps.5.decision.clauses: {t90}"
    assert len(listed) == 3
    assert main(["confirm", "T90"]) == 0
    assert review() == steps[2:]
    assert main(["confirm", "T91"]) == 0
    assert review() == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Danger comes before everything else.", "Danger comes\n      before everything else."),
        ('lines: "30"', 'lines: "31-32"'),
    ],
)
def test_another_layout_or_place_of_a_clause_asks_for_no_review(
    course: Course, before: str, after: str
) -> None:
    edit(clauses_file(), (before, after))
    assert review() == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("clauses: [C36]", "clauses: [C36, C30]"),
        ("rationale: Two of these help.", "rationale: Two of these help [C30]."),
        ("violates: [C36], consequence: You see", "violates: [C36, C30], consequence: You see"),
    ],
)
def test_a_clause_that_comes_into_a_scenario_is_confirmed_too(
    course: Course, before: str, after: str
) -> None:
    source = load.find("T90")
    text = source.read_text("utf-8").replace("clauses: [C30]", "clauses: []")
    source.write_text(text.replace("violates: [C30], ", ""))
    confirmed.confirm([source])
    assert review() == []
    edit(source, (before, after))
    ((place, message),) = review()
    assert place == "steps.2.decision.clauses" and message.startswith("review needed: C30 changed or came in")


def test_a_new_scenario_is_confirmed_once_and_one_that_is_gone_is_forgotten(course: Course) -> None:
    first, second = load.find("T90"), load.find("T91")
    third = first.with_name("T92-third.yml")
    third.write_text(first.read_text("utf-8").replace("id: T90", "id: T92"))
    ((place, message),) = review()
    assert place == "id" and message.endswith("run `python -m scenarios confirm T92`")
    second.unlink()
    confirmed.confirm([third])
    assert confirmed.read().keys() == {"T90", "T92"} and review() == []


def test_a_damaged_record_is_named_with_its_line(course: Course) -> None:
    edit(confirmed.lock(), ("  T91: {", "  T91: {C17: 7, "))
    (first, *_) = check().problems
    assert (first.file, first.line) == ("scenarios/policy/confirmed.yml", 6)


def test_a_published_scenario_whose_clause_changed_stays_what_it_was(released: Course) -> None:
    before = publish.load_published("T90", 1)
    edit(clauses_file(), ("Danger comes before everything else.", "Danger comes first."))
    confirmed.confirm(load.scenario_files())
    publish.load_published.cache_clear()
    assert publish.load_published("T90", 1) == before and review() == []
