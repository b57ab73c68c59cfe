"""What the decisions say by team, scenario and clause, and where everybody stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property, partial
from typing import Any

import pandas as pd
from sqlalchemy import select

from grading import course as courses
from grading import gradebook, status, ways
from grading.course import Assignment, Course, Person, load_assignments, load_roster
from grading.desk import open_to
from grading.statistics import VERDICTS, Group, Share
from grading.tidy import decisions
from scenarios import load
from scenarios.model import WRITTEN
from scenarios.publish import load_published
from scenarios.variants import together


@dataclass(frozen=True, slots=True)
class Argued:
    """A decision that people would argue in supervision, without their names.

    Attributes:
        assignment, scenario, title, prompt: the assignment's title, the scenario's id and title, what was asked.
        people: how many would argue it, of ``answered`` who decided.
        split: (option, number of all who answered that chose, ticked or first put it), in the scenario's order.
        ranked: whether the options were put in order.
    """

    assignment: str
    scenario: str
    title: str
    prompt: str
    people: int
    answered: int
    split: tuple[tuple[str, int], ...]
    ranked: bool


@dataclass(frozen=True)
class Results:
    """The results of some assignments.

    Attributes:
        decisions: a row a trainee and decision, with ``tidy.COLUMNS``.
        people: the roster by id. assignments: those looked at, by id. clauses: the policy's, by id.
        rerouted: (trainee, assignment) -> the scenarios left out. course: where all this was read.
    """

    course: Course
    decisions: pd.DataFrame
    people: Mapping[str, Person]
    assignments: Mapping[str, Assignment]
    clauses: Mapping[str, Mapping[str, Any]]
    rerouted: Mapping[tuple[str, str], frozenset[str]]

    @cached_property
    def everyone(self) -> Group:
        """All decisions that options score, in one group."""
        groups = self._groups(self._scored.assign(all="everyone"), "all", {})
        return groups[0] if groups else Group.of("everyone", "everyone", ())

    def teams(self) -> list[Group]:
        """Return a group a team, by name."""
        return self._groups(self._scored, "team", {})

    def scenarios(self) -> list[Group]:
        """Return a group a scenario, by id."""
        titles: dict[str, str] = dict(zip(self.decisions.scenario, self.decisions.title, strict=True))
        return self._groups(self._scored, "scenario", titles)

    def by_clause(self) -> list[Group]:
        """Return a group a clause that decisions are about, the least understood first."""
        titles = {key: clause["title"] for key, clause in self.clauses.items()}
        groups = self._groups(self._scored.explode("clauses"), "clauses", titles)
        return sorted(groups, key=lambda group: (group.good.value, group.key))

    def written(self) -> list[tuple[str, str, Share]]:
        """Return (scenario, prompt, marked in points of what could be had) of the free texts people mark."""
        frame = self.decisions
        marked = frame[frame.kind.isin(WRITTEN) & frame.graded & frame.points.notna()]
        return [
            (str(scenario), str(rows.prompt.iloc[0]), _points_share(rows))
            for (scenario, _), rows in marked.groupby(["scenario", "step"])
        ]

    def argued(self) -> list[Argued]:
        """Return the decisions that somebody would argue in supervision, those of most people first."""
        place = ["assignment", "scenario", "step"]
        wanted = self.decisions.loc[self.decisions.argued, place].drop_duplicates()
        found = [self._argued(rows) for _, rows in self.decisions.merge(wanted, on=place).groupby(place)]
        return sorted(found, key=lambda each: (-each.people, each.assignment, each.scenario))

    def _argued(self, rows: pd.DataFrame) -> Argued:
        first = rows.iloc[0]
        scenario = together(load_published(first.scenario, first.version)[0])
        decision = scenario.steps[first.step].decision
        assert decision  # it was answered
        taken = Counter(option for each in rows.taken for option in each)
        return Argued(
            assignment=self.assignments[first.assignment].title,
            scenario=first.scenario,
            title=first.title,
            prompt=first.prompt,
            people=int(rows.argued.sum()),
            answered=len(rows),
            split=tuple((option.text, taken[option.id]) for option in decision.options),
            ranked=decision.kind == "order",
        )

    def waiting(self) -> pd.DataFrame:
        """Return the free texts that wait for a marker, the oldest first."""
        return self.decisions[self.decisions.needs_manual].sort_values(["submitted_at", "name", "scenario"])

    def critical(self) -> pd.DataFrame:
        """Return a row a person and critical clause broken: trainee, name, team, clause, cleared (in all assignments)."""
        columns = ["trainee", "name", "team", "clause"]
        missed = self.missed()
        whole = missed.assign(cleared=missed.groupby(["trainee", "clause"]).cleared.transform("all"))
        return whole[[*columns, "cleared"]].drop_duplicates(ignore_index=True).sort_values(["clause", "name"])

    def missed(self) -> pd.DataFrame:
        """Return the decisions that broke a critical clause, a row a clause; cleared: whether it is understood since."""
        frame = self.decisions[self.decisions.violated.map(len) > 0]
        frame = frame.explode("violated").rename(columns={"violated": "clause"})
        frame = frame[frame.clause.isin(key for key, clause in self.clauses.items() if clause["critical"])]
        cleared = cache(lambda trainee, what: ways.cleared(self.histories.get(trainee, {}), what))
        rows = zip(frame.trainee, frame.assignment, frame.clause, strict=True)
        since = [clause in cleared(trainee, what) for trainee, what, clause in rows]
        return frame.assign(cleared=pd.Series(since, frame.index, dtype=bool))

    def standings(self, today: date | None = None) -> list[tuple[Person, Assignment, status.Standing]]:
        """Return where everybody who works here stands with every assignment that is open to them."""
        today = today or date.today()
        given = cache(partial(open_to, self.course, today=today))
        return [
            (person, assignment, self.standing(person, assignment, today))
            for person in self.people.values()
            if not person.left_on or person.left_on >= today
            for assignment in given(person.audience)
            if assignment.id in self.assignments
        ]

    def standing(self, who: Person, what: Assignment, today: date) -> status.Standing:
        """Return where one person stands with one assignment."""
        key = who.id, what.id
        handed_in, scored = self._taken.get(key, (set(), {}))
        rerouted = self.rerouted.get(key, frozenset())
        begun = (
            key in self._taken
            or bool(rerouted)
            or any((self.course.desk(who.id) / what.id).glob("*.answers.jsonl"))
        )
        return status.standing(
            what,
            who,
            today,
            started=begun,
            handed_in=handed_in,
            scored=scored,
            cleared=ways.cleared(self.histories.get(who.id, {}), what.id),
            rerouted=rerouted,
        )

    @cached_property
    def histories(self) -> Mapping[str, ways.Histories]:
        """By trainee, what happened to each critical clause they broke, in whatever assignment."""
        with gradebook.reading(self.course) as db:
            return ways.histories(db)

    @cached_property
    def _taken(self) -> Mapping[tuple[str, str], tuple[set[str], dict[str, list[status.Scored]]]]:
        """(trainee, assignment) -> the scenarios played to an end, and the graded decisions by scenario."""
        critical = frozenset(key for key, clause in self.clauses.items() if clause["critical"])
        broken = {violated: critical.intersection(violated) for violated in set(self.decisions.violated)}
        taken: dict[tuple[str, str], tuple[set[str], dict[str, list[status.Scored]]]] = {}
        columns = ("trainee", "assignment", "scenario", "finished", "graded", "points", "maximum", "violated")
        rows = (self.decisions[column].tolist() for column in columns)
        scored_as = cache(status.Scored)  # few of so many differ
        for trainee, assignment, scenario, finished, graded, points, maximum, violated in zip(
            *rows, strict=True
        ):
            handed_in, scored = taken.setdefault((trainee, assignment), (set(), {}))
            if finished:
                handed_in.add(scenario)
            if graded:
                one = scored_as(points if points == points else None, maximum, broken[violated])  # or NaN
                scored.setdefault(scenario, []).append(one)
        return taken

    @cached_property
    def _scored(self) -> pd.DataFrame:
        return self.decisions[self.decisions.graded & self.decisions.verdict.isin(VERDICTS)]

    def _groups(self, frame: pd.DataFrame, by: str, titles: Mapping[str, str]) -> list[Group]:
        counts = frame.groupby([by, "trainee", "verdict"]).size().unstack(fill_value=0)
        counts = counts.reindex(columns=list(VERDICTS), fill_value=0)
        return [
            Group.of(str(key), titles.get(str(key), str(key)), rows.itertuples(index=False, name=None))
            for key, rows in counts.groupby(level=0)
        ]


def _points_share(rows: pd.DataFrame) -> Share:
    return Share(
        float(rows.share.mean()), rows.trainee.nunique(), int(rows.points.sum()), int(rows.maximum.sum())
    )


def load_results(course: Course, assignment: str | None = None) -> Results:
    """Read the results of one assignment, or of all.

    Raises:
        CourseError: there is no such assignment, or the roster or a scenario cannot be read.
    """
    wanted = {assignment: courses.assignment(course, assignment)} if assignment else load_assignments(course)
    people = load_roster(course)
    found, rerouted = decisions(course, people, wanted), _rerouted(course, wanted)
    return Results(course, found, people, wanted, load.clauses(), rerouted)


def _rerouted(course: Course, assignments: Iterable[str]) -> dict[tuple[str, str], frozenset[str]]:
    own = gradebook.REROUTED.c
    query = select(own.student_id, own.assignment, own.scenario).where(own.assignment.in_(assignments))
    found: dict[tuple[str, str], frozenset[str]] = {}
    with gradebook.reading(course) as db:
        for trainee, assignment, scenario in db.execute(query):
            key = trainee, assignment
            found[key] = found.get(key, frozenset()) | {scenario}
    return found
