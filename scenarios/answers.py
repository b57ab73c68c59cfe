"""The durable answer log: one JSON object a line, appended, never rewritten."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import itertools
import json
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scenarios.errors import CourseError

VERSION = 1
MAX_BYTES = 1 << 20
MAX_LINE = 16 << 10


@dataclass(frozen=True, slots=True)
class Log:
    """What a log holds: its usable events, one sentence per unusable line, and its size in bytes.

    ``ends`` holds, for each event, the offset in bytes at which its line ends.
    """

    events: list[dict[str, Any]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    size: int = 0
    ends: list[int] = field(default_factory=list)


class LogChanged(CourseError):
    """Another window wrote to the log since it was read; read it again."""


def parse(data: bytes, name: str = "answer log") -> Log:
    """Parse a whole log; a line that cannot be used is skipped and named in ``problems``.

    Raises:
        CourseError: the log is larger than 1 MiB, or written by a newer version of the course.
    """
    if len(data) > MAX_BYTES:
        raise CourseError(
            f"{name} has more than {MAX_BYTES} bytes; it was not read. Ask for a fresh attempt."
        )
    log = Log(size=len(data))
    seq = end = 0
    for number, line in enumerate(data.split(b"\n"), 1):
        end += len(line) + 1
        if not line.strip():
            continue
        event = _event(line)
        if isinstance(event, str):
            log.problems.append(f"{name}, line {number}: {event}; the line was skipped.")
        elif event["v"] != VERSION:
            raise CourseError(
                f"{name}, line {number}: format v{str(event['v'])[:20]} is not known here (v{VERSION} is); "
                "update the course and read it again."
            )
        elif event["seq"] <= seq:
            log.problems.append(
                f"{name}, line {number}: seq {event['seq']} came before; the line was skipped."
            )
        else:
            seq = event["seq"]
            log.events.append(event)
            log.ends.append(min(end, len(data)))
    return log


def without_drafts(data: bytes) -> bytes:
    """Return a log without its drafts: what somebody typed and then changed is nobody else's.

    A log that grew keeps, without its drafts, what it had before at its beginning.
    """
    return b"\n".join(line for line in data.split(b"\n") if not _is_draft(line))


def _is_draft(line: bytes) -> bool:
    event = _event(line) if b'"drafted"' in line else None
    return isinstance(event, dict) and event.get("event") == "drafted"


def _event(line: bytes) -> dict[str, Any] | str:
    """Return the line's event, or why it has none."""
    if len(line) > MAX_LINE:
        return f"longer than {MAX_LINE} bytes"
    try:
        event = _JSON.decode(line.decode("utf-8"))
    except (ValueError, RecursionError):
        return "not a complete line of JSON"
    if not isinstance(event, dict) or type(event.get("v")) is not int:
        return "not an event of this course"
    if event["v"] != VERSION:
        return event
    if not all(type(event.get(key)) is int and 0 < event[key] <= MAX_BYTES for key in ("seq", "attempt")):
        return "seq or attempt is missing"
    if not all(map(_is_flat, event.values())):
        return "not an event of this course"
    return event


def _is_flat(value: object) -> bool:
    """Return whether a value is as events hold them; a deeper one could not even be shown in a sentence."""
    if isinstance(value, list | dict):
        return all(isinstance(item, str) for item in (value.values() if isinstance(value, dict) else value))
    return not isinstance(value, float)


def _refuse(constant: str) -> None:
    raise ValueError(constant)


_JSON = json.JSONDecoder(parse_constant=_refuse)  # made once: a class's logs have ten thousands of lines


def read_bytes(path: Path, limit: int = MAX_BYTES) -> bytes:
    """Read a regular file of at most ``limit`` bytes, following no link.

    Raises:
        CourseError: it is a link, a folder, a device or too large. FileNotFoundError: it is not there.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):
            raise _not_plain(path) from error
        raise
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            raise _not_plain(path)
        if status.st_size > limit:
            raise CourseError(
                f"{path.name} has {status.st_size} bytes, more than the {limit} an answer log may have; "
                "it was not read. Ask for a fresh attempt."
            )
        with os.fdopen(fd, "rb", closefd=False) as file:
            return file.read(limit + 1)
    finally:
        os.close(fd)


def _not_plain(path: Path) -> CourseError:
    return CourseError(f"{path.name} is not a plain file; it was not read. Remove it and try again.")


def read_log(path: Path) -> Log:
    """Read a log; a log that does not exist yet is empty."""
    try:
        return parse(read_bytes(path), path.name)
    except FileNotFoundError:
        return Log()


class AnswerLog:
    """Appends events to one log so that what was confirmed survives a crash.

    Keeps what it last saw in ``seen``: if another window has written since, nothing is written and
    ``LogChanged`` is raised.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.seen = Log()

    def read(self) -> Log:
        """Read the log and remember its size."""
        self.seen = read_log(self.path)
        return self.seen

    def append(self, *events: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Write one or more events, add v, seq and at, and return them once they are on disk.

        Raises:
            LogChanged: somebody else wrote since ``read``. CourseError: full, too long or a link.
            OSError: the disk did not take it; nothing counts as saved.
        """
        with self._locked() as fd:
            size = os.fstat(fd).st_size
            if size != self.seen.size:
                raise LogChanged("This scenario was continued in another window. Reload to go on from there.")
            seq = self.seen.events[-1]["seq"] if self.seen.events else 0
            stamped = [
                {"v": VERSION, "seq": seq + n, "at": _now(), **event} for n, event in enumerate(events, 1)
            ]
            lines = [
                json.dumps(e, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
                for e in stamped
            ]
            if any(len(line) > MAX_LINE for line in lines):
                raise CourseError("This answer is too long to be kept. Shorten it and save again.")
            data = b"".join(line + b"\n" for line in lines)
            if size and os.pread(fd, 1, size - 1) != b"\n":
                data = b"\n" + data  # a torn last line stays torn and is never glued to this one
            if size + len(data) > MAX_BYTES:
                raise CourseError(f"{self.path.name} is full. Ask your supervisor for a fresh attempt.")
            try:
                if os.write(fd, data) != len(data):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                os.fsync(fd)
            except OSError:
                os.ftruncate(fd, size)  # nothing was confirmed; a second try finds the log as it was
                raise
        rest = [len(line) + 1 for line in lines[1:]]
        ends = itertools.accumulate(rest, initial=size + len(data) - sum(rest))
        seen = self.seen
        self.seen = Log([*seen.events, *stamped], seen.problems, size + len(data), [*seen.ends, *ends])
        return stamped

    @contextlib.contextmanager
    def _locked(self) -> Iterator[int]:
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            fd = os.open(self.path, flags, 0o644)
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise CourseError(
                    f"{self.path.name} is a link; nothing is written through it. Remove it."
                ) from error
            raise
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            yield fd
        finally:
            os.close(fd)


def _now() -> str:
    return written(datetime.now(UTC))


def written(at: datetime) -> str:
    """Return a time as the log has it: in UTC, to the millisecond, as 2026-11-22T07:43:28.818Z."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
