"""Explain every finished scenario to the trainee who played it, and show the marks that were released."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from grading import boosters, gradebook, safe, ways
from grading.course import CENTER, TITLE, Assignment, Course, load_assignments
from grading.course import assignment as one_assignment
from grading.desk import write_me
from grading.explain import Mark, explanation
from grading.gradebook import ANSWER, ATTEMPT, BOOSTER, REROUTED
from grading.hand_in import SECRET, TIMESTAMP
from grading.roster import load_roster
from scenarios import load, variants
from scenarios.answers import read_bytes
from scenarios.desk import BOOSTERS
from scenarios.errors import CourseError
from scenarios.model import Answer, Scenario
from scenarios.publish import load_published

if TYPE_CHECKING:
    from jinja2 import Template

EXAMPLE = "python -m grading feedback --assignment onboarding-therapist"
GIVEN = "given.txt"
"""The time of the hand-in that was explained, once the explanation is in all its places."""

BROKEN = (OSError, CourseError, ValueError, KeyError, TypeError)
"""What may go wrong where an explanation is put in place: on a desk that its owner broke, too."""

Played = tuple[dict[str, Answer], dict[str, Mark]]


@dataclass(slots=True)
class Given:
    """What was explained: (trainee, assignment, scenario), and sentences for the supervisor."""

    explained: list[tuple[str, str, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def give(
    course: Course,
    assignment: str | None = None,
    *,
    trainees: Collection[str] | None = None,
    changed: bool = False,
) -> Given:
    """Write the feedback of finished first attempts, as data and as HTML, and bring it to the trainees.

    It lies in ``.course/feedback``, on the desks of this machine, and in nbgrader's exchange. Of one
    assignment or all; of these trainees or all; with ``changed``, only of what was handed in since the last time.
    """
    given = Given()
    wanted = [one_assignment(course, assignment)] if assignment else load_assignments(course).values()
    with gradebook.working(course):
        _open_exchange(course)
        for each in wanted:
            if course.released(each.id):
                _give(course, each, trainees, changed, given)
        if not assignment:
            _give_boosters(course, trainees, changed, given)
    return given


def _give_boosters(course: Course, trainees: Collection[str] | None, changed: bool, given: Given) -> None:
    """Explain the boosters that people of this machine's desks have met, and say there what comes next."""
    with gradebook.reading(course) as db:
        met = set(db.scalars(select(BOOSTER.c.student_id)))
    people = load_roster(course)
    for trainee in sorted(met & people.keys() if trainees is None else met & people.keys() & set(trainees)):
        if not (course.desk(trainee) / "me.json").exists():
            continue
        try:
            person = people[trainee]
            now = boosters.steps(course, person)
            on_record = [each for each in now.boosters if each.answers]
            new = [each for each in on_record if not (changed and boosters.is_laid(course, person, each))]
            if new or boosters.told(course, person) != now.entries:
                write_me(course, person)
            given.explained += [(trainee, BOOSTERS, each.id) for each in new]
        except BROKEN as error:
            given.problems.append(f"{trainee}: the short situation could not be explained ({error}).")


def open_boosters(course: Course) -> list[str]:
    """Lay on the desks of this machine the boosters whose day has come; return a sentence for each that could not be."""
    if not course.inbound.is_dir():
        return []
    people, problems = load_roster(course), []
    with gradebook.reading(course) as db:
        found = ways.histories(db)
    for step in ways.steps(found, people.values()):
        lie = course.desk(step.person.id) / BOOSTERS
        laid = (lie / f"{step.way.booster}.json").exists() and not (
            lie / f"{step.way.booster}.feedback.json"
        ).exists()
        if step.way.state == "open" and not laid and (lie.parent / "me.json").exists():
            try:
                write_me(course, step.person)
            except BROKEN as error:
                problems.append(
                    f"{step.person.id}: {step.way.booster} could not be put on the desk ({error})."
                )
    return problems


