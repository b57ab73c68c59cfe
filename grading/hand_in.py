"""What trainees put into the exchange's inbound, read as if any of them were out to do harm."""

from __future__ import annotations

import os
import pwd
import re
import stat
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from grading import safe
from grading.course import Assignment
from scenarios.answers import MAX_BYTES
from scenarios.errors import CourseError

TIMESTAMP = "timestamp.txt"
SECRET = "submission_secret.txt"
MAX_ENTRIES = 200
"""A desk has three files a scenario; a folder with more entries than this is not looked at further."""
SETTLING = 30.0
"""Seconds after which a folder without a secret is no longer taken for one that is just being copied."""
AHEAD = timedelta(minutes=5)
"""How far a trainee's clock may run ahead of ours."""
BEHIND = timedelta(hours=1)
"""How much earlier than its folder was made a hand-in may say it is: a slow copy, or a clock that is behind."""
STRAYS = 3
"""Entries of inbound that are told one by one."""

_NAME = re.compile(
    r"(?P<student>[^+/]{1,128})\+(?P<assignment>[^+/]{1,128})\+(?P<at>[ -*,-.0-~]{1,64})(\+[ -*,-.0-~]{1,64})?"
)
_AT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{1,6} UTC", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z", re.ASCII)
_SECRET = re.compile(rb"[0-9a-f]{128}")
_EXPECTED = re.compile(r"handed_in\.json|\.ipynb_checkpoints|feedback|[TFS]\d\d\.(ipynb|json|feedback\.json)")


@dataclass(frozen=True, slots=True)
class HandIn:
    """A folder in inbound; ``at`` is its time in UTC, by the name if that can be true, else by the disk.

    ``doubt`` says in a sentence that the name was not believed. Nothing in it is older than ``released``.
    """

    name: str
    student: str
    assignment: str
    at: datetime
    doubt: str = ""
    released: datetime = datetime.min

    @property
    def timestamp(self) -> str:
        """The time as nbgrader writes it."""
        return _written(self.at)

    def holds(self, moment: str) -> bool:
        """Return whether the time of an event is well formed, not before the release and not after the hand-in."""
        try:
            at = datetime.fromisoformat(moment).replace(tzinfo=None) if _MOMENT.fullmatch(moment) else None
        except ValueError:
            return False
        return at is not None and self.released <= at + AHEAD and at <= self.at + AHEAD


@dataclass(slots=True)
class Content:
    """What was taken from a folder: a log a scenario, nbgrader's two files, and what a supervisor must know.

    ``owner`` is the account the folder belongs to: a name can be forged, an owner cannot.
    """

    owner: str = ""
    logs: dict[str, bytes] = field(default_factory=dict)
    timestamp: bytes = b""
    secret: bytes = b""
    problems: list[str] = field(default_factory=list)


def listed(inbound: Path) -> tuple[list[HandIn], list[str]]:
    """Return the complete hand-ins, oldest first, and a sentence for each entry that is none."""
    found: list[HandIn] = []
    strays: dict[str, str] = {}
    released = _released(inbound.with_name("outbound"))
    with os.scandir(inbound) as entries:
        for entry in entries:
            try:
                status = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue  # it was taken away meanwhile
            match = _NAME.fullmatch(entry.name)
            if not stat.S_ISDIR(status.st_mode):
                strays[plain(entry.name)] = "not a folder"
            elif not match:
                strays[plain(entry.name)] = "not named like a hand-in"
            elif not _settling(inbound / entry.name, status):
                since = released.get(match["assignment"], datetime.min)
                at, doubt = _time(match["at"], _utc(status.st_ctime), since)
                found.append(HandIn(entry.name, match["student"], match["assignment"], at, doubt, since))
    return sorted(found, key=lambda h: (h.at, h.name)), _left(strays)


def _left(strays: Mapping[str, str]) -> list[str]:
    if len(strays) <= STRAYS:
        return [f"inbound/{name} is {why}; it was left where it is." for name, why in sorted(strays.items())]
    some = ", ".join(sorted(strays)[:STRAYS])
    return [f"inbound holds {len(strays)} entries that are no hand-ins ({some} …); they were left there."]


def _released(outbound: Path) -> dict[str, datetime]:
    """Return when each assignment was released: the time of its oldest file, which copying keeps."""
    found: dict[str, datetime] = {}
    for file in outbound.glob("*/*"):
        at = _utc(file.stat().st_mtime)
        found[file.parent.name] = min(at, found.get(file.parent.name, at))
    return found


