"""The submitted folder of an assignment: logs as handed in, everything else rebuilt from the release."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from sqlalchemy import Connection, select, union

from grading import hand_in, notebooks, safe
from grading.answered import Play, record, replay
from grading.course import Assignment, Course
from grading.gradebook import ACCOUNT, ATTEMPT, REROUTED
from grading.hand_in import SECRET, TIMESTAMP, HandIn
from grading.rebuild import Notebook, fenced
from grading.released import as_released
from grading.roster import Person
from scenarios import variants
from scenarios.answers import read_bytes
from scenarios.errors import CourseError
from scenarios.model import Scenario
from scenarios.publish import load_published


class Submitted:
    """Lays hand-ins of one assignment into ``.course/submitted/<trainee>/<assignment>``."""

    def __init__(self, course: Course, assignment: Assignment, db: Connection) -> None:
        self.course, self.assignment, self.db = course, assignment, db
        self.waiting: set[tuple[str, datetime]] = set()
        """(trainee, time) of what is to be taken in, perhaps once more after a run that was cut short."""

    @cached_property
    def scenarios(self) -> dict[str, tuple[Scenario, ...]]:
        """The pinned scenarios in all their variants, by id."""
        refs = self.assignment.scenarios
        return {ref.id: variants.each(load_published(ref.id, ref.version)[0]) for ref in refs}

    @cached_property
    def released(self) -> dict[str, bytes]:
        """The released notebooks, by scenario; CourseError if there are none or the plan was edited since."""
        return as_released(self.course, self.assignment)

    @cached_property
    def notebooks(self) -> dict[str, Notebook]:
        """The released notebooks, ready for free text."""
        return {s: Notebook(released, run=False) for s, released in self.released.items()}

    def folder(self, trainee: str) -> Path:
        """Return where a trainee's submission lies."""
        return self.course.submitted / trainee / self.assignment.id

    def take(self, inbound: Path, each: HandIn, person: Person) -> list[str]:
        """Take in one hand-in, record its answers and return what the supervisor should know about it.

        Files are replaced one by one and the time comes last, so that a run cut short is simply repeated.
        """
        content = hand_in.read(inbound, each, self.assignment, self.released)
        must_be_theirs(self.db, person, content.owner)
        problems = content.problems
        folder = self.folder(person.id)
        folder.mkdir(parents=True, exist_ok=True)
        plays: dict[str, Play] = {}
        earlier = _earlier(folder)
        left = self._left(person, earlier)
        with safe.folder(folder) as fd:
            for scenario, notebook in self.notebooks.items():
                met = variants.met(self.scenarios[scenario], person.id, self.assignment.id)
                play = self._play(met, folder, content.logs.get(scenario), each, left, problems)
                if play:
                    plays[scenario] = play
                    safe.write(f"{scenario}.answers.jsonl", fd, play.log)
                told = notebooks.told(met, self.assignment.marked_in(scenario))
                safe.write(f"{scenario}.ipynb", fd, notebook.fill(self._written(met, play), told=told))
            safe.write(SECRET, fd, content.secret)
            safe.write(TIMESTAMP, fd, self._time(earlier, each, content))
        record(self.db, self.assignment, person, each, plays, problems)
        return problems

    def _left(self, person: Person, earlier: datetime | None) -> frozenset[str] | None:
        """Return the scenarios on record if a run cut short left later logs than theirs in a folder, else None."""
        if (person.id, earlier) not in self.waiting:
            return None
        mine = (
            select(own.c.scenario).where(
                own.c.student_id == person.id, own.c.assignment == self.assignment.id
            )
            for own in (ATTEMPT, REROUTED)
        )
        return frozenset(self.db.scalars(union(*mine)))

    def _play(
        self,
        scenario: Scenario,
        folder: Path,
        new: bytes | None,
        each: HandIn,
        left: frozenset[str] | None,
        problems: list[str],
    ) -> Play | None:
        """Return the play that counts: the new log's if it goes on from the earlier one, else the earlier.

        ``left``: of a log that a run cut short left there, the hand-in is still to come.
        """
        name = f"{scenario.id}.answers.jsonl"
        try:
            old = read_bytes(folder / name) if left is None or scenario.id in left else b""
        except FileNotFoundError:
            old = b""
        if old and new is None:
            problems.append(f"{name} was handed in before and is missing now; the earlier one stands.")
        elif new is None or (old.startswith(new) and left is None):
            pass  # a hand-in that was overtaken by a later one
        elif not new.startswith(old) and not old.startswith(new):
            self._keep(scenario.id, new, each, problems)
        else:
            try:
                play, said = replay(new, scenario, self.assignment.id)
                problems += said
                if wrong := [at for at in play.times if not each.holds(at)]:
                    time = f"a time that cannot be true ({hand_in.plain(wrong[0], 40)})"
                    problems.append(f"{name} holds {time}; that of the hand-in was used.")
                return play
            except CourseError as error:
                problems.append(str(error))
        return replay(old, scenario, self.assignment.id)[0] if old else None

    def _keep(self, scenario: str, log: bytes, each: HandIn, problems: list[str]) -> None:
        kept = self.course.root / "conflicts" / each.student / self.assignment.id
        kept.mkdir(parents=True, exist_ok=True)
        with safe.folder(kept) as fd:
            safe.write(f"{scenario}.{each.at:%Y%m%dT%H%M%S%f}.answers.jsonl", fd, log)
        problems.append(
            f"{scenario}.answers.jsonl does not go on from the one handed in before; the earlier one stands, "
            f"the new one is kept in {kept.relative_to(self.course.root)}."
        )

    def _written(self, scenario: Scenario, play: Play | None) -> dict[str, str]:
        """Return the marked free text by step, as markdown."""
        if play is None:
            return {}
        answers = play.session.counted
        decisions = dict(scenario.decisions())
        return {
            step: fenced(decisions[step], answers[step])
            for step in self.assignment.marked_in(scenario.id) & answers.keys()
        }

    def _time(self, earlier: datetime | None, each: HandIn, content: hand_in.Content) -> bytes:
        """Return the submission's time: always after the earlier one's, or nbgrader would not grade again."""
        if earlier is None or each.at > earlier or (each.student, earlier) in self.waiting:
            return content.timestamp
        now = HandIn(
            each.name, each.student, each.assignment, datetime.now(UTC).replace(tzinfo=None)
        ).timestamp
        content.problems.append(
            f"its time, {each.timestamp}, is not after the earlier hand-in's; {now} was used."
        )
        return now.encode()


def must_be_theirs(db: Connection, person: Person, owner: str) -> None:
    """Raise CourseError unless a folder is of the account the roster names, else that handed in first."""
    known = person.account or db.scalar(select(ACCOUNT.c.account).where(ACCOUNT.c.student_id == person.id))
    if not known:
        db.execute(ACCOUNT.insert(), {"student_id": person.id, "account": owner})
    elif known != owner:
        raise CourseError(
            f"its folder belongs to the account {owner}, not to {known}; "
            f"if that is right, write {owner} for {person.id} into the column account of roster.csv"
        )


def _earlier(folder: Path) -> datetime | None:
    """Return the time of the hand-in that lies in a folder, or None."""
    try:
        return hand_in.parse_time(read_bytes(folder / TIMESTAMP, 128).decode("ascii", "replace"))
    except FileNotFoundError:
        return None
