from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from handing import JONAS, LINH, MAYA, argue, hand_in, reroute

from grading.__main__ import main
from grading.autograde import grade
from grading.course import Course
from grading.intake import collect
from grading.policy import attach
from grading.report import write_report

Take = Callable[..., Path]


class Page(HTMLParser):
    """What a page is made of."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "br", "path"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("meta", "br", "path"):
            assert self.open.pop() == tag


@pytest.fixture
def graded(released: Course, take: Take) -> Course:
    hand_in(released, MAYA, take, T90="best", T91="best")
    hand_in(released, JONAS, take, T90="harmful", T91="harmful")
    collect(released)
    grade(released)
    return released


def test_one_page_that_needs_nothing_else(graded: Course) -> None:
    html = write_report(graded).read_text("utf-8")
    page = Page(html)
    assert page.open == []
    assert not {"script", "link", "img", "iframe", "object"} & {tag for tag, _ in page.tags}
    links = {
        value
        for _, attrs in page.tags
        for key, value in attrs.items()
        if key in ("src", "href", "xlink:href")
    }
    assert links == set()
    assert {*re.findall(r"https?://[^\s\"')<]+", html)} == {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }
    assert not re.search(r"@import|url\(|\son\w+=", html)
    assert "color-scheme: light dark" in html
    assert "@media print" in html
    assert sum(tag == "svg" for tag, _ in page.tags) == 3
    assert all(attrs["role"] == "img" and attrs["aria-label"] for tag, attrs in page.tags if tag == "svg")
    assert "simulated" not in html


def test_people_stand_behind_every_share(graded: Course) -> None:
    text = re.sub(r"<[^>]+>", " ", write_report(graded).read_text("utf-8").split("</style>")[1])
    body = text.split("How to read this")[0].replace("(95&nbsp;%)", "")
    assert (
        re.findall(r"\d+.%", re.sub(r"\b(0|25|50|75|100)\N{NO-BREAK SPACE}%", "", body)) == []
    )  # of two people
    assert "2 people" in body


def test_what_to_talk_about_is_counted_and_names_nobody(graded: Course) -> None:
    def section() -> str:
        html = write_report(graded).read_text("utf-8")
        found = re.search(r'<section aria-labelledby="argued">(.*?)</section>', html, re.DOTALL)
        assert found
        return " ".join(re.sub(r"<[^>]+>", " ", found[1]).split())

    assert section() == (
        "To talk about in supervision So far, nobody has marked a decision as one to argue in supervision."
    )
    argue(graded, JONAS, "T90", "ask")
    argue(graded, JONAS, "T90", "rank")
    hand_in(graded, JONAS)
    assert collect(graded).problems == []
    shown = section()
    ask = "T90 What do you do next? Every kind of decision 1 of 2 0 Leave it for now. 1 Decline it. 1 Accept it."
    rank = (
        "T90 In which order? Every kind of decision 1 of 2 "
        "Put first: 1 Call for help. 0 Tell your supervisor. 1 Start the paperwork."
    )
    assert ask in shown
    assert rank in shown
    assert "Jonas" not in shown


def test_another_route_is_said_where_somebody_stands(graded: Course) -> None:
    assert "by another route" not in write_report(graded).read_text("utf-8")
    reroute(graded, LINH)
    hand_in(graded, LINH)
    collect(graded)
    assert "<small>1 by another route</small>" in write_report(graded).read_text("utf-8")


def test_names_cannot_break_the_page(graded: Course) -> None:
    roster = graded.roster.read_text("utf-8").replace("Jonas Weber", "<script>alert(1)</script>")
    graded.roster.write_text(roster, "utf-8")
    html = write_report(graded).read_text("utf-8")
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)" in html


def test_the_policy_version_is_named(graded: Course, tmp_path: Path) -> None:
    assert "no official text yet" in write_report(graded).read_text("utf-8")
    official = tmp_path / "official.txt"
    official.write_text("The policy.\n")
    sha256 = attach(graded, official)
    assert sha256[:12] in write_report(graded).read_text("utf-8")


def test_a_course_without_results(course: Course) -> None:
    html = write_report(course).read_text("utf-8")
    assert "Nothing has been handed in yet." in html
    assert "<svg" not in html


def test_the_command(graded: Course, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "deep" / "results.html"
    assert main(["report", "--assignment", "mini", "--out", str(out)]) == 0
    assert capsys.readouterr().out == f"{out}\n"
    assert "Team results: The miniature course" in out.read_text("utf-8")
    assert main(["report"]) == 0
    assert (graded.reports / "report.html").exists()
    assert main(["report", "--assignment", "nope"]) == 1
    assert "There is no assignment nope" in capsys.readouterr().err
    (tmp_path / "file").touch()
    assert main(["report", "--out", str(tmp_path / "file" / "x.html")]) == 1
    assert str(tmp_path / "file") in capsys.readouterr().err
