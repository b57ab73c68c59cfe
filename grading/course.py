"""The course as a place: its folders, assignments and people."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grading.roster import Person, is_date, load_roster
from scenarios import paths
from scenarios.desk import BOOSTERS
from scenarios.errors import CourseError

if TYPE_CHECKING:
    from traitlets.config import Config

__all__ = ["Assignment", "Course", "Person", "ScenarioRef", "assignment", "load_assignments", "load_roster"]

COURSE_ID = "social-media-policy"
TITLE = "Clients online"
CENTER = "SoCal Counseling Center"
NO_ANSWER = "_No answer._"
"""Source of a marked free text's cell before anything is written into it."""


@dataclass(frozen=True, slots=True)
class ScenarioRef:
    """A scenario pinned to a version."""

    id: str
    version: int


@dataclass(frozen=True, slots=True)
class Assignment:
    """A set of scenarios for an audience; ``due`` is a date, or a time after the hire."""

    id: str
    title: str
    kind: str
    audience: str
    scenarios: tuple[ScenarioRef, ...]
    marked: frozenset[str]
    due: date | timedelta | None
    opens: date | None
    pass_share: float

    def marked_in(self, scenario_id: str) -> frozenset[str]:
        """Return the steps of a scenario whose free text a supervisor marks."""
        split = (mark.split("/") for mark in self.marked)
        return frozenset(step for scenario, step in split if scenario == scenario_id)

    def due_for(self, person: Person) -> date | None:
        """Return the day by which a person should have passed."""
        return person.hired_on + self.due if isinstance(self.due, timedelta) else self.due


@dataclass(frozen=True, slots=True)
class Course:
    """Where the course's content is read and where its data is kept."""

    content: Path
    root: Path

    @classmethod
    def here(cls) -> Course:
        """Return the course of COURSE_CONTENT and COURSE_ROOT (default: ``.course`` in the content)."""
        return cls(paths.content(), paths.written())

    @property
    def source(self) -> Path:
        """The notebooks that are released, and the trainee's home.ipynb."""
        return self.content / "notebooks"

    @property
    def exchange(self) -> Path:
        """The exchange folder, where assignments go out and answers come in."""
        return self.root / "exchange"

    @property
    def outbound(self) -> Path:
        """The released assignments, as trainees fetch them."""
        return self.exchange / COURSE_ID / "outbound"

    @property
    def inbound(self) -> Path:
        """What was handed in and not yet collected."""
        return self.exchange / COURSE_ID / "inbound"

    @property
    def released_feedback(self) -> Path:
        """Feedback pages as trainees fetch them."""
        return self.exchange / COURSE_ID / "feedback"

    @property
    def release(self) -> Path:
        """What nbgrader generated for release."""
        return self.root / "release"

    @property
    def submitted(self) -> Path:
        """What was handed in, rebuilt from the release at intake."""
        return self.root / "submitted"

    @property
    def autograded(self) -> Path:
        """What was scored, as formgrader opens it."""
        return self.root / "autograded"

    @property
    def feedback(self) -> Path:
        """Feedback pages."""
        return self.root / "feedback"

    @property
    def gradebook(self) -> Path:
        """The gradebook's file, where no other database is named."""
        return self.root / "gradebook.db"

    @property
    def db_url(self) -> str:
        """The gradebook's address for SQLAlchemy: the one line of ``database.url``, else the file here.

        It stands beside the data, so that no process of the course can grade into another database.
        """
        try:
            url = (self.root / "database.url").read_text("utf-8").strip()
        except FileNotFoundError:
            return f"sqlite:///{self.gradebook}"
        return url.replace("postgresql://", "postgresql+psycopg://", 1)

    @property
    def reports(self) -> Path:
        """Reports and exports."""
        return self.root / "reports"

    @property
    def desks(self) -> Path:
        """The trainees' desks."""
        return self.root / "desks"

    def desk(self, trainee: str) -> Path:
        """Return the folder a trainee's server is rooted at."""
        return self.desks / trainee

    @property
    def policy(self) -> Path:
        """The folder of the Center's official policy text, once attached."""
        return self.root / "policy"

    @property
    def roster(self) -> Path:
        """The people, one a row."""
        return self.root / "roster.csv"

    def released(self, assignment: str) -> bool:
        """Return whether an assignment has left the house; from then on it is never rewritten."""
        return (self.release / assignment).is_dir() or (self.outbound / assignment).is_dir()

    def make_folders(self) -> None:
        """Create the folders nbgrader expects; CourseError if that is not allowed."""
        steps = (self.release, self.submitted, self.autograded, self.feedback, self.reports, self.desks)
        try:
            for folder in steps:
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CourseError(
                f"The course folder {self.root} cannot be written ({error.strerror}); "
                "make it writable or name another one in COURSE_ROOT."
            ) from error


