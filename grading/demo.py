"""Let a simulated staff take the course through the code that people use, and write the report."""

from __future__ import annotations

import argparse
import csv
import io
import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path
from random import Random

from sqlalchemy import select, update

from grading import gradebook, notebooks, simulate, ways
from grading.course import Assignment, Course, Person, load_assignments
from grading.files import write_atomically, write_json
from grading.roster import ROSTER_COLUMNS
from grading.simulate import Actor, Tier
from scenarios import variants
from scenarios.answers import AnswerLog
from scenarios.desk import BOOSTERS
from scenarios.errors import CourseError
from scenarios.model import Scenario, from_trainee
from scenarios.publish import load_published
from scenarios.session import Session

EXAMPLE = "python -m grading demo --people 40 --seed 3"
SIMULATED = "simulated.json"
"""A course folder that holds this file is a simulation, and everything written about it says so."""
LEAST = 24
MARKED = 0.8
"""Share of the free texts that the simulated markers get to."""

MEETING, TALKING = 0.8, 0.5
"""Share of the people who take up what is open to them, and of the talks that have been held."""

Tiers = dict[tuple[str, str, str, str], Tier]
"""(trainee, assignment, scenario, step) -> how good the words are, for the simulated marker."""


def demo(content: Path, root: Path, people: int, seed: int) -> Course:
    """Make a course of its own at ``root``, and let a simulated staff take it; the same for the same seed.

    Raises:
        CourseError: too few people, ``root`` holds anything else, or no scenario has been published.
    """
    if people < LEAST:
        raise CourseError(
            f"A demonstration needs at least {LEAST} people, not {people}; give --people {LEAST}."
        )
    course, rng = Course(content, root), Random(seed)
    assignments = _published(course)
    _clear(root)
    write_json(root / SIMULATED, {"people": people, "seed": seed})
    leads, actors = simulate.staff(
        people, simulate.roles([a.audience for a in assignments]), rng, date.today()
    )
    _write_roster(course, [*leads, *(actor.person for actor in actors)])
    tiers = _take_course(course, assignments, actors, rng)
    _grade(course, tiers, rng)
    _clear_misses(course, actors, rng)
    return course


def simulated(course: Course) -> Mapping[str, int] | None:
    """Return how the staff was simulated (people, seed), or None if it is real."""
    path = course.root / SIMULATED
    return json.loads(path.read_text("utf-8")) if path.is_file() else None


def _published(course: Course) -> list[Assignment]:
    """Return the assignments that can be taken: a demonstration pins no version by itself."""
    everything = load_assignments(course).values()
    opened = [a for a in everything if not a.opens or a.opens <= date.today()]
    ready = [a for a in opened if all(map(notebooks.published, a.scenarios))]
    if not ready:
        raise CourseError(
            f"No assignment's scenarios are published; release one first, as in make release A={next(iter(everything)).id}."
        )
    return ready


def _clear(root: Path) -> None:
    if root.exists() and any(root.iterdir()):
        if not (root / SIMULATED).is_file():
            raise CourseError(f"{root} is not an earlier demonstration; name an empty folder with --out.")
        shutil.rmtree(root)
    root.mkdir(parents=True, exist_ok=True)


def _write_roster(course: Course, people: list[Person]) -> None:
    out = io.StringIO()
    writer = csv.DictWriter(out, ROSTER_COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(person) for person in people)
    write_atomically(course.roster, out.getvalue())


def _take_course(course: Course, assignments: list[Assignment], actors: list[Actor], rng: Random) -> Tiers:
    from tqdm import tqdm

    from grading.desk import make_desk
    from grading.exchange import release

    for assignment in assignments:
        release(course, assignment.id)
    tiers: Tiers = {}
    for actor in tqdm(actors, unit=" people", desc="Taking the course", disable=None, leave=False):
        desk = make_desk(course, actor.person)
        for assignment in assignments:
            if assignment.audience == actor.person.audience and actor.stop != "not started":
                _take(course, desk, assignment, actor, rng, tiers)
    return tiers


def _take(
    course: Course, desk: Path, assignment: Assignment, actor: Actor, rng: Random, tiers: Tiers
) -> None:
    from grading.submit import hand_in

    for number, ref in enumerate(assignment.scenarios):
        if number and actor.stop == "first only":
            return
        halfway = actor.stop == "halfway" and number + 1 == len(assignment.scenarios)
        every = variants.each(load_published(ref.id, ref.version)[0])
        scenario = variants.met(every, actor.person.id, assignment.id)
        said = play(desk / assignment.id, assignment.id, scenario, actor.ability, rng, leave=halfway)
        tiers |= {(actor.person.id, assignment.id, ref.id, step): tier for step, tier in said.items()}
        if not halfway:
            hand_in(course, desk, assignment.id)


