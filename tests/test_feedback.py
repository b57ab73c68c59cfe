from __future__ import annotations

import json
import re
import shutil
import warnings
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from handing import JONAS, LINH, MAYA, argue, desk, hand_in, nbgrader, reroute

from grading import gradebook
from grading.autograde import grade
from grading.course import Assignment, Course
from grading.explain import explanation
from grading.feedback import give, render
from grading.intake import collect
from grading.marks import release_marks, settle, unreleased
from scenarios import load
from scenarios.model import payload
from scenarios.publish import load_draft

Take = Callable[..., Path]


def shown(course: Course, trainee: str, scenario: str = "T90") -> dict[str, Any]:
    data: dict[str, Any] = json.loads(
        (course.desk(trainee) / "mini" / f"{scenario}.feedback.json").read_text("utf-8")
    )
    return data


def decision(course: Course, trainee: str, step: str) -> dict[str, Any]:
    return next(d for d in shown(course, trainee)["decisions"] if d["step"] == step)


def mark(
    course: Course, trainee: str, points: float, comment: str | None = None, *, done: bool = True
) -> None:
    """Mark as formgrader does."""
    with warnings.catch_warnings(), gradebook.opened(course) as book:
        warnings.simplefilter("ignore")
        row = book.find_grade("words", "T90", "mini", trainee)
        row.manual_score, row.needs_manual_grade = points, not done
        book.find_comment("words", "T90", "mini", trainee).manual_comment = comment
        book.db.commit()


def needs_mark(course: Course, trainee: str) -> bool:
    with warnings.catch_warnings(), gradebook.opened(course) as book:
        warnings.simplefilter("ignore")
        return bool(book.find_grade("words", "T90", "mini", trainee).needs_manual_grade)


def pipeline(course: Course) -> None:
    assert collect(course).problems == []
    assert grade(course).problems == []
    assert give(course).problems == []


def test_every_kind_is_explained(released: Course, take: Take) -> None:
    hand_in(released, MAYA, take, T90="harmful")
    pipeline(released)
    data = shown(released, MAYA)
    assert [d["verdict"] for d in data["decisions"]] == [
        "harmful",
        "harmful",
        "poor",
        "being marked",
        "compare",
        "discussion",
    ]
    assert data["score"] == {"points": 0.0, "maximum": 9.0}
    ask, tick, rank, words, record, debate = data["decisions"]
    assert ask["chosen"] == [{"text": "Accept it.", "explanation": "This breaks the clause."}]
    assert ask["best"] == [{"text": "Decline it.", "explanation": "This is what the clause asks."}]
    assert ask["violated"] == ["C17"] and ask["clauses"][0]["critical"] is True
    assert ask["followed"] == ["You are linked."]
    assert tick["violated"] == ["C36"] and [b["text"] for b in tick["best"]] == [
        "Call her.",
        "Note it in the chart.",
    ]
    assert [c["text"] for c in rank["chosen"]] == [
        "Start the paperwork.",
        "Tell your supervisor.",
        "Call for help.",
    ]
    assert rank["best"][0]["text"] == "Call for help." and rank["violated"] == ["C30"]
    assert (words["points"], words["maximum"], words["mark"]) == (None, 5.0, None)
    assert words["model"].startswith("I keep our work private") and len(words["rubric"]) == 3
    assert record["chosen"][0]["text"] == "What happened: Nothing special." and record["graded"] is False
    assert debate["best"] == [] and debate["points"] is None


def test_every_option_of_a_locked_decision_is_explained(released: Course, take: Take) -> None:
    hand_in(released, MAYA, take, T90="mixed")
    pipeline(released)
    options = {d["step"]: d["options"] for d in shown(released, MAYA)["decisions"]}
    assert options["ask"] == [
        {"id": "ignore", "verdict": "acceptable", "text": "Leave it for now.", "explanation": "It is not accepted."},
        {"id": "decline", "verdict": "best", "text": "Decline it.", "explanation": "This is what the clause asks."},
        {"id": "accept", "verdict": "harmful", "text": "Accept it.", "explanation": "This breaks the clause."},
    ]  # fmt: skip
    assert [(o["id"], o["verdict"]) for o in options["tick"]] == [
        ("call", "best"), ("chart", "best"), ("wait", "poor"), ("search", "harmful"),
    ]  # fmt: skip
    assert [(o["id"], o["verdict"]) for o in options["rank"]] == [
        ("emergency", None), ("supervisor", None), ("paperwork", None),
    ]  # fmt: skip
    assert {o["verdict"] for o in options["debate"]} == {"discussion"}  # while the gap is open
    assert options["words"] == options["record"] == []


