"""A class in which everybody but two is out to do harm, each in another way.

Handed in through the real exchange, collected once, then graded by our own route and, as a copy, by nbgrader's.
Every attack is a function: it makes its trainee's folder in inbound hostile; its decorator holds the one line that
the supervisor reads, and what the scenario is worth all the same.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from handing import nbgrader, rows

from grading import exchange, gradebook
from grading.autograde import grade
from grading.course import Course
from grading.feedback import give
from grading.intake import Collected, collect
from grading.pending import problems as kept_problems
from grading.roster import ROSTER_COLUMNS
from scenarios.model import payload
from scenarios.publish import load_published
from scenarios.session import Session

FIRST, LAST = "a-honest", "z-honest"
TOKEN = "the-canary-was-read"
FULL = 9.0
"""Points of the best play that no person has to mark."""

CHANGED = "T90.ipynb is not the released one; the course's own was used and nothing in it was run."
SPECIAL = "T90.answers.jsonl is not a plain file; it was not read."


def left_out(*names: str) -> str:
    return f"{', '.join(names)} does not belong here and was left out."


def play(name: str = "best", scenario: str = "T90", **change: Any) -> list[dict[str, Any]]:
    """Return the events of a finished attempt, with some answers changed."""
    published, digest = load_published(scenario, 1)
    answers = {**next(p.answers for p in published.plays if p.name == name), **change}
    session, events = Session(published), []

    def add(kind: str, answer: Any = None) -> None:
        event = session.event(kind, answer)
        if kind == "started":
            event |= {"assignment": "mini", "scenario": scenario, "version": 1, "sha256": digest}
        session.apply(event)
        events.append({"v": 1, "seq": len(events) + 1, "at": now(), **event})

    add("started")
    while session.current and session.decision:
        add("answered", payload(session.decision.kind, answers[session.current.id]))
    add("finished")
    return events


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def lines(events: list[Any]) -> bytes:
    return b"".join(json.dumps(event).encode() + b"\n" for event in events)


@dataclass
class Attacker:
    """Who attacks, where their hand-in lies, and what lies outside of it."""

    course: Course
    id: str
    outside: Path
    events: list[dict[str, Any]] = field(default_factory=list)
    folder: Path = Path()

    def hand_in(self, log: bytes) -> None:
        """Hand in through nbgrader's exchange."""
        staged = self.outside.parent / "staged" / self.id
        shutil.copytree(self.course.outbound / "mini", staged / "mini", dirs_exist_ok=True)
        (staged / "mini" / "T90.answers.jsonl").write_bytes(log)
        before = set(self.course.inbound.iterdir())
        exchange.submit(self.course, staged, "mini", self.id)
        (self.folder,) = set(self.course.inbound.iterdir()) - before

    @property
    def log(self) -> Path:
        return self.folder / "T90.answers.jsonl"

    @property
    def payload(self) -> str:
        """Python code that shows that it ran."""
        return f"open({str(self.outside / 'it-ran')!r}, 'a').write({self.id!r})\n"

    def add(self, *raw: bytes) -> None:
        """Put raw lines behind the honest log's."""
        with self.log.open("ab") as file:
            file.write(b"\n".join(raw) + b"\n")

    def rename(self, *, student: str | None = None, assignment: str = "mini", at: str | None = None) -> None:
        name = self.folder.name.split("+")
        name[:3] = student or name[0], assignment, at or name[2]
        self.folder = self.folder.rename(self.folder.with_name("+".join(name)))


@dataclass(frozen=True)
class Attack:
    """``line`` is a regular expression of all that the supervisor reads, or None; ``points`` None: not taken in."""

    do: Callable[[Attacker], object]
    line: str | None
    points: float | None


ATTACKS: dict[str, Attack] = {}


def attack(
    line: str | None, points: float | None = FULL, *, bare: bool = False
) -> Callable[[Callable[[Attacker], object]], None]:
    def enter(do: Callable[[Attacker], object]) -> None:
        name = do.__name__.replace("_", "-")
        pattern = line and (line if bare else re.escape(f"{name}, mini: ") + line)
        ATTACKS[name] = Attack(do, pattern, points)

    return enter