def _open_exchange(course: Course) -> None:
    """Make the folder of the pages as nbgrader does: who knows a page's name can read it, nobody can list them."""
    if course.exchange.is_dir() and not course.released_feedback.is_dir():
        course.released_feedback.mkdir(parents=True)
        course.released_feedback.chmod(0o711)


def _give(
    course: Course, assignment: Assignment, trainees: Collection[str] | None, changed: bool, given: Given
) -> None:
    explainer = Explainer(course, assignment)
    names = explainer.names
    for trainee, played in explainer.played(trainees).items():
        if changed and not _changed(course, trainee, assignment.id):
            continue
        try:
            pages: dict[str, bytes] = {}
            data: dict[str, bytes] = {}
            for scenario, (answers, marks) in played.items():
                pages[scenario], data[f"{scenario}.feedback.json"] = explainer.explain(
                    trainee, scenario, answers, marks
                )
            _place(course, trainee, assignment.id, data)
            _write(course, trainee, assignment.id, pages, data)
            if trainee in names and (course.desk(trainee) / "me.json").exists():
                write_me(course, names[trainee])
            _note(course, trainee, assignment.id)
            given.explained += [(trainee, assignment.id, scenario) for scenario in played]
        except BROKEN as error:
            given.problems.append(
                f"{trainee}, {assignment.id}: the explanation could not be put in place ({error})."
            )


class Explainer:
    """Explains an assignment's finished first attempts, as data and as pages."""

    def __init__(self, course: Course, assignment: Assignment) -> None:
        self.course, self.assignment = course, assignment
        pinned = {ref.id: load_published(ref.id, ref.version) for ref in assignment.scenarios}
        self.pinned = {name: (variants.each(scenario), sha) for name, (scenario, sha) in pinned.items()}
        self.clauses, self.names = load.clauses(), load_roster(course)

    def played(self, trainees: Collection[str] | None) -> dict[str, dict[str, Played]]:
        """Return trainee -> scenario -> answers and released marks, of the finished first attempts.

        Who left out all they handed in is there, too: their home page has news, if no explanation.
        """
        from grading.marks import released

        where = (ATTEMPT.c.student_id == ANSWER.c.student_id) & (ATTEMPT.c.assignment == ANSWER.c.assignment)
        where &= ATTEMPT.c.scenario == ANSWER.c.scenario
        query = (
            select(ANSWER.c.student_id, ANSWER.c.scenario, ANSWER.c.step, ANSWER.c.answer_json)
            .select_from(ANSWER.join(ATTEMPT, where))
            .where(ANSWER.c.assignment == self.assignment.id, ATTEMPT.c.finished.is_(True))
            .order_by(ANSWER.c.student_id, ANSWER.c.scenario)
        )
        left_out = select(REROUTED.c.student_id).where(REROUTED.c.assignment == self.assignment.id)
        if trainees is not None:
            query = query.where(ANSWER.c.student_id.in_(trainees))
            left_out = left_out.where(REROUTED.c.student_id.in_(trainees))
        found: dict[str, dict[str, Played]] = {}
        with gradebook.reading(self.course) as db:
            marks = released(db, self.assignment.id)
            for trainee, scenario, step, answer in db.execute(query):
                mine = found.setdefault(trainee, {})
                answers, _ = mine.setdefault(scenario, ({}, marks.get((trainee, scenario), {})))
                answers[step] = json.loads(answer)
            for trainee in db.scalars(left_out):
                found.setdefault(trainee, {})
        return found

    def explain(
        self, trainee: str, scenario: str, answers: Mapping[str, Answer], marks: Mapping[str, Mark]
    ) -> tuple[bytes, bytes]:
        """Return the page (HTML) and the data (JSON) of one finished scenario."""
        met, sha256 = self._met(trainee, scenario), self.pinned[scenario][1]
        data = explanation(self.assignment, met, sha256, answers, marks, self.clauses)
        page = self.page(trainee, scenario, data)
        return page, json.dumps(data, ensure_ascii=False).encode()

    def page(self, trainee: str, scenario: str, data: Mapping[str, Any] | None) -> bytes:
        """Return the page of an explanation: no code, no script, no address outside it.

        Without an explanation, as for a scenario that is not finished, it says when there will be one.
        """
        name = self.names[trainee].name if trainee in self.names else trainee
        return render(self._met(trainee, scenario), data, self.assignment.title, name).encode()

    def _met(self, trainee: str, scenario: str) -> Scenario:
        """Return a scenario in the trainee's variant."""
        return variants.met(self.pinned[scenario][0], trainee, self.assignment.id)