def test_nothing_is_explained_before_the_end(released: Course, take: Take) -> None:
    take(desk(released, MAYA), "mini", "T90", "best", stop="debate")
    hand_in(released, MAYA)
    hand_in(released, JONAS, take, T90="best")
    pipeline(released)
    assert not (released.desk(MAYA) / "mini" / "T90.feedback.json").exists()
    assert not (released.feedback / MAYA).exists()
    assert shown(released, JONAS)["score"] == {"points": 9.0, "maximum": 9.0}
    assert not (released.desk(JONAS) / "mini" / "T91.feedback.json").exists()


def test_marks_appear_when_they_are_released_and_stay(released: Course, take: Take) -> None:
    hand_in(released, MAYA, take, T90="best")
    pipeline(released)
    mark(released, MAYA, 4.0, "Warm and plain.")
    give(released)
    assert decision(released, MAYA, "words")["verdict"] == "being marked"
    assert release_marks(released) == [(MAYA, "mini")]
    give(released)
    words = decision(released, MAYA, "words")
    assert (words["verdict"], words["points"]) == ("marked", 4.0)
    assert words["mark"] == {"points": 4.0, "maximum": 5.0, "comment": "Warm and plain."}
    assert shown(released, MAYA)["score"] == {"points": 13.0, "maximum": 14.0}
    # A later hand-in and a new mark in the making change nothing that was seen.
    hand_in(released, MAYA, take, T91="best")
    pipeline(released)
    mark(released, MAYA, 1.0)
    give(released)
    assert decision(released, MAYA, "words")["points"] == 4.0
    assert release_marks(released) == [(MAYA, "mini")] and release_marks(released) == []
    give(released)
    assert decision(released, MAYA, "words")["points"] == 1.0


def test_a_mark_stands_for_the_text_it_was_given_for(released: Course, take: Take) -> None:
    hand_in(released, MAYA, take, T90="best")
    take(desk(released, LINH), "mini", "T90", "mixed", stop="words")
    hand_in(released, LINH)
    pipeline(released)
    mark(released, MAYA, 4.0)
    mark(released, LINH, 2.0)  # there is no text yet
    take(desk(released, LINH), "mini", "T90", "mixed")
    hand_in(released, LINH)
    hand_in(released, MAYA, take, T91="best")
    pipeline(released)
    assert needs_mark(released, MAYA) and needs_mark(
        released, LINH
    )  # as nbgrader: every mark, after grading again
    settle(released)
    assert not needs_mark(released, MAYA) and needs_mark(released, LINH)
    assert release_marks(released) == [(MAYA, "mini")]
    give(released)
    assert decision(released, LINH, "words")["verdict"] == "being marked"
    mark(released, LINH, 3.0)
    assert release_marks(released) == [(LINH, "mini")]


def test_the_page_holds_no_script_no_code_and_no_address(released: Course, take: Take) -> None:
    text = "<script>alert('x')</script> {{ 7 * 7 }} https://example.org/a.png"
    take(
        desk(released, MAYA),
        "mini",
        "T90",
        "best",
        change={"words": text, "record": {"what": "<img src=x onerror=alert(1)>"}},
    )
    hand_in(released, MAYA)
    pipeline(released)
    mark(released, MAYA, 5.0, "</p><script>alert(2)</script>")
    release_marks(released)
    give(released)
    page = (released.feedback / MAYA / "mini" / "T90.html").read_text("utf-8")
    assert "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; {{ 7 * 7 }}" in page
    assert not re.search(r"<script|<img|<link|<iframe|<a |\son\w+=\"|src=\"|href=|url\(|@import", page)
    assert "cell(" not in page and "nbgrader" not in page
    assert "default-src 'none'" in page


