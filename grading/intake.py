"""Collecting what was handed in: logs are taken, everything else is rebuilt from the release.

So no code of a trainee's is ever executed and no other file of theirs is ever parsed, by our grader or by
nbgrader's own commands and buttons, which collect through the same class.
"""

from __future__ import annotations

import json
import os
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange import ExchangeError
from nbgrader.exchange.default import ExchangeCollect
from sqlalchemy import Connection, select

from grading import gradebook, hand_in
from grading.course import Assignment, Course, load_assignments, nbgrader_config
from grading.hand_in import plain
from grading.marks import hold
from grading.roster import Person, load_roster
from grading.submitted import Submitted
from grading.tries import Tries
from scenarios import paths
from scenarios.desk import BOOSTERS
from scenarios.errors import CourseError

EXAMPLE = "python -m grading collect --assignment onboarding-therapist"


@dataclass(slots=True)
class Collected:
    """What one collecting did: (trainee, assignment) taken in, and sentences for the supervisor."""

    taken: list[tuple[str, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


class Intake(ExchangeCollect):  # type: ignore[misc]  # nbgrader ships no types
    """nbgrader's collector, replaced: `nbgrader collect`, formgrader's button and the watcher all use it.

    A scenario is handed in as soon as it is finished, so a later hand-in always updates the earlier one.
    """

    def ensure_root(self) -> None:
        """Check the exchange and say what to do, which nbgrader leaves to an instructor."""
        self._check(Path(self.root), os.W_OK | os.X_OK, "written")

    def init_src(self) -> None:
        """Look for the folder trainees hand in to."""
        self.inbound = Path(self.root) / self.coursedir.course_id / "inbound"
        self._check(self.inbound, os.R_OK | os.X_OK, "read")

    def _check(self, folder: Path, mode: int, what: str) -> None:
        if not os.access(folder, mode):
            self.fail(
                f"The exchange's folder {folder} is missing or cannot be {what}; "
                "release an assignment with `make release A=<assignment>` or correct its permissions."
            )

    def copy_files(self) -> None:
        """Take in what is new; a bad hand-in never stops the others."""
        course = Course(paths.content(), Path(self.coursedir.root))
        self.collected = Collected()
        try:
            with gradebook.working(course):
                self.collected = _take_in(
                    course, self.inbound, self.coursedir.assignment_id, self.coursedir.student_id or "*"
                )
        except CourseError as error:
            self.fail(str(error))
        for trainee, assignment in self.collected.taken:
            self.log.info("Collected %s %s", trainee, assignment)
        for problem in self.collected.problems:
            self.log.warning(problem)


def collect(course: Course, assignments: list[str] | None = None) -> Collected:
    """Collect assignments (default: all that were released) as nbgrader would.

    Raises:
        CourseError: the exchange cannot be used, or there is no such assignment.
    """
    config = nbgrader_config(course)
    everything = Collected()
    for assignment in assignments or [a for a in load_assignments(course) if course.released(a)]:
        folders = CourseDirectory(config=config)
        folders.assignment_id = assignment
        intake = Intake(coursedir=folders, config=config)
        intake.log.disabled = True  # what it has to say is returned
        try:
            intake.start()
        except ExchangeError as error:
            raise CourseError(str(error)) from error
        everything.taken += intake.collected.taken
        everything.problems += intake.collected.problems
    if assignments is None and course.inbound.is_dir():
        _take_boosters(course, everything)
    everything.problems = list(dict.fromkeys(everything.problems))
    return everything


def _take_in(course: Course, inbound: Path, assignment_id: str, trainee: str) -> Collected:
    known = load_assignments(course)
    if assignment_id not in known:
        raise CourseError(f"There is no assignment {plain(assignment_id)} in grading/assignments.yml.")
    found, strange = hand_in.listed(inbound)
    collected = Collected(problems=strange)
    collected.problems += [_homeless(h) for h in found if h.assignment not in (*known, BOOSTERS)]
    mine = [h for h in found if h.assignment == assignment_id and trainee in ("*", h.student)]
    if mine:
        _take(course, inbound, known[assignment_id], mine, collected)
    return collected


def _homeless(each: hand_in.HandIn) -> str:
    return f"{plain(each.student)}: there is no assignment {plain(each.assignment)}; it was left in the exchange."


def _take(
    course: Course, inbound: Path, assignment: Assignment, found: list[hand_in.HandIn], collected: Collected
) -> None:
    with gradebook.writing(course) as db:
        hold(db)
        submitted = Submitted(course, assignment, db)
        _ = submitted.released  # one error for all of them, if the assignment was edited
        done = _done(db, assignment.id)
        submitted.waiting = {(h.student, h.at) for h in found if h.name not in done}
        submitted.waiting -= {(h.student, h.at) for h in found if h.name in done}
        new = [h for h in found if h.name not in done or not submitted.folder(h.student).is_dir()]
        _each(course, db, inbound, new, submitted.take, collected)


def _take_boosters(course: Course, collected: Collected) -> None:
    """Take in the boosters, which nbgrader knows nothing of."""
    with gradebook.working(course), gradebook.writing(course) as db:
        done = _done(db, BOOSTERS)
        found, _ = hand_in.listed(course.inbound)
        new = [h for h in found if h.assignment == BOOSTERS and h.name not in done]
        if new:
            _each(course, db, course.inbound, new, Tries(db).take, collected)


def _done(db: Connection, assignment: str) -> set[str]:
    names = gradebook.HAND_IN.c
    return set(db.scalars(select(names.name).where(names.assignment == assignment)))


def _each(
    course: Course,
    db: Connection,
    inbound: Path,
    found: list[hand_in.HandIn],
    take: Callable[[Path, hand_in.HandIn, Person], list[str]],
    collected: Collected,
) -> None:
    """Take in hand-ins of people on the roster; what is wrong with one stops no other."""
    roster, taken = load_roster(course), dict[tuple[str, str], None]()
    for each in found:
        if each.student not in roster:
            problem = f"{plain(each.student)} is not in roster.csv; the hand-in was left in the exchange."
            collected.problems.append(problem)
            continue
        try:
            with db.begin_nested():
                said = take(inbound, each, roster[each.student])
            taken[each.student, each.assignment] = None
        except (CourseError, OSError, ValueError) as error:
            why = (error.strerror or error) if isinstance(error, OSError) else error
            said = [f"the hand-in could not be taken in ({why})."]
        collected.problems += [f"{each.student}, {each.assignment}: {sentence}" for sentence in said]
    collected.taken += taken


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "--assignment", metavar="A", help="only this assignment (default: all that were released)"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text")


def run(args: Namespace) -> int:
    """Collect from the exchange and print what the supervisor should know."""
    collected = collect(Course.here(), [args.assignment] if args.assignment else None)
    if args.format == "json":
        print(
            json.dumps(
                {"collected": len(collected.taken), "problems": collected.problems}, ensure_ascii=False
            )
        )
    else:
        print(*collected.problems, f"collected: {len(collected.taken)}", sep="\n")
    return 0
