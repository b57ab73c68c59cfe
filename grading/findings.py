"""What stands out in the results, in plain sentences a coordinator can act on."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from grading.course import Assignment, Person
from grading.results import Results
from grading.statistics import FEW, people, percent
from grading.status import Standing

Where = Sequence[tuple[Person, Assignment, Standing]]


def findings(results: Results, where: Where) -> list[str]:
    """Return the sentences, the most urgent kind first; ``where`` is ``results.standings()``."""
    if results.decisions.empty:
        return ["Nothing has been handed in yet. Results appear here as soon as the first scenario is."]
    parts = (
        _progress(where),
        _critical(results),
        _clauses(results),
        _choice(results),
        _argued(results),
        _teams(results),
        _marks(results),
    )
    return [sentence for part in parts for sentence in part]


def _progress(where: Where) -> Iterator[str]:
    states = Counter(standing.state for _, _, standing in where)
    everybody, passed = len({p.id for p, _, _ in where}), states["passed"]
    begun = len(where) - states["not started"]
    late = len({p.id for p, _, s in where if s.overdue})
    each = "" if len({a.id for _, a, _ in where}) == 1 else ", counting each assignment"
    due = f" {people(late)} {_are(late)} past the due day." if late else " Nobody is past the due day."
    yield f"Of {people(everybody)}, {begun} have begun and {passed} have passed{each}.{due}"


def _critical(results: Results) -> Iterator[str]:
    missed = results.critical()
    if missed.empty:
        yield "Nobody chose anything that breaks a critical clause."
        return
    n, worst = missed.trainee.nunique(), Counter(missed.clause).most_common(1)[0]
    title = results.clauses[worst[0]]["title"]
    more = f"; the clause broken most often is {worst[0]}, {_lower(title)} ({people(worst[1])})"
    left = missed[~missed.cleared].trainee.nunique()
    now = f"{left or 'None'} of them {_have(left)} one more step to do; the others have cleared it since."
    if left == n:
        now = "Each of them has one more step to do."
    yield f"{people(n)} chose something that breaks a critical clause{more}. {now}"


def _clauses(results: Results) -> Iterator[str]:
    groups = [g for g in results.by_clause() if not g.good.few]
    if len(groups) > 1 and groups[0].good.value < groups[-1].good.value:
        low, high = groups[0], groups[-1]
        yield (
            f"Least understood: {low.key}, {_lower(low.title)}. {low.good} of the decisions about it were best or "
            f"acceptable ({people(low.good.people)}, likely {low.good.span}). "
            f"Best understood: {high.key}, {_lower(high.title)}, with {high.good} ({people(high.good.people)})."
        )


def _choice(results: Results) -> Iterator[str]:
    """Say which wrong option was taken most: what to talk about in the next meeting."""
    frame = results.decisions
    frame = frame[frame.graded & (frame.kind == "choice")]
    wrong = frame[frame.verdict.isin(("poor", "harmful"))]
    if wrong.empty:
        return
    (scenario, step, chosen), n = Counter(
        zip(wrong.scenario, wrong.step, wrong.chosen, strict=True)
    ).most_common(1)[0]
    same = frame[(frame.scenario == scenario) & (frame.step == step)]
    if n > 1:
        asked, title = people(same.trainee.nunique()), same.title.iloc[0]
        yield f"The choice to talk about: in {scenario}, “{title}”, {n} of {asked} took “{_inside(chosen)}”."


def _argued(results: Results) -> Iterator[str]:
    if argued := results.argued():
        most = argued[0]
        yield (
            f"In {most.scenario}, “{most.title}”, {most.people} of {people(most.answered)} would argue a decision in "
            f"supervision: “{most.prompt}”"
        )


def _teams(results: Results) -> Iterator[str]:
    teams = sorted((g for g in results.teams() if g.good.people >= FEW), key=lambda g: g.good.value)
    if len(teams) < 2:
        return
    low, high = teams[0], teams[-1]
    shares = f"{low.title} {percent(low.good.value)}, {high.title} {percent(high.good.value)}"
    if low.good.interval.apart_from(high.good.interval):
        yield f"The teams differ more than chance explains: from {shares} of best or acceptable decisions."
    else:
        yield f"The teams ({shares}) differ no more than chance could explain with so few people in each."


def _marks(results: Results) -> Iterator[str]:
    waiting = results.waiting()
    if n := len(waiting):
        yield f"{n} written answer{'s' * (n > 1)} of {people(waiting.trainee.nunique())} wait{'s' * (n == 1)} for a mark."


def _have(n: int) -> str:
    return "has" if n == 1 else "have"


def _are(n: int) -> str:
    return "is" if n == 1 else "are"


def _lower(title: str) -> str:
    """Return a title as it stands within a sentence."""
    return title[:1].lower() + title[1:] if title[1:2].islower() or title[1:2] == " " else title


def _inside(text: str) -> str:
    """Return a sentence as it stands within quotation marks."""
    return re.sub(r'"([^"]*)"', r"‘\1’", text).rstrip(".")


def undone(where: Where) -> list[tuple[Person, Assignment, Standing]]:
    """Return who still has something to do, the overdue first, then by due day and name."""
    order = [row for row in where if row[2].state != "passed"]
    return sorted(order, key=lambda row: (not row[2].overdue, str(row[2].due or "9"), row[0].name))
