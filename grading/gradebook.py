"""The gradebook: nbgrader's own tables, its missing indexes, and the course's tables beside them.

Works on SQLite and PostgreSQL (``Course.db_url``), and alike: who reads sees one state, transactions that
write are serialised by the database, and whole runs of the pipeline by ``working``.
"""

from __future__ import annotations

import contextlib
import os
import sys
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Engine,
    Float,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
    inspect,
    text,
)
from sqlalchemy.exc import ArgumentError, OperationalError
from sqlalchemy.pool import NullPool

from grading.course import COURSE_ID, Course
from grading.safe import taken
from scenarios.errors import CourseError

if TYPE_CHECKING:
    from nbgrader.api import Gradebook

OWN = MetaData()

ANSWER = Table(
    "course_answer",
    OWN,
    Column("student_id", String(128), primary_key=True),
    Column("assignment", String(128), primary_key=True),
    Column("scenario", String(16), primary_key=True),
    Column("step", String(64), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("answer_json", Text, nullable=False),
    Column("points", Float),
    Column("maximum", Float, nullable=False),
    Column("graded", Boolean, nullable=False),
    Column("violated", Text, nullable=False),
    Column("answered_at", String(32)),
    Column("earlier_mark", Float),
    comment="A row a trainee and decision of the first attempt, written at intake. points: null until a person "
    "marks it. violated: a JSON list of clauses. earlier_mark: a mark that stood before this "
    "answer did, until one is given for it.",
)

ATTEMPT = Table(
    "course_attempt",
    OWN,
    Column("student_id", String(128), primary_key=True),
    Column("assignment", String(128), primary_key=True),
    Column("scenario", String(16), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("started_at", String(32)),
    Column("finished", Boolean, nullable=False),
    Column("finished_at", String(32)),
    Column("handed_in_at", String(64), nullable=False),
    comment="A row a trainee and scenario whose first attempt was handed in, finished or not.",
)

HAND_IN = Table(
    "course_hand_in",
    OWN,
    Column("name", String(255), primary_key=True),
    Column("student_id", String(128), nullable=False),
    Column("assignment", String(128), nullable=False),
    Column("problems", Text, nullable=False),
    comment="The folders of the exchange's inbound that were taken in. problems: a JSON list of sentences.",
)

ACCOUNT = Table(
    "course_account",
    OWN,
    Column("student_id", String(128), primary_key=True),
    Column("account", String(128), nullable=False),
    comment="The account of this machine that a trainee's first hand-in belonged to: nobody else hands in for them.",
)

ARGUED = Table(
    "course_argued",
    OWN,
    Column("student_id", String(128), primary_key=True),
    Column("assignment", String(128), primary_key=True),
    Column("scenario", String(16), primary_key=True),
    Column("step", String(64), primary_key=True),
    comment="A row a trainee and decision of the first attempt that they would argue in supervision, as of the "
    "latest hand-in: unlike an answer, it may come and go.",
)

REROUTED = Table(
    "course_rerouted",
    OWN,
    Column("student_id", String(128), primary_key=True),
    Column("assignment", String(128), primary_key=True),
    Column("scenario", String(16), primary_key=True),
    comment="A row a trainee and scenario that they took another route around, as of the latest hand-in: it is not "
    "asked of them, and no answer to it is written, until they take it up again and finish it.",
)

MARK = Table(
    "course_mark",
    OWN,
    Column("student_id", String(128), primary_key=True),
    Column("assignment", String(128), primary_key=True),
    Column("scenario", String(16), primary_key=True),
    Column("step", String(64), primary_key=True),
    Column("points", Float, nullable=False),
    Column("maximum", Float, nullable=False),
    Column("comment", Text),
    Column("released_at", String(32), nullable=False),
    comment="Marks as they were when released: what a trainee has seen stays visible.",
)

BOOSTER = Table(
    "course_booster",
    OWN,
    Column("student_id", String(128), primary_key=True),
    Column("booster", String(16), primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("finished_at", String(32), nullable=False),
    Column("answers_json", Text, nullable=False),
    Column("cleared", Boolean),
    comment="A row a trainee and finished attempt at a booster, written at intake and never changed. cleared: whether "
    "it cleared the clause; null: it was not open to them then, so it was practice.",
)

TALK = Table(
    "course_talk",
    OWN,
    Column("student_id", String(128), primary_key=True),
    Column("clause", String(16), primary_key=True),
    Column("at", String(32), primary_key=True),
    Column("by", String(128), nullable=False),
    Column("said", Text, nullable=False),
    Column("agreed", Text, nullable=False),
    Column("cleared", Boolean, nullable=False),
    comment="A supervisor's talk about a critical clause that was missed. by: an account of this machine. cleared: "
    "whether it cleared the clause, for want of a booster to meet.",
)

INDEXES = {
    "course_ix_grade_notebook": "grade(notebook_id)",
    "course_ix_comment_notebook": "comment(notebook_id)",
    "course_ix_submitted_notebook_assignment": "submitted_notebook(assignment_id)",
    "course_ix_submitted_assignment_student": "submitted_assignment(student_id)",
    "course_ix_base_cell_notebook": "base_cell(notebook_id)",
}
"""Foreign keys nbgrader joins on and does not index."""

WAIT = 60.0
"""Seconds to wait for a file that another process is writing to."""
LOCKED = ("student", "submitted_assignment", "submitted_notebook", "grade", "comment")
"""nbgrader's tables that grading writes, in the order in which nbgrader does."""


@contextlib.contextmanager
def opened(course: Course) -> Iterator[Gradebook]:
    """Open nbgrader's own Gradebook, for what its API does well: single rows."""
    ensure(course)
    book = _nbgrader(course)
    try:
        yield book
    finally:
        book.close()


@contextlib.contextmanager
def reading(course: Course) -> Iterator[Connection]:
    """Open a connection that only reads."""
    with _connected(course) as connection:
        yield connection


@contextlib.contextmanager
def writing(course: Course) -> Iterator[Connection]:
    """Open one transaction: all of it is kept, or, after an error, a signal or a power cut, nothing."""
    with _connected(course).execution_options(course_writes=True) as connection, connection.begin():
        yield connection


@contextlib.contextmanager
def working(course: Course) -> Iterator[None]:
    """Hold the course's pipeline: collecting, grading and feedback wait for one another across processes."""
    with taken(course.root / "pipeline.lock", wait=True):
        yield


@cache
def engine(url: str) -> Engine:
    """Return the engine of a database address."""
    if not url.startswith("sqlite"):
        return _server(url)
    made = create_engine(url, poolclass=NullPool, connect_args={"timeout": WAIT})

    @event.listens_for(made, "connect")
    def own_transactions(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # the driver would begin late and commit on its own

    @event.listens_for(made, "begin")
    def begin(connection: Connection) -> None:
        # A writer takes the lock at once: two that read first and write later would deadlock.
        writes = connection.get_execution_options().get("course_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return made


def _server(url: str) -> Engine:
    made = create_engine(url, poolclass=NullPool, isolation_level="REPEATABLE READ")

    @event.listens_for(made, "begin")
    def begin(connection: Connection) -> None:
        # As on SQLite: one writer at a time, nbgrader's own included, and nobody who reads waits.
        if connection.get_execution_options().get("course_writes"):
            connection.exec_driver_sql(f"LOCK TABLE {', '.join(LOCKED)} IN SHARE ROW EXCLUSIVE MODE")

    return made


def be_patient() -> None:
    """Let nbgrader's own commands and formgrader wait as long as the course does: 5 s are short beside a whole class."""

    @event.listens_for(Engine, "do_connect")
    def wait(dialect: Any, _: Any, __: Any, parameters: dict[str, Any]) -> None:
        if dialect.name == "sqlite":
            parameters.setdefault("timeout", WAIT)


def changes(course: Course) -> object:
    """Return something that differs once the gradebook was written to; it need not be there yet.

    Raises:
        CourseError: the database cannot be reached.
    """
    if course.db_url.startswith("sqlite"):
        return course.gradebook.stat().st_mtime_ns if course.gradebook.exists() else None
    with reading(course) as db:
        return db.scalar(text("SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_user_tables"))


_ready: set[str] = set()


def ensure(course: Course) -> None:
    """Create the gradebook, the indexes and the course's own tables where they are missing.

    Raises:
        CourseError: the database that ``database.url`` names cannot be reached.
    """
    url = course.db_url
    if url in _ready and (not url.startswith("sqlite") or course.gradebook.exists()):
        return
    course.root.mkdir(parents=True, exist_ok=True)
    # One at a time: nbgrader looks for its tables first and makes them later.
    with taken(course.root / "gradebook.lock", wait=True):
        with _reaching(course), engine(url).connect() as connection:
            begun = inspect(connection).has_table("alembic_version")  # which nbgrader makes last
        if not begun:
            _nbgrader(course).close()
        with (
            engine(url).connect().execution_options(course_writes=True) as connection,
            connection.begin(),
        ):
            OWN.create_all(connection)
            for name, place in INDEXES.items():
                connection.execute(text(f"CREATE INDEX IF NOT EXISTS {name} ON {place}"))
    _ready.add(url)


def _connected(course: Course) -> Connection:
    ensure(course)
    with _reaching(course):
        return engine(course.db_url).connect()


@contextlib.contextmanager
def _reaching(course: Course) -> Iterator[None]:
    try:
        yield
    except (ArgumentError, ModuleNotFoundError, OperationalError) as error:
        if course.db_url.startswith("sqlite"):
            raise
        why = " ".join(str(getattr(error, "orig", None) or error).split())
        raise CourseError(
            f"The gradebook's database cannot be used ({why}); correct {course.root / 'database.url'}, "
            "as in postgresql://course@db.example.org/course."
        ) from error


def _nbgrader(course: Course) -> Gradebook:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SQLAlchemy's, about nbgrader's models
        from nbgrader.api import Gradebook

        # A new gradebook is stamped by the `alembic` command, which is beside this Python and perhaps not on PATH.
        with _path_to(Path(sys.executable).parent):
            return Gradebook(course.db_url, COURSE_ID)


@contextlib.contextmanager
def _path_to(folder: Path) -> Iterator[None]:
    before = os.environ.get("PATH", "")
    os.environ["PATH"] = f"{folder}{os.pathsep}{before}"
    try:
        yield
    finally:
        os.environ["PATH"] = before
