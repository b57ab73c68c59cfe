"""Who works here: one person a row of ``.course/roster.csv``."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from grading.files import write_atomically
from scenarios.errors import CourseError

if TYPE_CHECKING:
    from grading.course import Course

AUDIENCES: Mapping[str, str | None] = {
    "therapist": "therapist",
    "front-desk": "front-desk",
    "marketing": "front-desk",
    "supervisor": "supervisor",
    "coordinator": None,
}
"""Role in the roster -> audience whose assignments the person takes."""

ROSTER_COLUMNS = ("id", "name", "email", "role", "team", "supervisor", "hired_on", "left_on")
PERSON_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Person:
    """A row of the roster; ``supervisor`` is the id of a person, or empty.

    ``account`` (a column that may be left out) is the account of this machine that hands in for them, or empty.
    """

    id: str
    name: str
    email: str
    role: str
    team: str
    supervisor: str
    hired_on: date
    left_on: date | None = None
    account: str = ""

    @property
    def audience(self) -> str | None:
        """The audience whose assignments this person takes, or None."""
        return AUDIENCES[self.role]


def load_roster(course: Course) -> dict[str, Person]:
    """Return the people by id; the first time, the roster is copied from ``grading/roster.example.csv``.

    Raises:
        CourseError: names file, line and column of the first problem.
    """
    if not course.roster.exists():
        example = course.content / "grading" / "roster.example.csv"
        write_atomically(course.roster, example.read_text("utf-8"))
    status = course.roster.stat()
    return dict(_load_roster(course.roster, (status.st_mtime_ns, status.st_size)))


@lru_cache(maxsize=1)
def _load_roster(path: Path, _changed: tuple[int, int]) -> dict[str, Person]:
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CourseError(f"{path} is not UTF-8 text; save it as CSV UTF-8.") from error
    people: dict[str, Person] = {}
    for line, row in _rows(path, text):
        person = _person(row, f"{path}, line {line}")
        if person.id in people:
            raise CourseError(f"{path}, line {line}, id: {person.id} is there twice; rename one.")
        people[person.id] = person
    for person in people.values():
        if person.supervisor and person.supervisor not in people:
            raise CourseError(
                f"{path}, {person.id}, supervisor: {person.supervisor} is not in the roster; "
                "write the supervisor's id or leave it empty."
            )
    return people


def _rows(path: Path, text: str) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        if missing := [c for c in ROSTER_COLUMNS if c not in (reader.fieldnames or ())]:
            raise CourseError(f"{path}, line 1: column {', '.join(missing)} is missing; add it.")
        for row in reader:
            if None in row or None in row.values():
                raise CourseError(f"{path}, line {reader.line_num}: not as many commas as in the header.")
            yield reader.line_num, {key: value.strip() for key, value in row.items()}
    except csv.Error as error:
        raise CourseError(f"{path}, line {reader.line_num}: {error}; mend the quotes.") from error


def _person(row: Mapping[str, str], where: str) -> Person:
    if not PERSON_ID.fullmatch(row["id"]):
        raise CourseError(
            f"{where}, id: {row['id']!r} cannot be used; "
            "write at most 64 small letters, digits, dots, dashes or underscores."
        )
    if row["role"] not in AUDIENCES:
        raise CourseError(f"{where}, role: {row['role']!r} is not one of {', '.join(AUDIENCES)}.")
    if not row["name"]:
        raise CourseError(f"{where}, name: is empty; write it.")
    for column in ("name", "email"):
        if len(row[column]) > 128:  # of the gradebook's columns
            raise CourseError(f"{where}, {column}: is longer than 128 characters; shorten it.")
    for column in ("hired_on", "left_on"):
        if not is_date(row[column]) and (row[column] or column == "hired_on"):
            raise CourseError(f"{where}, {column}: {row[column]!r} is not a day; write it as 2026-11-22.")
    return Person(
        **{column: row[column] for column in ROSTER_COLUMNS[:6]},
        hired_on=date.fromisoformat(row["hired_on"]),
        left_on=date.fromisoformat(row["left_on"]) if row["left_on"] else None,
        account=row.get("account", ""),
    )


def is_date(text: str) -> bool:
    """Return whether a text is a day written as 2026-11-22."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