def exactly(sentence: str) -> str:
    return re.escape(sentence)


# Code, wherever a grader might run it.


def edit(a: Attacker, change: Callable[[dict[str, Any]], object]) -> None:
    path = a.folder / "T90.ipynb"
    notebook = json.loads(path.read_text())
    change(notebook)
    path.write_text(json.dumps(notebook))


def code(source: str) -> dict[str, Any]:
    cell = {"cell_type": "code", "execution_count": None, "id": "evil", "metadata": {}, "outputs": []}
    return cell | {"source": source}


def graded(notebook: dict[str, Any]) -> dict[str, Any]:
    return next(c for c in notebook["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == "ask")


@attack(exactly(CHANGED))
def extra_code_cell(a: Attacker) -> None:
    edit(a, lambda nb: nb["cells"].insert(0, code(a.payload)))


@attack(exactly(CHANGED), 0.0)
def altered_grade_cell(a: Attacker) -> None:
    edit(a, lambda nb: graded(nb).update(source=f"{a.payload}3.0"))
    a.log.write_bytes(lines(play("harmful")))


@attack(exactly(CHANGED))
def input_transformer(a: Attacker) -> None:
    source = f"get_ipython().input_transformers_post.append(lambda lines: [{a.payload!r}])"
    edit(a, lambda nb: nb["cells"].insert(0, code(source)))


@attack(exactly(CHANGED))
def other_kernel(a: Attacker) -> None:
    edit(a, lambda nb: nb["metadata"].update(kernelspec={"name": "evil", "display_name": "evil"}))


@attack(exactly(CHANGED))
def notebook_that_is_a_fifo(a: Attacker) -> None:
    (a.folder / "T90.ipynb").unlink()
    os.mkfifo(a.folder / "T90.ipynb")


@attack(exactly(CHANGED))
def notebook_that_is_a_link(a: Attacker) -> None:
    (a.folder / "T90.ipynb").unlink()
    (a.folder / "T90.ipynb").symlink_to(a.outside / "canary.jsonl")


@attack(exactly(left_out("sitecustomize.py", "usercustomize.py")))
def sitecustomize(a: Attacker) -> None:
    for name in ("sitecustomize.py", "usercustomize.py"):
        (a.folder / name).write_text(a.payload)


@attack(exactly(left_out("grading", "grading.py", "scenarios")), 0.0)
def submitted_grading(a: Attacker) -> None:
    fake = f"{a.payload}def cell(*_): return 3.0\n"
    (a.folder / "grading.py").write_text(fake)
    for package in ("grading", "scenarios"):
        (a.folder / package).mkdir()
        (a.folder / package / "__init__.py").write_text(fake)
        (a.folder / package / "score.py").write_text(fake)
    a.log.write_bytes(lines(play("harmful")))


@attack("[.]ipython, [.]jupyter, ipython_config.py and 1 more does not belong here and was left out.")
def configuration(a: Attacker) -> None:
    for name in ("ipython_config.py", "nbgrader_config.py"):
        (a.folder / name).write_text(a.payload)
    for name in (".ipython/profile_default/startup/00.py", ".jupyter/jupyter_config.py"):
        (a.folder / name).parent.mkdir(parents=True)
        (a.folder / name).write_text(a.payload)


@attack(exactly(left_out("T99.ipynb.py", "evil.ipynb")))
def extra_notebooks(a: Attacker) -> None:
    for name in ("T99.ipynb.py", "evil.ipynb"):
        (a.folder / name).write_text(json.dumps({"cells": [code(a.payload)], "metadata": {}, "nbformat": 4}))


# Links, names and things that are no files.


@attack(exactly(SPECIAL), 0.0)
def symlink_to_a_file(a: Attacker) -> None:
    a.log.unlink()
    a.log.symlink_to(a.outside / "canary.jsonl")


@attack("T90.answers.jsonl is a hard link to a file elsewhere; it was not read.", 0.0)
def hard_link_to_a_file(a: Attacker) -> None:
    a.log.unlink()
    a.log.hardlink_to(a.outside / "canary.jsonl")


@attack(exactly(SPECIAL), 0.0)
def symlink_to_a_folder(a: Attacker) -> None:
    a.log.unlink()
    a.log.symlink_to(a.outside, target_is_directory=True)


@attack(
    "inbound/symlink-for-a-folder[+]mini[+][^/]* is not a folder; it was left where it is.", None, bare=True
)
def symlink_for_a_folder(a: Attacker) -> None:
    shutil.rmtree(a.folder)
    a.folder.symlink_to(a.outside / "hand-in", target_is_directory=True)


@attack(exactly(left_out("elsewhere")))
def symlink_beside_the_log(a: Attacker) -> None:
    (a.folder / "elsewhere").symlink_to(a.outside)


@attack("submission_secret.txt is missing or malformed; feedback cannot be fetched with nbgrader.")
def secret_that_is_a_link(a: Attacker) -> None:
    (a.folder / "submission_secret.txt").unlink()
    (a.folder / "submission_secret.txt").symlink_to(a.outside / "hand-in" / "submission_secret.txt")


@attack("timestamp.txt is missing, malformed or not that of the hand-in; .* was used.")
def time_that_is_a_link(a: Attacker) -> None:
    (a.folder / "timestamp.txt").unlink()
    (a.folder / "timestamp.txt").symlink_to(a.outside / "hand-in" / "timestamp.txt")


@attack(exactly(left_out("%2e%2e%2fcanary.jsonl", "...", "..\\..\\canary.jsonl")))
def dots_in_names(a: Attacker) -> None:
    for name in ("...", "..\\..\\canary.jsonl", "%2e%2e%2fcanary.jsonl"):
        (a.folder / name).write_text("x")


@attack("[.][.] is not in roster.csv; the hand-in was left in the exchange.", None, bare=True)
def dots_for_a_trainee(a: Attacker) -> None:
    a.rename(student="..")


@attack(
    "dots-for-an-assignment: there is no assignment [.][.]; it was left in the exchange.", None, bare=True
)
def dots_for_an_assignment(a: Attacker) -> None:
    a.rename(assignment="..")


@attack(exactly(left_out("?<img src=x onerror=alert(1)>?[31m??.txt")))
def names_that_are_no_text(a: Attacker) -> None:
    (a.folder / os.fsdecode(b"\n<img src=x onerror=alert(1)>\x1b[31m\xff\xfe.txt")).touch()


@attack(exactly(SPECIAL), 0.0)
def fifo(a: Attacker) -> None:
    a.log.unlink()
    os.mkfifo(a.log)


@attack(exactly(SPECIAL), 0.0)
def folder_for_a_file(a: Attacker) -> None:
    a.log.unlink()
    a.log.mkdir()


@attack(exactly(SPECIAL), 0.0)
def device(a: Attacker) -> None:
    a.log.unlink()
    try:
        os.mknod(a.log, 0o666 | 0o020000, os.makedev(1, 5))  # /dev/zero never ends
    except PermissionError:  # only root may make one
        a.log.symlink_to("/dev/zero")


@attack(exactly(SPECIAL), 0.0)
def unix_socket(a: Attacker) -> None:
    a.log.unlink()
    here = Path.cwd()
    os.chdir(a.folder)  # a socket's name must be short
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(a.log.name)
    os.chdir(here)


# Too much of everything.


@attack("more than 200 files were handed in; only the answer logs were taken.")
def ten_thousand_files(a: Attacker) -> None:
    for n in range(10_000):
        (a.folder / f"{n}.txt").touch()


@attack("T90.answers.jsonl has 209715200 bytes, more than the 1048576 allowed; it was not read.", 0.0)
def two_hundred_megabytes(a: Attacker) -> None:
    os.truncate(a.log, 200 * 1024 * 1024)


@attack("T90.answers.jsonl, line 9: longer than 16384 bytes; the line was skipped.")
def endless_line(a: Attacker) -> None:
    a.add(b'{"v":1,"text":"' + b"x" * 500_000 + b'"}')


# Answer logs that no player writes.


@attack("T90.answers.jsonl, line 9: not an event of this course; the line was skipped. 99 more .*")
def deep_json(a: Attacker) -> None:
    # Around Python's limit of recursion, what can be read can no longer be shown in a sentence.
    depths = [*range(10, 60, 2), *range(850, 999, 2)]
    for key, some in (("step", depths[::2]), ("scenario", depths[1::2])):
        for n, depth in enumerate(some, 20):
            event = {"v": 1, "seq": 1000 * (key == "step") + n, "attempt": 1, "event": "started"}
            a.add(
                json.dumps(event)[:-1].encode() + f', "{key}": '.encode() + b"[" * depth + b"]" * depth + b"}"
            )


@attack("T90.answers.jsonl, line 9: not a complete line of JSON; the line was skipped. 1 more .*")
def very_deep_json(a: Attacker) -> None:
    a.add(b'{"v":1,"a":' + b"[" * 8_000 + b"]" * 8_000 + b"}", b"[" * 16_000)


@attack("T90.answers.jsonl, line 2: not an event of this course; the line was skipped. 19 more .*")
def wrong_types(a: Attacker) -> None:
    started, *rest = a.events
    wrong: list[Any] = [None, 1, "text", [], [started], {"v": "1"}, {"v": True}]
    for key, value in {
        "seq": "2", "attempt": None, "event": [], "step": {}, "option": 3, "text": ["a"], "fields": [1],
    }.items():  # fmt: skip
        wrong.append(rest[0] | {key: value})
    for key, value in {"option": None, "step": None, "event": "", "at": 5}.items():
        wrong.append(rest[0] | {key: value} | ({"option": "nothing"} if key == "at" else {}))
    wrong += [rest[0] | {"option": ["decline"]}, rest[0] | {"option": {"id": "decline"}}]
    events = [started, *wrong, *rest]
    for n, event in enumerate(events, 1):
        if isinstance(event, dict) and type(event.get("seq")) is int:
            event = event | {"seq": n}
        events[n - 1] = event
    a.log.write_bytes(lines(events))


@attack("T90.answers.jsonl, line 9: not a complete line of JSON; the line was skipped. 6 more .*")
def not_a_number(a: Attacker) -> None:
    start = '{"v":1,"attempt":1,"event":"answered","step":"ask","option":"accept","seq":'
    for number in ("NaN", "Infinity", "-Infinity", "1e999", "9" * 4000, "9" * 5000, "-1"):
        a.add(f"{start}{number}}}".encode())


@attack("T90.answers.jsonl, line 9: not a complete line of JSON; the line was skipped. 1 more .*")
def invalid_utf_8(a: Attacker) -> None:
    a.add(b'{"v":1,"seq":9,"attempt":1,"event":"\xff\xfe\xc3"}', b"\xef\xbb\xbf" + b'{"v":1}')


@attack("T90.answers.jsonl, line 9: not a complete line of JSON; the line was skipped.")
def nul_bytes(a: Attacker) -> None:
    a.add(b"\x00" * 100)


@attack("T90.answers.jsonl, line 9: seq 1 came before; the line was skipped. 7 more .*")
def duplicate_events(a: Attacker) -> None:
    a.add(lines(a.events).rstrip())


@attack("T90.answers.jsonl, line 2: seq 7 came before; the line was skipped. 7 more .*", 0.0)
def events_out_of_order(a: Attacker) -> None:
    a.log.write_bytes(lines(a.events[::-1]))


@attack("T90.answers.jsonl, event 3 [(]answered[)] was ignored: Step ask was answered before; .*", 6.0)
def second_thoughts(a: Attacker) -> None:
    events = play("best", ask="accept")
    better = events[1] | {"option": "decline"}
    a.log.write_bytes(lines([e | {"seq": n} for n, e in enumerate([*events[:2], better, *events[2:]], 1)]))


@attack("T90.answers.jsonl, event 1 [(]started[)] was ignored: it belongs to T91@1 .*", 0.0)
def another_scenario(a: Attacker) -> None:
    a.log.write_bytes(lines(play(scenario="T91")))


@attack("T90.answers.jsonl, event 1 [(]started[)] was ignored: it belongs to T90@2 .*", 0.0)
def another_version(a: Attacker) -> None:
    a.log.write_bytes(lines([a.events[0] | {"version": 2}, *a.events[1:]]))


@attack("T90.answers.jsonl was made in another assignment; it was not taken.", 0.0)
def another_assignment(a: Attacker) -> None:
    a.log.write_bytes(lines([a.events[0] | {"assignment": "mini-refresher"}, *a.events[1:]]))


@attack("T90.answers.jsonl, event 2 [(]answered[)] was ignored: Choose one of the options. 6 more .*", 0.0)
def unknown_option(a: Attacker) -> None:
    a.log.write_bytes(lines([e | ({"option": "all"} if e.get("step") == "ask" else {}) for e in a.events]))


@attack(
    "T90.answers.jsonl, event 2 [(]answered[)] was ignored: The open step was ask, not debate. 1 more .*", 0.0
)
def leap_to_the_end(a: Attacker) -> None:
    a.log.write_bytes(lines([a.events[0], *(e | {"seq": n} for n, e in enumerate(a.events[-2:], 2))]))


@attack(
    "T90.answers.jsonl, line 9: format v2 is not known here [(]v1 is[)]; update the course and read it again.",
    0.0,
)
def another_format(a: Attacker) -> None:
    a.add(b'{"v":2,"seq":9,"attempt":1,"points":{"ask":[3]}}')


@attack(
    "T90.answers.jsonl does not go on from the one handed in before; .* in conflicts/another-history/mini.",
    0.0,
)
def another_history(a: Attacker) -> None:
    a.log.write_bytes(lines(play("harmful")))
    a.hand_in(lines(a.events))


# Forged times and names.


@attack("T90.answers.jsonl holds a time that cannot be true [(]9999-99-99T99:99:99Z[)]; .* was used.")
def impossible_event_times(a: Attacker) -> None:
    a.log.write_bytes(lines([e | {"at": "9999-99-99T99:99:99Z"} for e in a.events]))


@attack("T90.answers.jsonl holds a time that cannot be true [(]1999-01-01T00:00:00Z[)]; .* was used.")
def event_times_before_the_release(a: Attacker) -> None:
    a.log.write_bytes(lines([e | {"at": "1999-01-01T00:00:00Z"} for e in a.events]))


REROUTED = {"v": 1, "seq": 100, "attempt": 1, "event": "rerouted"}


@attack(
    "T90.answers.jsonl, event 100 [(]rerouted[)] was ignored: The attempt was finished; its answers stand."
)
def another_route_after_the_end(a: Attacker) -> None:
    a.add(json.dumps(REROUTED | {"at": now()}).encode())


@attack("T90.answers.jsonl, event 100 [(]rerouted[)] was ignored: There is no other route around this.", 3.0)
def another_route_where_none_is_offered(a: Attacker) -> None:
    a.log.write_bytes(lines([*play()[:2], REROUTED | {"at": now()}]))


@attack("its time, 2999-01-01 00:00:00.000000 UTC, is not when its folder was made; 20.* UTC was used.")
def time_to_come(a: Attacker) -> None:
    (a.folder / "timestamp.txt").write_text("2999-01-01 00:00:00.000000 UTC")
    a.rename(at="2999-01-01 00:00:00.000000 UTC")


@attack("its time, 1999-01-01 00:00:00.000000 UTC, is not when its folder was made; 20.* UTC was used.")
def time_before_the_release(a: Attacker) -> None:
    (a.folder / "timestamp.txt").write_text("1999-01-01 00:00:00.000000 UTC")
    a.rename(at="1999-01-01 00:00:00.000000 UTC")


@attack("its time, yesterday, is not when its folder was made; 20.* UTC was used.")
def no_time(a: Attacker) -> None:
    a.rename(at="yesterday")


@attack("timestamp.txt is missing, malformed or not that of the hand-in; .* was used.")
def another_time_inside(a: Attacker) -> None:
    (a.folder / "timestamp.txt").write_text("2026-11-01 00:00:00.000000 UTC")


@attack(
    "the hand-in could not be taken in [(]its folder belongs to the account .*, not to somebody; .*", None
)
def another_persons_name(a: Attacker) -> None:
    with gradebook.writing(a.course) as db:  # who handed in under that name before
        db.execute(gradebook.ACCOUNT.insert(), {"student_id": a.id, "account": "somebody"})


# Words that a page, a fence or a spreadsheet could take for more than words: they are shown, and nothing is odd.

HOSTILE = "\n".join(
    (
        "````",
        "<script>alert('hostile')</script><img src=x onerror=alert(1)><svg/onload=alert(1)>",
        "</code></pre></textarea><iframe src='https://example.org'></iframe> [x](javascript:alert(1))",
        "{{ 7 * 7 }} {% raw %} ${7*7} $$\\href{javascript:alert(1)}{x}$$ <!--",
        '=HYPERLINK("https://example.org") \x00\x1b[31m\u202e\ufeff \\ud800',
    )
)


@attack(None)
def words_that_are_html(a: Attacker) -> None:
    log = lines(play("best", words=HOSTILE, record={"what": HOSTILE, "who": "=1+1"}))
    a.log.write_bytes(log.replace(b"\\\\ud800", b"\\ud800"))


@attack(None)
def words_that_are_formulas(a: Attacker) -> None:
    a.log.write_bytes(
        lines(play("best", words="=cmd|' /C calc'!A0", record={"what": "@SUM(1)", "who": "+1"}))
    )


@attack(None)
def desk_that_is_deep_json(a: Attacker) -> None:
    mine = a.course.desk(a.id) / "mini"
    mine.mkdir(parents=True)
    (mine.parent / "me.json").write_text("{}")
    (mine / "handed_in.json").write_text("[" * 100_000)


@dataclass
class Class:
    """What became of them all."""

    course: Course
    theirs: Course
    outside: Path
    before: dict[str, str]
    collected: Collected
    graded_by_nbgrader: set[str]


def outside(root: Path) -> Path:
    """Make what nobody may read, write or run: a log and a hand-in that would be worth full marks."""
    root.mkdir()
    (root / "canary.jsonl").write_bytes(lines(play("best", words=TOKEN)))
    hand_in = root / "hand-in"
    hand_in.mkdir()
    (hand_in / "T90.answers.jsonl").write_bytes(lines(play("best", words=TOKEN)))
    (hand_in / "timestamp.txt").write_text(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f} UTC")
    (hand_in / "submission_secret.txt").write_text("ab" * 64)
    for path in root.rglob("*"):
        os.utime(path, (0, time.time()))  # the disk notes when it is read
    return root


def state(root: Path) -> dict[str, str]:
    """Return everything below a folder: what it holds, and when it was last read and written."""
    found = {}
    for path in sorted(root.rglob("*")):
        status = path.lstat()
        found[str(path.relative_to(root))] = f"{status.st_mode} {status.st_mtime_ns} {status.st_atime_ns}"
    return found


@pytest.fixture(scope="module")
def graded_class(_released: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Class]:
    root = tmp_path_factory.mktemp("hostile")
    shutil.copytree(_released, root, dirs_exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_CONTENT", str(root / "content"))
        patch.setenv("COURSE_ROOT", str(root / "course"))
        load_published.cache_clear()
        course = Course.here()
        release_t90_only(course)
        people = [FIRST, *ATTACKS, LAST]
        row = "{0},{0},,therapist,Team,,2026-01-01,"
        course.roster.write_text("\n".join((",".join(ROSTER_COLUMNS), *map(row.format, people), "")))
        elsewhere = outside(root / "outside")
        for person in people:
            attacker = Attacker(course, person, elsewhere, play())
            attacker.hand_in(lines(attacker.events))
            if person in ATTACKS:
                ATTACKS[person].do(attacker)
        before = state(elsewhere)
        collected = collect(course)
        theirs = Course(course.content, root / "theirs")
        shutil.copytree(course.root, theirs.root, symlinks=True, ignore=shutil.ignore_patterns("inbound"))
        assert grade(course).problems == give(course).problems == []
        alike = {fingerprint(folder): folder for folder in theirs.submitted.glob("*/mini")}
        for folder in set(theirs.submitted.glob("*/mini")) - set(alike.values()):
            shutil.rmtree(folder.parent)
        done = nbgrader(theirs, "autograde", "mini")
        assert done.returncode == 0, done.stderr
        people_of = {folder.parent.name for folder in alike.values()}
        yield Class(course, theirs, elsewhere, before, collected, people_of)


def release_t90_only(course: Course) -> None:
    """Release the assignment with one scenario: nbgrader starts a kernel for every notebook."""
    plan = course.content / "grading" / "assignments.yml"
    plan.write_text(plan.read_text().replace(", {id: T91, version: 1}]", "]", 1))
    for released in (course.root, course.source / "mini"):
        shutil.rmtree(released)
    exchange.release(course, "mini")


def fingerprint(folder: Path) -> str:
    """Return the same for submissions that nbgrader cannot tell apart."""
    content = sha256()
    for path in sorted(folder.iterdir()):
        if path.name not in ("timestamp.txt", "submission_secret.txt"):
            text = re.sub(rb'"at": ?"[^"]*"', b"", path.read_bytes())
            content.update(path.name.encode() + b"\0" + text + b"\0")
    return content.hexdigest()


def points(course: Course, trainee: str) -> float | None:
    scores = [r[4] or 0.0 for r in rows(course)["grades"] if r[0] == trainee and r[1] == "T90"]
    return sum(scores) if scores else None


@pytest.mark.parametrize("name", ATTACKS)
def test_the_supervisor_reads_one_plain_line(graded_class: Class, name: str) -> None:
    expected = ATTACKS[name].line
    found = [line for line in graded_class.collected.problems if expected and re.fullmatch(expected, line)]
    assert len(found) == bool(expected), graded_class.collected.problems
    assert all(line.isprintable() and len(line) < 400 for line in found)


def test_and_nothing_else(graded_class: Class) -> None:
    told = [each.line for each in ATTACKS.values() if each.line]
    assert len(graded_class.collected.problems) == len(told)
    taken = {trainee for trainee, _ in graded_class.collected.taken}
    mine = {line for line in graded_class.collected.problems if line.split(",")[0] in taken}
    assert mine == {*kept_problems(graded_class.course)}  # as the supervisor's desk shows them


@pytest.mark.parametrize("name", ATTACKS)
def test_what_they_answered_is_scored_and_nothing_else(graded_class: Class, name: str) -> None:
    assert points(graded_class.course, name) == ATTACKS[name].points


def test_the_honest_are_graded_and_explained(graded_class: Class) -> None:
    for person in (FIRST, LAST):
        assert points(graded_class.course, person) == FULL
        assert (graded_class.course.feedback / person / "mini" / "T90.html").exists()


def test_nbgrader_itself_writes_the_same_rows(graded_class: Class) -> None:
    people = graded_class.graded_by_nbgrader
    column = {"students": 0, "submissions": 1, "notebooks": 0, "grades": 0, "comments": 0}
    ours, theirs = rows(graded_class.course), rows(graded_class.theirs)
    for table, place in column.items():
        assert [r for r in ours[table] if r[place] in people] == [
            r for r in theirs[table] if r[place] in people
        ]
    assert {r[0] for r in theirs["grades"]} == people


def test_nothing_ran(graded_class: Class) -> None:
    assert not (graded_class.outside / "it-ran").exists()


def test_nothing_outside_was_read_or_written(graded_class: Class) -> None:
    assert state(graded_class.outside) == graded_class.before
    for course in (graded_class.course, graded_class.theirs):
        for path in course.root.rglob("*"):
            if path.is_file() and not path.is_symlink() and not path.is_relative_to(course.inbound):
                assert TOKEN.encode() not in path.read_bytes(), path


def test_a_submission_holds_the_release_the_log_and_words(graded_class: Class) -> None:
    release = graded_class.course.release / "mini"
    for folder in graded_class.course.submitted.glob("*/mini"):
        names = {path.name for path in folder.iterdir()}
        assert names - {"T90.answers.jsonl"} == {"T90.ipynb", "submission_secret.txt", "timestamp.txt"}
        assert all(path.is_file() and not path.is_symlink() for path in folder.iterdir())
        ours, released = (json.loads((at / "T90.ipynb").read_bytes()) for at in (folder, release))
        for notebook in (ours, released):
            for cell in notebook["cells"]:
                if cell["metadata"].get("nbgrader", {}).get("solution"):
                    cell["source"] = ""
        assert ours == released


class Live(HTMLParser):
    """What of a page would run or load."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [f"{tag} {key}={value}" for key, value in attrs]
        self.found.append(f"<{tag}>")

    def handle_data(self, data: str) -> None:
        if self.lasttag == "script":
            self.found.append(data)


def live(html: str) -> str:
    return "\n".join(Live(html).found)


def assert_harmless(html: str) -> None:
    assert not re.search(r"hostile|onerror|onload|example\.org|javascript:alert|\[x\]", live(html))


def test_words_stay_words_in_formgrader(graded_class: Class) -> None:
    from nbconvert.exporters import HTMLExporter
    from nbgrader.server_extensions.formgrader import handlers
    from traitlets.config import Config

    config = Config()
    config.HTMLExporter.template_name = "formgrade"
    config.HTMLExporter.extra_template_basedirs = [handlers.template_path]
    resources = dict.fromkeys(("assignment_id", "submission_id", "last_name", "first_name"), "x")
    resources |= {"notebook_id": "T90", "base_url": "", "student": "x", "notebook_path": "x"}
    path = graded_class.course.autograded / "words-that-are-html" / "mini" / "T90.ipynb"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exporter = HTMLExporter(config=config)
        html, _ = exporter.from_filename(str(path), resources=resources | {"index": 0, "total": 1})
    assert "&lt;script&gt;alert(" in html
    assert_harmless(html)


def test_words_stay_words_in_feedback(graded_class: Class) -> None:
    mine = graded_class.course.feedback / "words-that-are-html" / "mini"
    html = (mine / "T90.html").read_text("utf-8")
    assert "&lt;script&gt;alert(&#39;hostile&#39;)&lt;/script&gt;" in html
    assert_harmless(html)
    data = json.loads((mine / "T90.feedback.json").read_text("utf-8"))
    assert not re.search(r"[\x00-\x08\x1b]", data["decisions"][3]["chosen"][0]["text"])


def test_words_and_names_stay_words_in_results_and_report(graded_class: Class) -> None:
    from grading.report import write_report
    from grading.supervisor import Desk, _read

    html = write_report(graded_class.course).read_text("utf-8")
    assert "alert" not in html  # no report shows what somebody wrote
    shown = _read(graded_class.course, "/formgrader")
    assert "alert" not in shown.body
    desk = Desk(graded_class.course, "/formgrader")
    desk._list(graded_class.collected.problems)
    assert "&lt;img src=x onerror=alert(1)&gt;" in desk.problems.value
    assert_harmless(desk.problems.value)
