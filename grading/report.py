"""Write one page about the results: what stands out, by team, scenario and clause, and who has what left to do."""

from __future__ import annotations

import argparse
import os
import sys
import webbrowser
from collections import Counter
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment
from markupsafe import Markup

from grading.charts import mix_chart, svg, team_chart
from grading.course import CENTER, TITLE, Course
from grading.demo import simulated
from grading.desk import policy
from grading.files import write_atomically
from grading.findings import Where, findings, undone
from grading.results import Results, load_results
from scenarios import sheets

EXAMPLE = "python -m grading report --assignment onboarding-therapist"
TEACH = 3
"""So many of the least understood clauses are spelled out."""
TEMPLATES = Path(__file__).parent / "templates"


def write_report(course: Course, assignment: str | None = None, out: Path | None = None) -> Path:
    """Write the report of one assignment, or of all, and return its file.

    Raises:
        CourseError: there is no such assignment. OSError: the file cannot be written.
    """
    path = out or course.reports / f"report{f'-{assignment}' if assignment else ''}.html"
    write_atomically(path, report(load_results(course, assignment)))
    return path


def report(results: Results) -> str:
    """Return the whole page: self-contained, without script or external address."""
    taken = list(results.assignments.values())
    title = f"Team results: {taken[0].title}" if len(taken) == 1 else "Team results"
    page = _environment().get_template("report.html.j2")
    about = {"title": title, "center": CENTER, "course_title": TITLE, "css": css()}
    return page.render(
        **about, facts=_facts(results), banner=banner(results.course), formgrader="", **_parts(results)
    )


def body(results: Results, formgrader: str) -> str:
    """Return the part of the page that the supervisor's desk shows, too, with links into formgrader.

    It wants ``css()`` and an element of the class ``results`` around it.
    """
    return _environment().get_template("results.html.j2").render(**_parts(results), formgrader=formgrader)


def css() -> str:
    """Return the style sheet of the results."""
    return (TEMPLATES / "results.css").read_text("utf-8")


def banner(course: Course) -> Markup:
    """Return what must stand above the results of a simulated staff; nothing where people are real."""
    by = simulated(course)
    if not by:
        return Markup("")
    return Markup(
        '<p class="banner" role="note">The staff here is simulated. {people} invented people took the course by '
        "program (seed {seed}); nothing here is about anybody real.</p>"
    ).format(**by)


def day(moment: date) -> str:
    """Return a day as "3 November 2026"."""
    return f"{moment.day} {moment:%B %Y}"


def _parts(results: Results) -> dict[str, Any]:
    """Return what ``results.html.j2`` shows."""
    where = results.standings()
    teams, scenarios, clauses = results.teams(), results.scenarios(), results.by_clause()
    charts = {
        "teams": svg(team_chart(teams, results.everyone.good)),
        "scenarios": svg(mix_chart(scenarios, "scenario")),
        "clauses": svg(mix_chart(clauses, "clause")),
    }
    return {
        "results": results,
        "findings": findings(results, where),
        "tiles": _tiles(results, where),
        "teams": teams,
        "scenarios": scenarios,
        "clauses": clauses,
        "charts": charts,
        "teach": [results.clauses[group.key] for group in clauses[:TEACH] if group.good.value < 1],
        "critical": _critical(results.critical()),
        "waiting": _names(results.waiting(), ["assignment", "scenario", "prompt"]),
        "written": results.written(),
        "argued": results.argued(),
        "where": where,
        "undone": undone(where),
        "several": len({a.id for _, a, _ in where}) > 1,
    }


def _names(frame: pd.DataFrame, by: list[str]) -> list[tuple[Any, list[str]]]:
    """Return (values of ``by``, names of the people), most people first."""
    groups = [(key, sorted(rows.name.fillna(rows.trainee))) for key, rows in frame.groupby(by)]
    return sorted(groups, key=lambda group: -len(group[1]))


def _critical(frame: pd.DataFrame) -> list[tuple[str, list[str], list[str]]]:
    """Return (clause, who has yet to clear it, who has cleared it), most people first."""
    left, cleared = (dict(_names(rows, ["clause"])) for rows in (frame[~frame.cleared], frame[frame.cleared]))
    clauses = (clause for (clause,), _ in _names(frame, ["clause"]))
    return [(clause, left.get((clause,), []), cleared.get((clause,), [])) for clause in clauses]


def _tiles(results: Results, where: Where) -> list[tuple[int, str]]:
    states = Counter(standing.state for _, _, standing in where)
    return [
        (len({p.id for p, _, _ in where}), "people"),
        (states["not started"] + states["in progress"], "not handed in yet"),
        (states["being marked"] + states["handed in"], "being marked"),
        (states["one more step"], "one more step"),
        (states["not passed yet"], "not passed yet"),
        (states["passed"], "passed"),
    ]


def _facts(results: Results) -> list[tuple[str, str]]:
    sha256 = policy(results.course)["sha256"]
    handed_in = results.decisions.submitted_at.dropna()
    facts = [
        (
            "Policy",
            f"official text, version {sha256[:12]}"
            if sha256
            else "the course's own wording, no official text yet",
        )
    ]
    if len(handed_in):
        first, last = (day(moment.date()) for moment in (handed_in.min(), handed_in.max()))
        facts.append(("Handed in", first if first == last else f"{first} to {last}"))
    facts.append(("With results", f"{results.decisions.trainee.nunique()} people"))
    facts.append(("Made", day(date.today())))
    return facts


@cache
def _environment() -> Environment:
    environment = sheets.environment(TEMPLATES)
    environment.filters["day"] = lambda moment: Markup("&nbsp;").join(day(moment).split(" ", 1))
    return environment


def show(path: Path) -> None:
    """Open a page in a browser where there is a screen for one; a text browser would take over the terminal."""
    if sys.platform != "linux" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        webbrowser.open(path.as_uri())


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--assignment", metavar="ID", help="only this assignment (default: all)")
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="where to write it (default: .course/reports/report.html)"
    )


def run(args: argparse.Namespace) -> int:
    """Write the report and say where it is."""
    print(write_report(Course.here(), args.assignment, args.out.absolute() if args.out else None))
    return 0