def test_prose_flows_and_only_what_was_typed_keeps_its_lines() -> None:
    scenario, sha256 = load_draft(load.find("T01"))
    unmarked = Assignment("practice", "", "onboarding", "", (), frozenset(), None, None, 1.0)
    answers = {
        step: payload(decision.kind, scenario.plays[0].answers[step])
        for step, decision in scenario.decisions()
        if step in scenario.plays[0].answers
    }
    answers["words"] = {"text": "One line.\nAnother."}
    told = explanation(unmarked, scenario, sha256, answers, {}, load.clauses())
    page = render(scenario, told, "An assignment", "Maya")
    broken = [p for p in re.findall(r'<p class="prose">(.*?)</p>', page, re.DOTALL) if "\n" in p]
    assert broken == []
    assert '<p class="said">One line.\nAnother.</p>' in page
    assert "<b>" in page and "&gt; " not in page  # somebody speaks


def test_nbgraders_fetch_brings_ones_own_page(
    released: Course, take: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    for trainee, play in ((MAYA, "best"), (JONAS, "harmful")):  # both from this account of this machine
        hand_in(released, trainee, take, T90=play)
    pipeline(released)
    for trainee in (MAYA, JONAS):
        monkeypatch.chdir(desk(released, trainee))
        where = f"--Exchange.assignment_dir={desk(released, trainee)}"
        done = nbgrader(released, "fetch_feedback", "mini", f"--student={trainee}", where)
        assert done.returncode == 0, done.stderr
        (page,) = (desk(released, trainee) / "mini" / "feedback").rglob("T90.html")  # and nobody else's
        assert page.read_bytes() == (released.feedback / trainee / "mini" / "T90.html").read_bytes()


def test_only_what_changed(released: Course, take: Take) -> None:
    hand_in(released, MAYA, take, T90="best")
    pipeline(released)
    hand_in(released, JONAS, take, T90="best")
    collect(released)
    assert give(released, changed=True).explained == [(JONAS, "mini", "T90")]
    assert give(released, changed=True).explained == []


def test_who_left_out_all_they_were_given_reads_it_on_their_desk(released: Course) -> None:
    reroute(released, MAYA)
    hand_in(released, MAYA)
    collect(released)
    grade(released)
    (released.desk(MAYA) / "me.json").write_text("{}")
    given = give(released, changed=True)
    assert (given.explained, given.problems) == ([], [])
    assert json.loads((released.desk(MAYA) / "me.json").read_text("utf-8"))["id"] == MAYA
    assert give(released, changed=True).problems == []


def test_a_desk_elsewhere_is_no_problem(released: Course, take: Take) -> None:
    folder = hand_in(released, MAYA, take, T90="best")
    assert folder.exists()
    released.desk(MAYA).rename(released.root / "another-machine")
    pipeline(released)
    assert (released.feedback / MAYA / "mini" / "T90.feedback.json").exists()


def test_command(released: Course, take: Take, capsys: pytest.CaptureFixture[str]) -> None:
    from grading.__main__ import main

    hand_in(released, MAYA, take, T90="best")
    pipeline(released)
    mark(released, MAYA, 4.0)
    assert main(["feedback", "--release-marks", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"explained": 1, "marked": 1, "problems": []}


def test_an_explanation_that_could_not_be_put_in_place_is_given_later(released: Course, take: Take) -> None:
    mine = desk(released, MAYA)
    hand_in(released, MAYA, take, T90="best")
    collect(released)
    grade(released)
    away = (mine / "mini").rename(mine / "away")
    (problem,) = give(released, changed=True).problems
    assert problem.startswith("maya.ortiz, mini: the explanation could not be put in place")
    away.rename(mine / "mini")
    assert give(released, changed=True).explained == [(MAYA, "mini", "T90")]
    assert shown(released, MAYA)["score"]["points"] == 9.0


def test_the_same_mark_given_again_is_for_the_text(released: Course, take: Take) -> None:
    take(desk(released, LINH), "mini", "T90", "mixed", stop="words")
    hand_in(released, LINH)
    pipeline(released)
    mark(released, LINH, 0.0)  # there is no text yet
    take(desk(released, LINH), "mini", "T90", "mixed")
    hand_in(released, LINH)
    pipeline(released)
    settle(released)
    assert needs_mark(released, LINH)
    mark(released, LINH, 0.0)
    hand_in(released, LINH, take, T91="best")
    pipeline(released)
    settle(released)
    assert not needs_mark(released, LINH)
    assert release_marks(released) == [(LINH, "mini")]


def test_an_edited_comment_can_be_released(released: Course, take: Take) -> None:
    hand_in(released, MAYA, take, T90="best")
    pipeline(released)
    mark(released, MAYA, 4.0, "Warm.")
    assert unreleased(released) == 1
    release_marks(released)
    assert unreleased(released) == 0
    mark(released, MAYA, 4.0, "Warm and plain.")
    assert unreleased(released) == 1
    assert release_marks(released) == [(MAYA, "mini")]
    assert unreleased(released) == 0


def test_what_somebody_would_argue_changes_no_feedback(released: Course, take: Take) -> None:
    hand_in(released, MAYA, take, T90="mixed", T91="best")
    pipeline(released)
    mark(released, MAYA, 4.0, "Warm.")
    release_marks(released)
    give(released)

    def explained() -> dict[str, bytes]:
        files = [*(desk(released, MAYA) / "mini").glob("*.feedback.json"), *released.feedback.rglob("*.html")]
        return {path.name: path.read_bytes() for path in files}

    before = explained()
    argue(released, MAYA, "T90", "ask")
    hand_in(released, MAYA)
    pipeline(released)
    settle(released)
    assert give(released).problems == []
    assert len(before) == 4
    assert explained() == before
    assert not needs_mark(released, MAYA)


ELEMENTS = {"html", "head", "meta", "title", "style", "body", "main", "section", "div"}
ELEMENTS |= {"h1", "h2", "h3", "p", "br", "ul", "li", "strong"}
"""All that a page is made of: nothing that runs, loads, links or asks."""


class Page(HTMLParser):
    """A page's elements, their attributes, and the words under each heading, a decision at a time."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.decisions: list[dict[str, str]] = []
        self._heading = ""
        self._open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in ("meta", "br"):
            self._open.append(tag)
        if tag == "section":
            self.decisions.append({})
            self._heading = "scene"
        if tag in ("h2", "h3"):
            self._heading = ""

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.decisions and self._open[-1] in ("h2", "h3"):
            self._heading += data
        elif self.decisions:
            said = self.decisions[-1]
            said[self._heading] = " ".join(f"{said.get(self._heading, '')} {data}".split())


def test_every_clause_of_a_page_for_a_whole_class(released: Course, take: Take) -> None:
    text = "See https://example.org <script src='https://example.org/x.js'>alert(1)</script>"
    take(desk(released, MAYA), "mini", "T90", "harmful", change={"words": text})
    hand_in(released, MAYA, take, T91="best")
    hand_in(released, JONAS, take, T90="best")
    take(desk(released, LINH), "mini", "T90", "best", stop="debate")
    hand_in(released, LINH, take, T91="best")
    pipeline(released)
    mark(released, MAYA, 1.5, "Name <b>her</b> privacy.")
    release_marks(released)
    assert len(give(released).explained) == 4
    pages = {p.relative_to(released.feedback): p.read_text() for p in released.feedback.rglob("*.html")}
    assert {str(path) for path in pages} == {
        f"{MAYA}/mini/T90.html",
        f"{MAYA}/mini/T91.html",
        f"{JONAS}/mini/T90.html",
        f"{LINH}/mini/T91.html",
    }  # fmt: skip -- and nothing of a decision that is not locked
    fetched = sorted(page.read_text() for page in released.released_feedback.glob("*.html"))
    assert fetched == sorted(pages.values())
    for html in pages.values():
        page = Page(html)
        assert page.tags <= ELEMENTS
        assert page.attributes <= {"lang", "charset", "name", "content", "http-equiv", "class"}
        assert not re.search(
            r"https?:|url\(|@import|cell\(|nbgrader|import ", html.replace("https://example.org", "")
        )
    maya = pages[Path(MAYA) / "mini" / "T90.html"]
    assert maya.count("https://example.org") == 2  # as the words they are
    ask, _, _, words, *_ = Page(maya).decisions
    assert ask == {
        "scene": "A request arrives.",
        "What do you do next?": "This one does harm · 0 of 3 points",
        "What you chose": "Accept it. This breaks the clause.",
        "What followed": "You are linked.",
        "What would have been best": "Decline it. This is what the clause asks.",
        "What the policy says": ask["What the policy says"],
    }
    assert "(C17)." in ask["What the policy says"]
    assert ask["What the policy says"].endswith("This answer goes against it.")
    assert words["What you wrote"] == text
    assert words["What do you say?"] == "Marked · 1.5 of 5 points"
    assert words["Why"] == "Her privacy is the reason."
    assert words["Your supervisor's comment"] == "Name <b>her</b> privacy."


def test_nbgraders_own_feedback_is_the_courses_page(
    released: Course, take: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(desk(released, LINH), "mini", "T90", "best", stop="debate")
    hand_in(released, LINH)
    hand_in(released, MAYA, take, T90="mixed")
    pipeline(released)
    mine = released.feedback / MAYA / "mini"
    before = {path.name: path.read_bytes() for path in mine.iterdir()}

    # formgrader's buttons, on a submission that was explained
    from nbgrader.apps.api import NbGraderAPI
    from nbgrader.coursedir import CourseDirectory

    from grading.course import nbgrader_config

    config = nbgrader_config(released)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        api = NbGraderAPI(CourseDirectory(config=config), config=config)
        made = api.generate_feedback("mini")
        assert made["success"], made
        shutil.rmtree(released.released_feedback)
        assert api.release_feedback("mini")["success"]
    after = {path.name: path.read_bytes() for path in mine.iterdir()}
    assert after.pop("T91.html").count(b"once it is finished and handed in") == 1
    assert before.pop("given.txt") and after == before
    unfinished = (released.feedback / LINH / "mini" / "T90.html").read_text()
    assert (
        "once it is finished and handed in" in unfinished and "This is what the clause asks" not in unfinished
    )
    assert not (released.feedback / LINH / "mini" / "T90.feedback.json").exists()

    # and nbgrader's own commands, on one that was not
    shutil.rmtree(released.feedback / MAYA)
    shutil.rmtree(released.released_feedback)
    for command in (["generate_feedback"], ["release_feedback"]):
        done = nbgrader(released, *command, "mini")
        assert done.returncode == 0, done.stderr
    assert {path.name: path.read_bytes() for path in mine.iterdir() if path.name != "T91.html"} == before
    monkeypatch.chdir(desk(released, MAYA))
    where = f"--Exchange.assignment_dir={desk(released, MAYA)}"
    assert nbgrader(released, "fetch_feedback", "mini", f"--student={MAYA}", where).returncode == 0
    fetched = (desk(released, MAYA) / "mini" / "feedback").rglob("T90.html")
    assert before["T90.html"] in {page.read_bytes() for page in fetched}

    # What nbgrader generated is not yet on the desk; the next round sees to that.
    (desk(released, MAYA) / "mini" / "T90.feedback.json").unlink()
    assert (MAYA, "mini", "T90") in give(released, changed=True).explained
    assert (desk(released, MAYA) / "mini" / "T90.feedback.json").read_bytes() == before["T90.feedback.json"]


def test_feedback_without_an_exchange_is_one_sentence_and_given_later(released: Course, take: Take) -> None:
    hand_in(released, MAYA, take, T90="best")
    collect(released)
    grade(released)
    aside = released.exchange.rename(released.root / "aside")
    (problem,) = give(released, changed=True).problems
    assert problem.startswith("maya.ortiz, mini: the explanation could not be put in place")
    aside.rename(released.exchange)
    assert give(released, changed=True).explained == [(MAYA, "mini", "T90")]


def test_half_characters_and_control_characters_reach_no_page(released: Course, take: Take) -> None:
    log = take(desk(released, MAYA), "mini", "T90", "best", change={"words": "HALF \x00\x1b[31m end"})
    log.write_text(log.read_text("utf-8").replace("HALF", "\\ud800"), "utf-8")
    hand_in(released, MAYA)
    pipeline(released)
    assert decision(released, MAYA, "words")["chosen"][0]["text"] == "? [31m end"