def play(
    folder: Path, assignment: str, scenario: Scenario, ability: float, rng: Random, *, leave: bool
) -> Mapping[str, Tier]:
    """Play a scenario on a desk as the player does, event by event; with ``leave``, stop after two answers."""
    view = json.loads((folder / f"{scenario.id}.json").read_text("utf-8"))
    log = AnswerLog(folder / f"{scenario.id}.answers.jsonl")
    session = Session(from_trainee(view), log.read().events)
    about = {
        "assignment": assignment,
        "scenario": view["id"],
        "version": view["version"],
        "sha256": view["sha256"],
    }
    session.apply(log.append(session.event("started") | about)[0])
    tiers: dict[str, Tier] = {}
    while session.current:
        if leave and len(session.answers) == 2:
            return tiers
        step = session.current.id
        decision = scenario.steps[step].decision
        assert decision  # a session stands at a decision or an ending
        answer, tiers[step] = simulate.answer(scenario, step, decision, ability, rng)
        session.apply(log.append(session.event("answered", answer))[0])
        if simulate.argues(tiers[step], rng):
            session.apply(log.append(session.event("argued", {"step": step, "on": True}))[0])
    session.apply(log.append(session.event("finished"))[0])
    return tiers


def _grade(course: Course, tiers: Tiers, rng: Random) -> None:
    from grading.autograde import grade
    from grading.feedback import give
    from grading.intake import collect
    from grading.marks import release_marks

    problems = collect(course).problems + grade(course).problems
    if problems:
        raise CourseError(f"The simulated staff could not be graded: {problems[0]}")
    _mark(course, tiers, rng)
    release_marks(course)
    give(course)


def _mark(course: Course, tiers: Tiers, rng: Random) -> None:
    """Mark some of the free text as formgrader does: through the gradebook's own interface."""
    from nbgrader.api import Comment, Grade

    with gradebook.opened(course) as book:
        comments = {(c.notebook_id, c.name): c for c in book.db.query(Comment)}
        waiting = book.db.query(Grade).filter(Grade.needs_manual_grade)
        for grade in sorted(
            waiting, key=lambda g: (g.student.id, g.assignment.name, g.notebook.name, g.name)
        ):
            tier = tiers.get((grade.student.id, grade.assignment.name, grade.notebook.name, grade.name))
            if tier and rng.random() < MARKED:
                grade.manual_score, said = simulate.mark(tier, grade.max_score, rng)
                grade.needs_manual_grade = False
                comments[grade.notebook_id, grade.name].manual_comment = said
        book.db.commit()


def _clear_misses(course: Course, actors: list[Actor], rng: Random) -> None:
    """Two days later, let some of those who broke a critical clause meet it again, and some supervisors talk."""
    from grading import put, talks
    from grading.desk import make_desk
    from grading.feedback import give
    from grading.intake import collect

    days_pass(course, 2)
    for actor in actors:
        desk = make_desk(course, actor.person)
        if rng.random() < MEETING:
            for step in json.loads((desk / "me.json").read_text("utf-8"))["boosters"]:
                if step["id"]:
                    scenario, _ = load_published(step["id"], step["version"])
                    play(desk / BOOSTERS, BOOSTERS, scenario, actor.ability, rng, leave=False)
                    put.hand_in(course, desk)
    if problems := collect(course).problems:
        raise CourseError(f"The simulated staff could not clear what they missed: {problems[0]}")
    give(course, changed=True)
    people = {actor.person.id: actor.person for actor in actors}
    with gradebook.reading(course) as db:
        left = ways.steps(ways.histories(db), people.values())
    for step in left:
        if step.way.state == "talk" and rng.random() < TALKING:
            talks.record(course, step.person, step.clause, *simulate.TALK, by=step.person.supervisor)


def days_pass(course: Course, days: float) -> None:
    """Let what was handed in be handed in so many days earlier."""
    own, passed = gradebook.ATTEMPT, timedelta(days=days)
    with gradebook.writing(course) as db:
        for text in db.scalars(select(own.c.handed_in_at).distinct()).all():
            earlier = f"{ways.moment(text) - passed:%Y-%m-%d %H:%M:%S.%f} UTC"
            db.execute(update(own).where(own.c.handed_in_at == text).values(handed_in_at=earlier))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "--people", type=int, default=LEAST, metavar="N", help="how many (default: %(default)s)"
    )
    parser.add_argument(
        "--seed", type=int, default=7, help="the same staff for the same seed (default: %(default)s)"
    )
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="where it is kept (default: .course/demo)")


def run(args: argparse.Namespace) -> int:
    """Make the demonstration, write its report, and say where it is."""
    from grading.report import show, write_report

    here = Course.here()
    course = demo(here.content, (args.out or here.root / "demo").absolute(), args.people, args.seed)
    report = write_report(course)
    print(f"{args.people} simulated people took the course. The report: {report}")
    show(report)
    return 0
