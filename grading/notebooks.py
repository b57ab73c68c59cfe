"""Make the notebooks that nbgrader releases: derived from scenarios and assignments, never edited."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from grading.course import NO_ANSWER, Assignment, Course, ScenarioRef, load_assignments
from grading.course import assignment as one_assignment
from grading.files import write_atomically
from scenarios import load, paths
from scenarios.errors import CourseError
from scenarios.model import WRITTEN, Decision, Scenario
from scenarios.publish import load_draft, load_published, trainee_view
from scenarios.variants import SLOT

EXAMPLE = "python -m grading notebooks --check"
PLAYER, SITUATION = "course-player", "course-situation"
DIFFERS = "_Names and other details differ from person to person, so the scenario's own page tells this._"
"""What a released notebook, which is the same for all, says instead of a text with slots."""
Cell = dict[str, Any]


def build(scenario: Scenario, assignment: str, marked: frozenset[str]) -> dict[str, Any]:
    """Return a scenario's notebook in nbformat 4.5; ``marked`` are the steps a supervisor marks.

    What a trainee needs comes first and can be read anywhere; the rest is nbgrader's.
    """
    texts = {cell: DIFFERS if SLOT.search(text) else text for cell, text in told(scenario, marked).items()}
    cells = [_markdown("course-title", _title(scenario)), _markdown(SITUATION, texts[SITUATION])]
    cells.append(_player(assignment, scenario.id))
    for step, decision in scenario.graded(marked).items():
        if decision.kind in WRITTEN:
            cells += [_markdown(_ask(step), texts[_ask(step)]), _manual(step, decision)]
        else:
            cells.append(_grade(step, decision, f'cell("{assignment}", "{scenario.id}", "{step}")'))
    return {
        "cells": cells,
        "metadata": {
            "course": {"front": "player"},
            "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def told(scenario: Scenario, marked: frozenset[str]) -> dict[str, str]:
    """Return what a notebook tells of the story, by cell id: the situation, and what a marker reads above an answer."""
    written = (step for step, decision in scenario.graded(marked).items() if decision.kind in WRITTEN)
    decisions = dict(scenario.decisions())
    return {SITUATION: scenario.situation} | {_ask(step): decisions[step].prompt for step in written}


def _ask(step: str) -> str:
    return f"ask-{step}"


def _title(scenario: Scenario) -> str:
    minutes = "1 minute" if scenario.minutes == 1 else f"{scenario.minutes} minutes"
    lines = [f"# {scenario.title}", f"About {minutes}."]
    if scenario.note:
        lines.append(f"*Before you begin:* {scenario.note.text}")
    return "\n\n".join(lines)


def _markdown(cell_id: str, source: str, metadata: Mapping[str, Any] | None = None) -> Cell:
    return {
        "cell_type": "markdown",
        "id": cell_id,
        "metadata": metadata or {},
        "source": source.splitlines(True),
    }


def _code(cell_id: str, source: str, metadata: Mapping[str, Any]) -> Cell:
    empty: Cell = {"execution_count": None, "outputs": []}
    return {
        "cell_type": "code",
        "id": cell_id,
        "metadata": metadata,
        "source": source.splitlines(True),
        **empty,
    }


def _nbgrader(grade_id: str, *, grade: bool, solution: bool, points: float | None = None) -> dict[str, Any]:
    """Return the metadata of a cell nbgrader knows; locked unless the answer is written into it."""
    data = {"grade": grade, "grade_id": grade_id, "locked": not solution, "schema_version": 3}
    data |= {"solution": solution, "task": False}
    return data | ({"points": points} if points is not None else {})


def _player(assignment: str, scenario_id: str) -> Cell:
    # No step can be called course_player (steps have no underscore), so the grade ids never clash.
    metadata = {"nbgrader": _nbgrader("course_player", grade=False, solution=False), "tags": [PLAYER]}
    return _code(PLAYER, f'from scenarios import play; play("{assignment}", "{scenario_id}")', metadata)


def _grade(step: str, decision: Decision, call: str) -> Cell:
    metadata = {"nbgrader": _nbgrader(step, grade=True, solution=False, points=decision.maximum)}
    return _code(f"step-{step}", f"from grading.score import cell; {call}", metadata)


def _manual(step: str, decision: Decision) -> Cell:
    """Return the cell that intake writes an answer into, and a person marks."""
    metadata = {"nbgrader": _nbgrader(step, grade=True, solution=True, points=decision.maximum)}
    return _markdown(f"step-{step}", NO_ANSWER, metadata)


def published(ref: ScenarioRef) -> bool:
    """Return whether that version of a scenario is pinned."""
    return (paths.published() / f"{ref.id}@{ref.version}.yml").exists()


def source(ref: ScenarioRef) -> tuple[Scenario, str]:
    """Return a pinned scenario and its SHA-256, or the library's draft of that version.

    Raises:
        CourseError: neither is there.
    """
    if published(ref):
        return load_published(ref.id, ref.version)
    path = load.find(ref.id)
    scenario, sha256 = load_draft(path)
    if scenario.version != ref.version:
        raise CourseError(
            f"grading/assignments.yml asks for {ref.id} version {ref.version}, which was not published, "
            f"and {path.name} is version {scenario.version}; correct one of them."
        )
    return scenario, sha256


def derive(assignment: Assignment) -> Iterator[tuple[str, str]]:
    """Yield (file name, content) of everything in an assignment's folder.

    Raises:
        CourseError: a scenario or a marked step of the assignment does not exist.
    """
    for ref in assignment.scenarios:
        scenario, sha256 = source(ref)
        marked = assignment.marked_in(ref.id)
        written = {step for step, d in scenario.graded(marked).items() if d.kind in WRITTEN}
        if strange := sorted(marked - written):
            raise CourseError(
                f"grading/assignments.yml, {assignment.id}, marked: {ref.id}/{strange[0]} is not a graded text or "
                f"form of {ref.id} version {ref.version}; correct or remove it."
            )
        yield f"{ref.id}.ipynb", _json(build(scenario, assignment.id, marked), sort_keys=True)
        yield f"{ref.id}.json", _json(trainee_view(scenario, sha256))


def _json(data: Any, sort_keys: bool = False) -> str:
    return json.dumps(data, ensure_ascii=False, indent=1, sort_keys=sort_keys) + "\n"


def write(course: Course, assignments: Iterable[Assignment]) -> list[Path]:
    """Write what is stale of the assignments that are not released; return the files written."""
    written = []
    for path, content in _stale(course, assignments):
        write_atomically(path, content)
        written.append(path)
    return written


def _stale(course: Course, assignments: Iterable[Assignment]) -> Iterator[tuple[Path, str]]:
    for assignment in assignments:
        if not course.released(assignment.id):
            for name, content in derive(assignment):
                path = course.source / assignment.id / name
                if not path.is_file() or path.read_bytes() != content.encode():
                    yield path, content


def strangers(course: Course, assignments: Iterable[Assignment]) -> list[Path]:
    """Return files that nobody derives: nbgrader would release them, and lay them over trainees' own."""
    known = {a.id: {f"{s.id}{end}" for s in a.scenarios for end in (".ipynb", ".json")} for a in assignments}
    return [
        path
        for path in sorted(course.source.glob("*/*"))
        if path.name not in known.get(path.parent.name, ()) and not path.parent.name.startswith(".")
    ]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--assignment", metavar="ID", help="only this assignment (default: all)")
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 and list what is not current"
    )


def run(args: argparse.Namespace) -> int:
    """Make or check the notebooks of all assignments, or of one."""
    course = Course.here()
    everything = load_assignments(course)
    wanted = [one_assignment(course, args.assignment)] if args.assignment else list(everything.values())
    if args.check:
        stale = [path for path, _ in _stale(course, wanted)]
        strange = strangers(course, everything.values())
        for path in stale:
            print(f"{path.relative_to(course.content)} is not current; run `make notebooks`.")
        for path in strange:
            print(f"{path.relative_to(course.content)} does not belong to an assignment; remove it.")
        return 1 if stale or strange else 0
    for assignment in wanted:
        if course.released(assignment.id):
            print(f"{assignment.id} is released; its notebooks stay as they are.")
    for path in write(course, wanted):
        print(f"wrote {path.relative_to(course.content)}")
    return 0