def _time(claimed: str, made: datetime, released: datetime) -> tuple[datetime, str]:
    """Return a hand-in's time, and a sentence if that is not the time it claims.

    The disk keeps when a folder was made or last changed; whoever owns it cannot set that back.
    """
    at = parse_time(claimed)
    if at and max(released, made - BEHIND) <= at <= made + AHEAD:
        return at, ""
    return made, f"its time, {claimed}, is not when its folder was made; {_written(made)} was used."


def _utc(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)


def _written(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S.%f} UTC"


def plain(text: str, limit: int = 80) -> str:
    """Return a name from outside so that it can stand in one line of a report."""
    shown = "".join(c if c.isprintable() else "?" for c in text[:limit])
    return shown if len(text) <= limit else shown + "…"


def is_young(status: os.stat_result) -> bool:
    """Return whether a folder changed so lately that it may still be being copied."""
    return time.time() - status.st_ctime < SETTLING


def _settling(path: Path, status: os.stat_result) -> bool:
    """Nbgrader writes the secret last; without it, and young, the folder is still being copied."""
    return is_young(status) and not os.path.lexists(path / SECRET)


def parse_time(text: str) -> datetime | None:
    """Return the UTC time of nbgrader's form, or None if it is malformed or has not come yet."""
    if not _AT.fullmatch(text):
        return None
    try:
        at = datetime.strptime(text, "%Y-%m-%d %H:%M:%S.%f UTC")
    except ValueError:
        return None
    return at if at < datetime.now(UTC).replace(tzinfo=None) + AHEAD else None


def read(inbound: Path, hand_in: HandIn, assignment: Assignment, released: Mapping[str, bytes]) -> Content:
    """Read a hand-in: bounded regular files of the expected names only, whatever else is there.

    ``released`` holds the bytes of each scenario's released notebook, to tell whether it was changed.

    Raises:
        CourseError, OSError: the folder as a whole cannot be read.
    """
    content = Content()
    with safe.folder(inbound, hand_in.name) as fd:
        content.owner = _account(os.fstat(fd).st_uid)
        _look_around(fd, assignment, content)
        for scenario in (ref.id for ref in assignment.scenarios):
            if log := _take(f"{scenario}.answers.jsonl", fd, MAX_BYTES, content):
                content.logs[scenario] = log
            if scenario in released:  # a booster has no notebook
                _compare(f"{scenario}.ipynb", fd, released[scenario], content)
        # What is wrong with these two is said once, below.
        content.timestamp = _take(TIMESTAMP, fd, 128, Content()) or b""
        content.secret = _take(SECRET, fd, 256, Content()) or b""
    if content.timestamp.decode("utf-8", "replace").strip() != hand_in.timestamp:
        content.problems.append(
            hand_in.doubt
            or f"{TIMESTAMP} is missing, malformed or not that of the hand-in; {hand_in.timestamp} was used."
        )
        content.timestamp = hand_in.timestamp.encode()
    if not _SECRET.fullmatch(content.secret):
        content.problems.append(
            f"{SECRET} is missing or malformed; feedback cannot be fetched with nbgrader."
        )
        content.secret = os.urandom(64).hex().encode()
    return content


def _account(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:  # an account of another machine
        return str(uid)


def _take(name: str, fd: int, limit: int, content: Content) -> bytes | None:
    try:
        return safe.read(name, fd, limit)
    except FileNotFoundError:
        return None
    except (CourseError, OSError) as error:
        why = str(error) if isinstance(error, CourseError) else f"{name} cannot be read ({error.strerror})"
        content.problems.append(f"{why}.")
        return None


def _compare(name: str, fd: int, released: bytes, content: Content) -> None:
    """Say if a notebook was changed; it is compared byte by byte and never parsed."""
    try:
        same = safe.read(name, fd, len(released)) == released
    except FileNotFoundError:
        return
    except (CourseError, OSError):
        same = False
    if not same:
        content.problems.append(
            f"{name} is not the released one; the course's own was used and nothing in it was run."
        )


def _look_around(fd: int, assignment: Assignment, content: Content) -> None:
    expected = {TIMESTAMP, SECRET, *(f"{ref.id}.answers.jsonl" for ref in assignment.scenarios)}
    with os.scandir(fd) as entries:
        names = [entry.name for entry in islice(entries, MAX_ENTRIES + 1)]
    others = sorted(plain(n, 40) for n in names if n not in expected and not _EXPECTED.fullmatch(n))
    if len(names) > MAX_ENTRIES:
        content.problems.append(
            f"more than {MAX_ENTRIES} files were handed in; only the answer logs were taken."
        )
    elif others:
        more = f" and {len(others) - 3} more" if len(others) > 3 else ""
        content.problems.append(f"{', '.join(others[:3])}{more} does not belong here and was left out.")