def load_assignments(course: Course) -> dict[str, Assignment]:
    """Return the assignments by id; CourseError names file, line and key of the first problem."""
    from scenarios.load import changed

    path = course.content / "grading" / "assignments.yml"
    return dict(_load_assignments(path, changed(path)))


@lru_cache(maxsize=1)
def _load_assignments(path: Path, _changed: int) -> dict[str, Assignment]:
    from scenarios.load import Document

    document = Document(path)
    # An absolute name leads load's validator to the schema beside this file.
    if not document.validate(str(Path(__file__).parent / "schema" / "assignments")):
        raise CourseError(str(document.problems[0]))
    for place, message in _findings(document.data["assignments"]):
        raise CourseError(str(document.problem(("assignments", *place), message)))
    return {data["id"]: _assignment(data) for data in document.data["assignments"]}


def _findings(assignments: Sequence[Mapping[str, Any]]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield what the schema cannot say: where, and what is wrong."""
    for number, data in enumerate(assignments):
        ids = [s["id"] for s in data["scenarios"]]
        if data["id"] == BOOSTERS:
            yield (number, "id"), f"{BOOSTERS} is where boosters are kept; choose another name"
        if any(data["id"] == other["id"] for other in assignments[:number]):
            yield (number, "id"), f"{data['id']} is there twice; rename one"
        if len(set(ids)) < len(ids):
            yield (number, "scenarios"), "a scenario is there twice; remove one"
        for n, mark in enumerate(data["marked"]):
            if mark.split("/")[0] not in ids:
                yield (number, "marked", n), f"{mark} is not of {', '.join(ids)}; correct or remove it"
        for key in ("due", "opens"):
            if (on := data.get(key, {}).get("on")) and not is_date(on):
                yield (number, key, "on"), f"{on} is not a day; write it as 2027-03-31"


def assignment(course: Course, assignment_id: str) -> Assignment:
    """Return one assignment; CourseError lists the known ones."""
    known = load_assignments(course)
    if assignment_id not in known:
        raise CourseError(
            f"There is no assignment {assignment_id} in grading/assignments.yml; "
            f"known are {', '.join(known) or 'none'}."
        )
    return known[assignment_id]


def _assignment(data: Mapping[str, Any]) -> Assignment:
    due = data.get("due", {})
    days, on, opens = due.get("days_after_hire"), due.get("on"), data.get("opens", {}).get("on")
    return Assignment(
        id=data["id"],
        title=data["title"],
        kind=data["kind"],
        audience=data["audience"],
        scenarios=tuple(ScenarioRef(s["id"], s["version"]) for s in data["scenarios"]),
        marked=frozenset(data["marked"]),
        due=timedelta(days=days) if days else date.fromisoformat(on) if on else None,
        opens=date.fromisoformat(opens) if opens else None,
        pass_share=float(data["pass"]["share"]),
    )


def nbgrader_config(course: Course) -> Config:
    """Return nbgrader's settings for this course, for its apps and its converters alike."""
    from traitlets.config import Config

    config = Config()
    directory = config.CourseDirectory
    directory.course_id = COURSE_ID
    directory.root = str(course.root)
    # Relative: nbgrader builds regular expressions of the folders and escapes only the root.
    directory.source_directory = os.path.relpath(course.source, course.root)
    directory.db_url = course.db_url
    config.Exchange.root = str(course.exchange)
    config.Exchange.cache = str(course.root / "cache")
    config.ExchangeFactory.collect = "grading.intake.Intake"
    config.ExchangeFactory.submit = "grading.cache.Submit"
    config.ExchangeFactory.fetch_feedback = "grading.cache.FetchFeedback"
    # nbgrader's own feedback shows code and loads scripts from elsewhere.
    config.GenerateFeedback.exporter_class = "grading.pages.Page"
    # A trainee's id need not be the name of an account of this machine.
    config.ExchangeCollect.check_owner = False
    config.ClearSolutions.text_stub = NO_ANSWER
    return config


def nbgrader_settings(course: Course) -> Config:
    """Return nbgrader's settings as its own commands read them, with what the Center set itself.

    That is in ``nbgrader_config.py`` in Jupyter's folders of settings or, before them, in the course's folder.
    """
    from jupyter_core.paths import jupyter_config_path
    from traitlets.config.loader import ConfigFileNotFound, PyFileConfigLoader

    config = nbgrader_config(course)
    for folder in [*reversed(jupyter_config_path()), str(course.root)]:
        with contextlib.suppress(ConfigFileNotFound):
            config.merge(PyFileConfigLoader("nbgrader_config.py", folder).load_config())
    return config
