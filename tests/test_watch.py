from __future__ import annotations

import errno
import itertools
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from handing import JONAS, LINH, MAYA, copied, hand_in, rows

from grading.course import Course
from grading.desk import make_desk
from grading.roster import load_roster
from grading.watch import Watcher

Take = Callable[..., Path]
Start = Callable[[], Path]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start watchers as a person does; the file each returns holds what it says."""
    running: list[subprocess.Popen[bytes]] = []

    def start() -> Path:
        log = tmp_path / f"watch{len(running)}.log"
        log.touch()
        running.append(
            subprocess.Popen([sys.executable, "-m", "grading", "watch", "--log", str(log)], env=os.environ)
        )
        return log

    start.running = running  # type: ignore[attr-defined]
    yield start
    for process in running:
        process.kill()
        process.wait()


def wait_for(condition: Callable[[], object], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def test_a_hand_in_is_explained_while_watching(released: Course, take: Take, start: Start) -> None:
    people = load_roster(released)
    make_desk(released, people[MAYA])
    log = start()
    wait_for(lambda: "Watching" in log.read_text())
    hand_in(released, MAYA, take, T90="best")
    explained = released.desk(MAYA) / "mini" / "T90.feedback.json"
    wait_for(explained.exists)
    assert json.loads(explained.read_text())["score"]["points"] == 9.0
    wait_for(lambda: "Maya Ortiz, mini: scored, T90 explained" in log.read_text())
    # A second one waits, and takes over when the first is killed.
    other = start()
    wait_for(lambda: "takes over" in other.read_text())
    (first, _) = start.running  # type: ignore[attr-defined]
    first.send_signal(signal.SIGKILL)
    hand_in(released, JONAS, take, T90="mixed")
    wait_for(lambda: "Jonas Weber, mini: scored, T90 explained" in other.read_text())
    assert "Maya" not in other.read_text()


def test_what_an_earlier_watcher_left_is_finished(released: Course, take: Take) -> None:
    from grading.intake import collect

    hand_in(released, MAYA, take, T90="best")
    collect(released)  # and there it was cut short
    said: list[str] = []
    assert Watcher(released, said.append).look()
    assert (released.desk(MAYA) / "mini" / "T90.feedback.json").exists()
    assert said[0].startswith("Maya Ortiz, mini: scored, T90 explained")


def test_problems_are_told_once_and_watching_goes_on(released: Course, take: Take) -> None:
    said: list[str] = []
    watcher = Watcher(released, said.append)
    folder = hand_in(released, MAYA, take, T90="best")
    (folder / "T90.answers.jsonl").unlink()
    (folder / "T90.answers.jsonl").symlink_to("/etc/passwd")
    (released.inbound / "stray.txt").touch()
    watcher.look()
    hand_in(released, JONAS, take, T90="best")
    watcher.look()
    assert not watcher.look()
    assert said[0] == "inbound/stray.txt is not a folder; it was left where it is."
    assert said[1] == "maya.ortiz, mini: T90.answers.jsonl is not a plain file; it was not read."
    assert said[2].startswith("Maya Ortiz, mini: scored, nothing finished yet")
    assert said[3].startswith("Jonas Weber, mini: scored, T90 explained")
    assert len(said) == 4


def test_an_exchange_that_is_gone_is_waited_for(
    released: Course, take: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grading.watch.RETRY", 0.0)
    said: list[str] = []
    watcher = Watcher(released, said.append)
    hand_in(released, MAYA, take, T90="best")
    aside = released.root / "aside"
    released.exchange.rename(aside)
    watcher.look()
    assert "exchange" in said[0] and "Trying again" in said[0]
    watcher.look()
    assert len(said) == 1
    aside.rename(released.exchange)
    watcher.look()
    assert {r[4] for r in rows(released)["grades"] if r[2] == "ask"} == {3.0}


def test_a_round_that_failed_is_finished_later(
    released: Course, take: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grading.watch.RETRY", 0.0)
    make_desk(released, load_roster(released)[MAYA])
    watcher = Watcher(released, [].append)
    watcher.look()
    hand_in(released, MAYA, take, T90="best")

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("grading.autograde.grade", full)
        watcher.look()
    watcher.look()
    assert (released.desk(MAYA) / "mini" / "T90.feedback.json").exists()


def explained(course: Course) -> dict[str, bytes]:
    """Return everything a round leaves to read: feedback, released pages, what lies on the desks."""
    files = [*course.feedback.rglob("*"), *course.released_feedback.glob("*.html")]
    files += course.desks.glob("*/mini/*.feedback.json")
    shown = [path for path in files if path.is_file() and not path.name.startswith(".")]
    return {str(path.relative_to(course.root)): path.read_bytes() for path in shown}


def in_a_process(target: Callable[..., object], *arguments: object) -> multiprocessing.Process:
    process = multiprocessing.get_context("fork").Process(target=target, args=arguments)
    process.start()
    return process  # type: ignore[return-value]


def one_round(course: Course, die_at: int | None = None) -> None:
    """Do a round; with ``die_at``, be killed when the round puts that file in place."""
    if die_at is not None:
        count = itertools.count(1)

        def audit(event: str, _: object) -> None:
            if event == "os.rename" and next(count) == die_at:
                os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(audit)
    assert Watcher(course, [].append).look()


@pytest.fixture
def undisturbed(
    released: Course, take: Take, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Course, dict[str, bytes], dict[str, list[object]]]:
    """Three hand-ins that nobody looked at yet, and what one undisturbed round makes of them elsewhere."""
    for trainee, play in ((MAYA, "best"), (JONAS, "harmful"), (LINH, "mixed")):
        make_desk(released, load_roster(released)[trainee])
        hand_in(released, trainee, take, T90=play, T91=play)
    elsewhere = copied(released, tmp_path / "elsewhere")
    monkeypatch.setenv("COURSE_ROOT", str(elsewhere.root))
    one_round(elsewhere)
    monkeypatch.setenv("COURSE_ROOT", str(released.root))
    return released, explained(elsewhere), rows(elsewhere)


def test_killed_anywhere_in_a_round_a_new_watcher_finishes(
    undisturbed: tuple[Course, dict[str, bytes], dict[str, list[object]]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before, pages, grades = undisturbed
    assert len(pages) == 3 * (2 * 2 + 3 + 2 + 2)
    # Collecting puts 18 files in place, grading 12, explaining 39.
    for die_at in (1, 13, 18, 19, 27, 28, 30, 31, 37, 40, 43, 69):
        course = copied(before, tmp_path / str(die_at))
        monkeypatch.setenv("COURSE_ROOT", str(course.root))
        process = in_a_process(one_round, course, die_at)
        process.join(60)
        assert process.exitcode == -signal.SIGKILL, die_at
        one_round(course)
        assert (explained(course), rows(course)) == (pages, grades), die_at


def test_two_rounds_at_once_do_no_harm(
    undisturbed: tuple[Course, dict[str, bytes], dict[str, list[object]]],
) -> None:
    course, pages, grades = undisturbed
    both = [in_a_process(one_round, course) for _ in range(2)]  # as a watcher and a supervisor's button
    for process in both:
        process.join(60)
    assert [process.exitcode for process in both] == [0, 0]
    assert (explained(course), rows(course)) == (pages, grades)


def test_a_hand_in_that_was_cut_short_is_looked_at_again(
    released: Course, take: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = hand_in(released, MAYA, take, T90="best")
    (folder / "submission_secret.txt").unlink()
    watcher = Watcher(released, [].append)
    watcher.look()
    assert not (released.feedback / MAYA).exists() and not watcher.look()
    monkeypatch.setattr("grading.hand_in.SETTLING", 0.0)  # so long ago
    assert watcher.look()
    assert (released.feedback / MAYA / "mini" / "T90.html").exists()
