"""Crowds of trainees in moments: whole classes who answered and handed in, without a desk, a kernel or a disk's fsync.

What they leave in the exchange is what nbgrader's submit leaves there; their answers are those of the
demonstration's simulated staff.
"""

from __future__ import annotations

import atexit
import csv
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from unittest import mock

from grading import simulate
from grading.course import Assignment, Course, Person
from grading.course import assignment as one_assignment
from grading.roster import ROSTER_COLUMNS
from scenarios.answers import VERSION
from scenarios.model import Answer, Decision, Scenario
from scenarios.publish import load_published
from scenarios.session import Session

REPOSITORY = Path(__file__).parents[1]
ASSIGNMENT = "onboarding-therapist"
"""The real course's assignment that crowds take where nothing else is asked for."""
BEGAN = datetime(2025, 11, 3, 9, 0)
long_ago = mock.patch("grading.hand_in.BEHIND", timedelta(days=36500))
"""Within it, intake takes hand-ins of long ago, though their folders are made today."""

Choose = Callable[[str, Decision], Answer | None]
"""(step, decision) -> the answer, or None where the trainee leaves."""


def folder() -> Path:
    """Make a folder beside the course's data: /tmp may be memory, where writing costs nothing.

    It goes when the process ends: for minutes after many files were deleted, ext4 is slow to make new ones.
    """
    home = REPOSITORY / ".course"
    home.mkdir(exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix="bench-", dir=home))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


def course(root: Path, assignment: str = ASSIGNMENT) -> Course:
    """Return the real course, with its data in a folder of its own and the assignment released there."""
    from grading.exchange import release

    os.environ["COURSE_CONTENT"], os.environ["COURSE_ROOT"] = str(REPOSITORY), str(root)
    made = Course.here()
    release(made, assignment)
    return made


def people(count: int) -> list[Person]:
    """Return that many therapists: person00000, person00001, …"""
    return [
        Person(f"person{n:05}", f"Person {n:05}", "", "therapist", f"Team {n % 20}", "", date(2025, 10, 1))
        for n in range(count)
    ]


def enroll(course: Course, everybody: Iterable[Person]) -> None:
    """Write the roster: these people and nobody else; what was released is older than anything they do."""
    course.root.mkdir(parents=True, exist_ok=True)
    for released in course.outbound.glob("*/*"):
        os.utime(released, (0, 0))
    with course.roster.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ROSTER_COLUMNS, extrasaction="ignore")
        writer.writeheader()
        writer.writerows({k: v or "" for k, v in asdict(person).items()} for person in everybody)


def simulated(scenario: Scenario, rng: Random, ability: float = 0.7) -> Choose:
    """Return how somebody of that ability (0 to 1) answers everything."""
    return lambda step, decision: simulate.answer(scenario, step, decision, ability, rng)[0]


def answer_log(scenario: Scenario, sha256: str, assignment: str, choose: Choose, at: datetime) -> bytes:
    """Return the log of a first attempt that begins at ``at`` (UTC), an event every 20 seconds."""
    session, lines = Session(scenario), []

    def add(name: str, payload: Mapping[str, object] | None = None) -> None:
        event = session.event(name, payload)
        if name == "started":
            event |= {"assignment": assignment, "scenario": scenario.id}
            event |= {"version": scenario.version, "sha256": sha256}
        session.apply(event)
        moment = (at + timedelta(seconds=20 * len(lines))).isoformat(timespec="milliseconds") + "Z"
        stamped = {"v": VERSION, "seq": len(lines) + 1, "at": moment, **event}
        lines.append(json.dumps(stamped, ensure_ascii=False, separators=(",", ":")) + "\n")

    add("started")
    while session.current and session.decision:
        answer = choose(session.current.id, session.decision)
        if answer is None:
            break
        add("answered", answer)
    else:
        add("finished")
    return "".join(lines).encode("utf-8", "replace")


def put(course: Course, assignment: str, trainee: str, logs: Mapping[str, bytes], at: datetime) -> Path:
    """Put a hand-in of these logs, by scenario, into the exchange; ``at`` is its time in UTC."""
    timestamp = f"{at:%Y-%m-%d %H:%M:%S.%f} UTC"
    secret = hashlib.sha512(f"{trainee} {timestamp}".encode()).hexdigest()
    folder = course.inbound / f"{trainee}+{assignment}+{timestamp}+{secret[:10]}"
    folder.mkdir()
    for scenario, log in logs.items():
        (folder / f"{scenario}.answers.jsonl").write_bytes(log)
    (folder / "timestamp.txt").write_text(timestamp)
    (folder / "submission_secret.txt").write_text(secret)  # last, as nbgrader does
    return folder


def hand_in(course: Course, assignment_id: str, count: int, seed: int = 1) -> list[str]:
    """Let that many people, and nobody else, finish an assignment and hand it in; return their ids."""
    rng, plan = Random(seed), one_assignment(course, assignment_id)
    everybody = people(count)
    enroll(course, everybody)
    for n, person in enumerate(everybody):
        at = BEGAN + timedelta(seconds=n)
        put(course, plan.id, person.id, finished(plan, rng, at), at + timedelta(hours=1))
    return [person.id for person in everybody]


def finished(plan: Assignment, rng: Random, at: datetime) -> dict[str, bytes]:
    """Return the logs of somebody who finished every scenario, begun at ``at``."""
    ability = min(max(rng.gauss(0.7, 0.15), 0.2), 0.97)
    logs = {}
    for ref in plan.scenarios:
        scenario, sha256 = load_published(ref.id, ref.version)
        logs[ref.id] = answer_log(scenario, sha256, plan.id, simulated(scenario, rng, ability), at)
    return logs


def now() -> datetime:
    """Return this moment in UTC, as nbgrader keeps times."""
    return datetime.now(UTC).replace(tzinfo=None)
