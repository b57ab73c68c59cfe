"""Hand in the boosters that a trainee has met: into the exchange as any hand-in, but past nbgrader."""

from __future__ import annotations

import contextlib
import secrets
from datetime import UTC, datetime
from pathlib import Path

from grading import exchange
from grading.course import Course
from grading.files import write_json
from grading.hand_in import SECRET, TIMESTAMP
from grading.submit import handed_in, owner
from scenarios.answers import parse, read_bytes, without_drafts, written
from scenarios.desk import BOOSTERS
from scenarios.errors import CourseError


def hand_in(course: Course, desk: Path) -> str:
    """Hand in the logs of all boosters that were finished and note them in ``handed_in.json``; return when (UTC).

    Raises:
        CourseError: one plain sentence; the answers stay on the desk.
    """
    exchange.ensure_exchange(course)
    trainee, mine = owner(course, desk), desk / BOOSTERS
    logs = finished_logs(mine)
    if not logs:
        raise CourseError("No short situation is finished yet; finish one and it is handed in.")
    now = datetime.now(UTC)
    _put(course.inbound, trainee.id, now, logs)
    at = written(now)
    write_json(
        mine / "handed_in.json",
        handed_in(mine) | {booster: {"at": at, "size": len(log)} for booster, log in logs.items()},
    )
    return at


def finished_logs(mine: Path) -> dict[str, bytes]:
    """Return booster -> answer log, of each in which an attempt was finished; one that cannot be read holds up no other."""
    logs = {}
    for path in sorted(mine.glob("*.answers.jsonl")):
        with contextlib.suppress(CourseError, FileNotFoundError):
            log = read_bytes(path)
            if any(event.get("event") == "finished" for event in parse(log, path.name).events):
                logs[path.name.partition(".")[0]] = log
    return logs


def _put(inbound: Path, trainee: str, now: datetime, logs: dict[str, bytes]) -> None:
    """Make a hand-in as nbgrader does: with a name that nobody guesses, open to whoever collects, the secret last."""
    timestamp = f"{now:%Y-%m-%d %H:%M:%S.%f} UTC"
    folder = inbound / f"{trainee}+{BOOSTERS}+{timestamp}+{secrets.token_urlsafe(9)}"
    folder.mkdir()
    files = {f"{booster}.answers.jsonl": without_drafts(log) for booster, log in logs.items()}
    files |= {TIMESTAMP: timestamp.encode(), SECRET: secrets.token_hex(64).encode()}
    for name, content in files.items():
        (folder / name).write_bytes(content)
        (folder / name).chmod(0o644)
    folder.chmod(0o777)
