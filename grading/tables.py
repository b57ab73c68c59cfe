"""The results as plain tables: a row a trainee and assignment, and a row a trainee and decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any, cast

import numpy as np
import pandas as pd

from grading.course import Assignment
from grading.results import Results
from scenarios.model import WRITTEN
from scenarios.publish import load_published

Cell = str | float | int | None
Table = Mapping[str, Sequence[Cell]]
"""The name of a column -> its cells; all columns are of one length."""


def decisions(results: Results) -> Table:
    """Return a row a trainee and decision of the first attempt.

    answer: the options' texts, or the words; words that nobody marks are left out, as trainees were told.
    verdict, points, maximum: as in ``tidy.COLUMNS``; no maximum where nothing is scored. violated: the clauses
    an answer breaks. marked: yes or waiting, of words that a person marks. What somebody would argue in
    supervision is nowhere.
    """
    frame = results.decisions
    written = frame.kind.isin(WRITTEN)
    marked = (frame.graded & written).map({True: "yes", False: ""}).mask(frame.needs_manual, "waiting")
    about = (
        "trainee",
        "name",
        "team",
        "assignment",
        "scenario",
        "version",
        "title",
        "step",
        "prompt",
        "kind",
    )
    return {
        **{column: _cells(frame[column]) for column in about},
        "answer": _cells(frame.answer.mask(written & ~frame.graded, "")),
        "verdict": _cells(frame.verdict),
        "points": _cells(frame.points),
        "maximum": _cells(frame.maximum.where(frame.graded)),
        "violated": _listed(frame.violated),
        "marked": _cells(marked),
        "answered_at_utc": _times(frame.answered_at),
    }


TRAINEE = (
    *("trainee", "name", "team", "role", "supervisor", "assignment"),
    *("state", "detail", "due", "handed_in", "another_route", "scenarios"),
    *("finished_at_utc", "handed_in_at_utc", "late"),
    *("points", "maximum", "share", "critical_misses", "cleared", "marked"),
)


def trainees(results: Results, today: date) -> Table:
    """Return a row a trainee and assignment: all that is open to those who work here, and all that was taken.

    state, detail: as in ``status.Standing``, empty for who is not in the roster. handed_in: of the scenarios, how
    many are finished. another_route: how many were left out, which nothing else counts. finished_at_utc,
    handed_in_at_utc: of the last of them. late: whether the day it was due went by before that. points: so far.
    maximum: of all that is graded. share: points of maximum, once all is handed in and marked. critical_misses: the
    critical clauses broken. cleared: those of them that they showed to understand since; the points stay. marked:
    yes or waiting.
    """
    taken = _taken(results)
    standing = {(person.id, what.id): now for person, what, now in results.standings(today)}
    everything = sorted({*standing, *taken, *results.rerouted})
    maximum = cache(_maximum)
    rows = []
    for trainee, assignment in everything:
        person, what = results.people.get(trainee), results.assignments[assignment]
        now = standing.get((trainee, assignment))
        if person and not now:  # who has left
            now = results.standing(person, what, today)
        lead = results.people.get(person.supervisor) if person else None
        done = taken.get((trainee, assignment), {})
        points, waits, last = round(done.get("points", 0.0), 4), done.get("waits"), done.get("handed_in_at")
        rerouted = results.rerouted.get((trainee, assignment), frozenset())
        complete = done.get("handed_in", 0) + len(rerouted) == len(what.scenarios)
        most = maximum(what, rerouted)
        # Days are those of the Center, as in ``status``.
        by = last.to_pydatetime().astimezone().date() if complete and last else today
        share = round(points / most, 4) if complete and not waits and most else None
        rows.append(
            (
                trainee,
                *((person.name, person.team, person.role) if person else ("", "", "")),
                lead.name if lead else "",
                assignment,
                now.state if now else "",
                (now and now.detail) or "",
                now.due.isoformat() if now and now.due else "",
                done.get("handed_in", 0),
                len(rerouted),
                len(what.scenarios),
                *(done.get(at, "") for at in ("finished_at_utc", "handed_in_at_utc")),
                "yes" if now and now.due and by > now.due else "no",
                points,
                most,
                share,
                done.get("missed", ""),
                done.get("cleared", ""),
                "waiting" if waits else "yes" if done else "",
            )
        )
    return dict(zip(TRAINEE, zip(*rows, strict=True), strict=True)) if rows else dict.fromkeys(TRAINEE, ())


def _taken(results: Results) -> dict[tuple[str, str], dict[str, Any]]:
    """Return (trainee, assignment) -> what their decisions add up to."""
    frame, key = results.decisions, ["trainee", "assignment"]
    ended = frame.assign(
        points=frame.points.where(frame.graded),
        **{at: frame[at].where(frame.finished) for at in ("scenario", "finished_at", "submitted_at")},
    )
    whole = ended.groupby(key).agg(
        waits=("needs_manual", "any"),
        points=("points", "sum"),
        handed_in=("scenario", "nunique"),
        finished_at=("finished_at", "max"),
        handed_in_at=("submitted_at", "max"),
    )
    missed = results.missed()
    named = {
        name: rows.groupby(key).clause.agg(lambda each: ", ".join(sorted(set(each)))).rename(name)
        for name, rows in (("missed", missed), ("cleared", missed[missed.cleared]))
    }
    sums = whole.join([named["missed"], named["cleared"]]).reset_index()
    sums["finished_at_utc"], sums["handed_in_at_utc"] = _times(sums.finished_at), _times(sums.handed_in_at)
    return {
        (row["trainee"], row["assignment"]): {
            name: value for name, value in row.items() if not pd.isna(value)
        }
        for row in cast(list[dict[str, Any]], sums.to_dict("records"))
    }


def _maximum(assignment: Assignment, rerouted: frozenset[str]) -> float:
    """Return the points of everything graded but what was left out; with nothing left out, nbgrader's maximum."""
    pinned = {ref.id: load_published(ref.id, ref.version)[0] for ref in assignment.scenarios}
    return sum(
        decision.maximum
        for name, scenario in pinned.items()
        if name not in rerouted
        for decision in scenario.graded(assignment.marked_in(name)).values()
    )


def _cells(column: pd.Series) -> list[Cell]:
    """Return a column's values as Python's own, None where there is none."""
    return column.astype(object).where(column.notna(), None).tolist()


def _times(column: pd.Series) -> list[Cell]:
    """Return times in UTC to the second, as text; ``strftime`` takes six times as long."""
    texts = np.datetime_as_string(column.dt.tz_localize(None).to_numpy("M8[s]"))
    return [None if text == "NaT" else text.replace("T", " ") for text in texts.tolist()]


def _listed(column: pd.Series) -> list[Cell]:
    texts = {each: ", ".join(each) for each in set(column)}
    return [texts[each] for each in column]
