"""Which scenarios practice which clause is counted from the files, and what is missing is said."""

import json
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from scenarios import load, paths
from scenarios.__main__ import main
from scenarios.coverage import coverage, gaps_open, library, summary


def clause(who, critical=False):
    return {"title": "A title", "who": who, "critical": critical}


@pytest.fixture
def two(course):
    """The miniature library, its gaps open: T90 and T91."""
    return library()


def test_only_decisions_that_are_graded_with_all_gaps_open_and_scored_without_a_marker_count(two):
    found = coverage(load.clauses(), two)
    assert {c: (x.scenarios, x.graded_decisions) for c, x in found.items()} == {
        "C17": (("T90",), 1),  # two more of T90's decisions about it are a text and one that waits for G02
        "C30": (("T90",), 1),  # the order; the form and T91's text wait for a marker
        "C36": (("T90", "T91"), 2),
    }


def test_a_ruling_changes_nothing(course, two):
    before = coverage(load.clauses(), two)
    path = paths.policy() / "gaps.yml"
    ruling = "ruling: {decision: ends-with-therapy, decided_by: A, decided_on: 2027-01-31}"
    text = path.read_text("utf-8")
    assert "ruling: null" in text
    path.write_text(text.replace("ruling: null", ruling), "utf-8")
    assert coverage(load.clauses(), library()) == before


@pytest.mark.parametrize(
    ("who", "critical", "missing"),
    [
        (["therapist"], False, []),
        (["therapist"], True, ["in 2 of 3 scenarios", "therapist: 0 of 2 boosters"]),
        (["front-desk", "therapist"], False, []),
        (["front-desk"], True, ["in 2 of 3 scenarios", "front desk: 0 of 2 situations and 0 of 2 boosters"]),
        (["center"], True, ["in 2 of 3 scenarios", "supervisor: 0 of 2 situations and 0 of 2 boosters"]),
    ],
)
def test_what_is_missing_follows_from_who_is_bound_and_from_critical(two, who, critical, missing):
    assert coverage({"C36": clause(who, critical)}, two)["C36"].missing == missing


def test_a_booster_counts_for_its_audience_and_is_no_scenario(two):
    clauses = {"C36": clause(["front-desk"], critical=True)}
    boosters = [replace(two[1], id=f"B36{x}", audience="front-desk") for x in "ab"]
    found = coverage(clauses, [*two, *boosters])["C36"]
    assert found.scenarios == ("T90", "T91")
    reach = found.audiences["front-desk"]
    assert reach.situations == reach.boosters == ("B36a", "B36b")
    assert found.missing == ["in 2 of 3 scenarios"]
    third = replace(two[1], id="F90", audience="front-desk")
    assert coverage(clauses, [*two, third, *boosters])["C36"].missing == []


def test_a_booster_counts_for_the_clause_it_is_named_after_alone(two):
    clauses = {name: clause(["therapist"], critical=True) for name in ("C17", "C36")}
    found = coverage(clauses, [*two, replace(two[0], id="B17a")])
    assert found["C17"].audiences["therapist"].boosters == ("B17a",)
    assert found["C36"].audiences["therapist"].situations == ("T90", "T91")


def test_the_command_prints_json_and_exits_1_while_something_is_missing(course, capsys):
    assert main(["coverage", "--format", "json"]) == 1
    printed = json.loads(capsys.readouterr().out)
    assert printed["C17"] == {
        "scenarios": ["T90"],
        "graded_decisions": 1,
        "critical": True,
        "needs": 3,
        "audiences": {
            name: {
                "bound": bool(met),
                "needs": 2 if met else 0,
                "situations": met,
                "boosters": [],
                "graded_decisions": len(met),
            }
            for name, met in {"therapist": ["T90"], "front-desk": [], "supervisor": []}.items()
        },
        "missing": ["in 1 of 3 scenarios", "therapist: 1 of 2 situations and 0 of 2 boosters"],
    }


def test_the_command_names_what_is_missing_and_exits_0_once_nothing_is(course, capsys):
    assert main(["coverage"]) == 1
    out = capsys.readouterr().out
    assert (
        "missing: C17 (critical) in 1 of 3 scenarios; therapist: 1 of 2 situations and 0 of 2 boosters" in out
    )
    assert out.endswith("0 of 3 clauses are practiced enough, 0 of the 2 critical ones.\n")
    folder = course.content / "scenarios" / "library" / "therapist"
    text = (folder / "T90-miniature.yml").read_text("utf-8")
    for name in ("T92", "T93", "B17a", "B17b", "B36a", "B36b"):
        (folder / f"{name}-copy.yml").write_text(text.replace("id: T90", f"id: {name}"), "utf-8")
    assert main(["coverage"]) == 0
    assert "missing" not in capsys.readouterr().out


class Cells(HTMLParser):
    """The rows of a page's tables, as lists of the words in each cell."""

    def __init__(self, html):
        super().__init__()
        self.rows, self.cell = [], None
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        if tag == "tr":
            self.rows.append([])
        if tag in ("th", "td"):
            self.cell = []
            self.rows[-1].append(self.cell)

    def handle_data(self, data):
        if self.cell is not None:
            self.cell += data.split()


def test_the_page_shows_the_same_matrix(course, capsys):
    assert main(["coverage", "--format", "html"]) == 0
    page = capsys.readouterr().out.strip()
    assert page == str(course.reports / "coverage.html")
    html = (course.reports / "coverage.html").read_text("utf-8")
    found = coverage(load.clauses(), library())
    assert summary(found) in html
    rows = {row[0][0].strip("*"): row for row in Cells(html).rows}
    for clause_id, covered in found.items():
        shown = rows[clause_id]
        ids = [[word for word in cell if word[:1] in "TFSB"] for cell in shown[1:4]]
        assert ids == [list(reach.situations) for reach in covered.audiences.values()]
        assert shown[4] == [str(covered.graded_decisions)]
        assert (shown[5] == ["yes"]) == (not covered.missing)
    for scenario in library():  # the miniatures have no booster
        practiced = {word.strip("*") for word in rows[scenario.id][2]}
        assert practiced == {c for c, x in found.items() if scenario.id in x.scenarios}


def test_the_real_library_is_counted_clause_by_clause():
    found = coverage(load.clauses(), library())
    assert list(found) == list(load.clauses())
    assert "T06" in found["C45"].scenarios
    opened = list(map(_open, load.scenario_files()))
    about = [
        clause
        for s in opened
        for d in s.graded().values()
        for clause in d.clauses
        if s.boosts in (None, clause)
    ]
    assert sum(c.graded_decisions for c in found.values()) == len(about)


def _open(path):
    return gaps_open(load.read_data(path, "scenario"), path.parent.name)
