"""Score what was collected: a whole class in one transaction, without a kernel.

The rows are those that nbgrader's own ``nbgrader autograde`` writes for the same submissions (a test
compares them); either may grade what the other graded before.
"""

from __future__ import annotations

import json
import os
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path

from grading import gradebook, notebooks, safe
from grading.book import Book, Marked, Submission
from grading.course import Assignment, Course, load_assignments
from grading.course import assignment as one_assignment
from grading.hand_in import SECRET, TIMESTAMP, parse_time
from grading.marks import hold
from grading.rebuild import Notebook, fenced
from grading.released import as_released
from grading.score import answers, belongs, points
from scenarios import variants
from scenarios.answers import read_bytes, read_log
from scenarios.errors import CourseError
from scenarios.model import WRITTEN, Scenario
from scenarios.publish import load_published

EXAMPLE = "python -m grading grade --assignment onboarding-therapist"
AT_ONCE = 25
"""Submissions held in memory."""


@dataclass(slots=True)
class Graded:
    """What one run did; ``assignment`` is None where it was all of them."""

    assignment: str | None = None
    graded: int = 0
    skipped: int = 0
    problems: list[str] = field(default_factory=list)
    seconds: float = 0.0


def grade(
    course: Course,
    assignment: str | None = None,
    *,
    trainees: Collection[str] | None = None,
    again: bool = False,
    progress: bool = False,
) -> Graded:
    """Grade the submissions that changed since they were last graded.

    Of one assignment or all that were released; of these trainees or all; with ``again``, also what did not
    change; with ``progress``, showing a bar with rate and time left on a terminal.

    Raises:
        CourseError: there is no such assignment, or it was not released.
    """
    started = time.perf_counter()
    if assignment:
        wanted = [one_assignment(course, assignment)]
    else:
        wanted = [a for a in load_assignments(course).values() if course.released(a.id)]
    total = Graded(assignment)
    with gradebook.working(course):
        for each in wanted:
            _grade(course, each, total, trainees, again, progress)
    total.seconds = round(time.perf_counter() - started, 3)
    return total


def _grade(
    course: Course,
    assignment: Assignment,
    total: Graded,
    trainees: Collection[str] | None,
    again: bool,
    progress: bool,
) -> None:
    found = [t for t in _submitted(course, assignment.id) if trainees is None or t in trainees]
    pending = [t for t in found if again or _changed(course, t, assignment.id)]
    total.skipped += len(found) - len(pending)
    if not pending:
        return
    scorer = _Scorer(course, assignment)
    graded: list[tuple[str, bytes]] = []
    with gradebook.writing(course) as db:
        hold(db)
        book = Book(db, course, assignment.id)
        waiting = _shown(pending, progress)
        # A few at a time, so that it takes no more memory for ten thousand than for a hundred.
        while some := list(islice(waiting, AT_ONCE)):
            scored: list[Submission] = []
            for trainee in some:
                try:
                    scored.append(scorer.score(trainee, total.problems))
                except (CourseError, OSError, ValueError) as error:
                    total.problems.append(f"{trainee}, {assignment.id}: it could not be graded ({error}).")
            book.save(scored)
            graded += [(each.trainee, each.timestamp) for each in scored]
    # Only now do they count as graded; a run cut short before this line is repeated.
    for trainee, timestamp in graded:
        with safe.folder(course.autograded, trainee, assignment.id) as fd:
            safe.write(TIMESTAMP, fd, timestamp, 0o444)
    total.graded += len(graded)


def _submitted(course: Course, assignment: str) -> list[str]:
    """Return the trainees who handed in, sorted."""
    folders = course.submitted.glob(f"*/{assignment}")
    return sorted(folder.parent.name for folder in folders if any(folder.glob("*.ipynb")))


def _changed(course: Course, trainee: str, assignment: str) -> bool:
    graded = _timestamp(course.autograded / trainee / assignment)
    # A run that was killed leaves a folder without a time.
    return graded is None or graded != (_timestamp(course.submitted / trainee / assignment) or b"")