def _changed(course: Course, trainee: str, assignment: str) -> bool:
    given, submitted = course.feedback / trainee / assignment / GIVEN, course.submitted / trainee / assignment
    return not given.exists() or given.read_bytes() != (submitted / TIMESTAMP).read_bytes()


def _note(course: Course, trainee: str, assignment: str) -> None:
    """Note for which hand-in an explanation is in all its places; nbgrader's own command takes the note away."""
    with safe.folder(course.feedback, trainee, assignment) as fd:
        safe.write(GIVEN, fd, safe.read(TIMESTAMP, fd, 256))


def _write(
    course: Course, trainee: str, assignment: str, pages: Mapping[str, bytes], data: Mapping[str, bytes]
) -> None:
    """Write the pages and data as `nbgrader generate_feedback` lays them, and release the pages as nbgrader does."""
    folder, submitted = (root / trainee / assignment for root in (course.feedback, course.submitted))
    secret = read_bytes(submitted / SECRET, 256)
    folder.mkdir(parents=True, exist_ok=True)
    with safe.folder(folder) as fd:
        for scenario, page in pages.items():
            safe.write(f"{scenario}.html", fd, page)
        for name, content in data.items():
            safe.write(name, fd, content)
        safe.write(SECRET, fd, secret)
        safe.write(TIMESTAMP, fd, read_bytes(submitted / TIMESTAMP, 256))
    with safe.folder(course.released_feedback) as fd:
        for scenario, page in pages.items():
            safe.write(f"{_key(secret, scenario)}.html", fd, page)


def _key(secret: bytes, scenario: str) -> str:
    """Return the name under which `nbgrader fetch_feedback` looks for a page."""
    from nbgrader.utils import notebook_hash

    return str(notebook_hash(secret=secret.decode("ascii"), notebook_id=scenario))


def _place(course: Course, trainee: str, assignment: str, files: Mapping[str, bytes]) -> None:
    """Put the data on the trainee's desk, if that is on this machine; no link there is followed."""
    if not course.desk(trainee).exists():
        return
    with safe.folder(course.desks, trainee, assignment) as fd:
        for name, content in files.items():
            safe.write(name, fd, content)


def render(scenario: Scenario, data: Mapping[str, Any] | None, assignment_title: str, name: str) -> str:
    """Return an explanation, or that there is none yet, as one HTML page."""
    return _template().render(
        scenario=scenario,
        feedback=data,
        assignment=assignment_title,
        name=name,
        course=TITLE,
        center=CENTER,
    )


@cache
def _template() -> Template:
    from scenarios import sheets

    environment = sheets.environment(Path(__file__).with_name("templates"))
    environment.filters["points"] = lambda number: f"{number:.2f}".rstrip("0").rstrip(".")
    return environment.get_template("feedback.html.j2")


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "--assignment", metavar="A", help="only this assignment (default: all that were released)"
    )
    parser.add_argument(
        "--release-marks", action="store_true", help="first let trainees see the marks given so far"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text")


def run(args: Namespace) -> int:
    """Write everybody's feedback anew, with ``--release-marks`` including the marks given so far."""
    from grading import marks

    course = Course.here()
    released = marks.release_marks(course, args.assignment) if args.release_marks else []
    given = give(course, args.assignment)
    if args.format == "json":
        result = {"explained": len(given.explained), "marked": len(released), "problems": given.problems}
        print(json.dumps(result, ensure_ascii=False))
    else:
        print(*given.problems, sep="\n", end="\n" if given.problems else "")
        print(f"scenarios explained: {len(given.explained)}, submissions with new marks: {len(released)}")
    return 0
