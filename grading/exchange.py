"""Nbgrader's own steps, run in this process: release an assignment, fetch it, submit it.

Importing nbgrader takes seconds, so each function imports what it needs when it is called.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from grading import notebooks
from grading.course import Assignment, Course, nbgrader_config
from grading.course import assignment as one_assignment
from grading.released import as_released
from scenarios import load, publish
from scenarios.check import check
from scenarios.errors import CourseError


def release(course: Course, assignment_id: str) -> bool:
    """Publish an assignment's scenarios, make its notebooks and hand it out; False if it was out already.

    Raises:
        CourseError: the assignment or one of its scenarios is not fit to be pinned, or nbgrader refused.
    """
    from nbgrader.converters import GenerateAssignment
    from nbgrader.exchange.default.release_assignment import ExchangeReleaseAssignment

    from grading import gradebook

    plan = one_assignment(course, assignment_id)
    generated, out = course.release / plan.id, course.outbound / plan.id
    if out.exists() or _generated(generated):
        as_released(course, plan)
    if _complete(out, plan):
        return False
    course.make_folders()
    gradebook.ensure(course)
    if not out.exists() and not _complete(generated, plan):
        shutil.rmtree(generated, ignore_errors=True)  # a release that was interrupted; nobody has seen it
        _pin(course, plan)
        notebooks.write(course, [plan])
        gradebook.ensure(course)
        _nbgrader(GenerateAssignment, course, plan.id, f"{plan.id} could not be generated")
    if out.exists():
        shutil.rmtree(out)  # half copied
    _nbgrader(ExchangeReleaseAssignment, course, plan.id, f"{plan.id} could not be released")
    return True


def _generated(folder: Path) -> bool:
    """Return whether nbgrader went through with it, whatever was planned: it makes the notebooks last."""
    views, made = ({path.stem for path in folder.glob(f"*{end}")} for end in (".json", ".ipynb"))
    return bool(views) and views == made


def _complete(folder: Path, plan: Assignment) -> bool:
    return all((folder / f"{ref.id}{end}").is_file() for ref in plan.scenarios for end in (".ipynb", ".json"))


def _pin(course: Course, plan: Assignment) -> None:
    """Publish the scenarios, if nothing at all is wrong with them: it cannot be taken back."""
    files = tuple(f"/{ref.id}-" for ref in plan.scenarios)
    for problem in check().problems:
        if problem.file.startswith("scenarios/policy/") or any(f in problem.file for f in files):
            raise CourseError(f"{plan.id} is not released. {problem} (`make check` shows everything.)")
    for path in notebooks.strangers(course, [plan]):
        if path.parent.name == plan.id:
            raise CourseError(f"{plan.id} is not released: {path} is not part of it; remove it.")
    list(notebooks.derive(plan))
    for ref in plan.scenarios:
        if not notebooks.published(ref):
            publish.publish(load.find(ref.id))


def fetch(course: Course, desk: Path, assignment_id: str) -> None:
    """Bring what is missing of a released assignment to a desk; what is there stays."""
    out, mine = course.outbound / assignment_id, desk / assignment_id
    if mine.is_dir() and all((mine / path.name).exists() for path in out.iterdir()):
        return
    from nbgrader.exchange.default.fetch_assignment import ExchangeFetchAssignment

    _nbgrader(
        ExchangeFetchAssignment,
        course,
        assignment_id,
        f"{assignment_id} could not be fetched",
        assignment_dir=str(desk),
        replace_missing_files=True,
    )


def submit(course: Course, folder: Path, assignment_id: str, trainee: str) -> str:
    """Put ``folder/<assignment>`` into the exchange for a trainee; return nbgrader's timestamp.

    Raises:
        CourseError: the exchange is not there or not writable, or the assignment was not released.
    """
    ensure_exchange(course, assignment_id)
    from grading.cache import Submit

    done = _nbgrader(
        Submit,
        course,
        assignment_id,
        f"{assignment_id} could not be handed in",
        student_id=trainee,
        assignment_dir=str(folder),
    )
    return str(done.timestamp)


def ensure_exchange(course: Course, assignment_id: str = "") -> None:
    """Raise CourseError, with the remedy, unless an assignment, or what is none, can be handed in now."""
    out = course.outbound / assignment_id
    if not course.exchange.is_dir():
        why = f"the exchange folder {course.exchange} is missing (`make release` makes it again)"
    elif not out.is_dir():
        why = f"{assignment_id} was not released (`make release A={assignment_id}`)"
    elif locked := [f for f in (course.exchange, course.inbound) if not os.access(f, os.W_OK | os.X_OK)]:
        why = f"the exchange folder {locked[0]} cannot be written; it must be made writable"
    else:
        return
    raise CourseError(f"Handing in did not work. Your answers are kept; please tell your supervisor: {why}.")


def _nbgrader(
    step: type[Any], course: Course, assignment_id: str, failure: str, student_id: str = "*", **traits: Any
) -> Any:
    """Run one of nbgrader's converters or exchange steps; what it complains of becomes a CourseError."""
    from nbgrader.coursedir import CourseDirectory

    config = nbgrader_config(course)
    config.CourseDirectory.assignment_id = assignment_id
    config.CourseDirectory.student_id = student_id
    with _plainly(failure) as log:
        arguments: dict[str, Any] = {"config": config, "log": log, **traits}
        arguments["coursedir"] = CourseDirectory(config=config, log=log)
        if hasattr(step, "authenticator"):
            from nbgrader.auth import Authenticator

            arguments["authenticator"] = Authenticator(config=config, log=log)
        done = step(**arguments)
        done.start()
    return done


@contextmanager
def _plainly(failure: str) -> Iterator[logging.Logger]:
    """Turn nbgrader's error, or the cause it logged instead of raising, into one sentence.

    Yields the logger it is to use: its own depends on what else runs in this process.
    """
    from nbgrader.converters.base import NbGraderException
    from nbgrader.exchange import ExchangeError

    said: list[str] = []
    handler = logging.Handler(logging.ERROR)
    handler.emit = lambda record: said.append(record.getMessage())  # type: ignore[method-assign]
    log = logging.Logger("nbgrader", logging.ERROR)
    log.addHandler(handler)
    try:
        yield log
    except NbGraderException as error:
        traces = (line for line in said if line.startswith("Traceback"))
        cause = next((trace.strip().splitlines()[-1] for trace in traces), str(error))
        raise CourseError(f"{failure}: {cause}.") from error
    except (ExchangeError, OSError, RuntimeError) as error:
        raise CourseError(f"{failure}: {error}.") from error