def _timestamp(folder: Path) -> bytes | None:
    try:
        return (folder / TIMESTAMP).read_bytes()
    except FileNotFoundError:
        return None


def _shown(trainees: list[str], progress: bool) -> Iterator[str]:
    if not progress:
        return iter(trainees)
    from tqdm import tqdm

    # disable=None: only on a terminal
    return iter(tqdm(trainees, unit=" submissions", disable=None, leave=False))


class _Scorer:
    """Scores the submissions of one assignment and writes their autograded notebooks."""

    def __init__(self, course: Course, assignment: Assignment) -> None:
        self.course, self.assignment = course, assignment
        released = as_released(course, assignment)
        refs = assignment.scenarios
        self.scenarios = {ref.id: variants.each(load_published(ref.id, ref.version)[0]) for ref in refs}
        self.notebooks = {s: Notebook(released[s], run=True) for s in self.scenarios}

    def score(self, trainee: str, problems: list[str]) -> Submission:
        """Return a submission's scores and lay out what formgrader shows."""
        folder = self.course.submitted / trainee / self.assignment.id
        there = {path.name for path in folder.iterdir()}
        submission = Submission(trainee, _timestamp(folder) or b"")
        try:
            submission.at = parse_time(submission.timestamp.decode("ascii").strip())
        except UnicodeDecodeError:
            problems.append(
                f"{trainee}, {self.assignment.id}: {TIMESTAMP} is malformed; it was graded without a time."
            )
        target = self.course.autograded / trainee / self.assignment.id
        target.mkdir(parents=True, exist_ok=True)
        with safe.folder(target) as fd:
            for name, notebook in self.notebooks.items():
                file = f"{name}.ipynb"
                if file not in there:
                    with suppress(FileNotFoundError):
                        os.unlink(file, dir_fd=fd)
                    continue
                scenario = variants.met(self.scenarios[name], trainee, self.assignment.id)
                marked, written = self._marked(scenario, folder)
                submission.notebooks[name] = marked
                told = notebooks.told(scenario, self.assignment.marked_in(name))
                safe.write(file, fd, notebook.fill(written, marked.scores, told), 0o444)
            if SECRET in there:
                safe.write(SECRET, fd, read_bytes(folder / SECRET, 256), 0o444)
        return submission

    def _marked(self, scenario: Scenario, folder: Path) -> tuple[Marked, dict[str, str]]:
        log = read_log(folder / f"{scenario.id}.answers.jsonl")  # empty if not begun
        given = answers(log, scenario) if belongs(log, self.assignment.id) else {}
        decisions = scenario.graded(self.assignment.marked_in(scenario.id))
        written = {s: fenced(d, given[s]) for s, d in decisions.items() if d.kind in WRITTEN and s in given}
        scores = {s: points(d, given.get(s)) for s, d in decisions.items() if d.kind not in WRITTEN}
        return Marked({s: score or 0.0 for s, score in scores.items()}, frozenset(written)), written


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "--assignment", metavar="A", help="only this assignment (default: all that were released)"
    )
    parser.add_argument("--again", action="store_true", help="also grade what did not change")
    parser.add_argument("--format", choices=("text", "json"), default="text")


def run(args: Namespace) -> int:
    """Grade and say what was done."""
    try:
        result = grade(Course.here(), args.assignment, again=args.again, progress=True)
    except KeyboardInterrupt:
        print(
            "Stopped. The gradebook holds nothing half done; run it again to grade the rest.", file=sys.stderr
        )
        return 130
    if args.format == "json":
        print(json.dumps(asdict(result), ensure_ascii=False))
    else:
        print(*result.problems, sep="\n", end="\n" if result.problems else "")
        print(f"graded: {result.graded}, unchanged: {result.skipped}, in {result.seconds:.2f} s")
    return 0
