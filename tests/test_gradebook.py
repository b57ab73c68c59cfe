"""The gradebook's store: its indexes, its address, and who may write when."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from handing import MAYA, hand_in, nbgrader
from sqlalchemy import inspect, text

from grading import gradebook
from grading.__main__ import main
from grading.autograde import grade
from grading.course import Course
from grading.intake import collect
from scenarios.errors import CourseError

Take = Callable[..., Path]


def indexes(course: Course) -> set[str]:
    with gradebook.reading(course) as db:
        found = inspect(db)
        return {index["name"] for table in found.get_table_names() for index in found.get_indexes(table)}


def test_the_indexes_survive_nbgraders_own_upgrade(released: Course) -> None:
    assert gradebook.INDEXES.keys() <= indexes(released)
    done = nbgrader(released, "db", "upgrade")
    assert done.returncode == 0, done.stderr
    assert gradebook.INDEXES.keys() <= indexes(released)


def test_nbgraders_own_commands_use_the_same_store(released: Course, take: Take) -> None:
    hand_in(released, MAYA, take, T90="best")
    collect(released)
    grade(released)
    done = nbgrader(released, "db", "student", "list")
    assert done.returncode == 0, done.stderr
    assert f"{MAYA} (Ortiz, Maya)" in done.stdout + done.stderr


def test_writers_take_turns_and_readers_do_not_wait(released: Course) -> None:
    begun = threading.Event()
    seen: list[int] = []

    def count() -> int:
        with gradebook.reading(released) as db:
            return db.scalar(text("SELECT count(*) FROM course_hand_in"))

    def second() -> None:
        begun.set()
        with gradebook.writing(released) as db:
            seen.append(db.scalar(text("SELECT count(*) FROM course_hand_in")))

    row = {"name": "one", "student_id": MAYA, "assignment": "mini", "problems": "[]"}
    with ThreadPoolExecutor() as pool:
        with gradebook.writing(released) as db:
            later = pool.submit(second)
            begun.wait()
            later_still = pool.submit(count)
            assert later_still.result(timeout=30) == 0  # nobody who reads waits
            db.execute(gradebook.HAND_IN.insert(), row)
            assert not later.done()
        later.result(timeout=60)
    assert seen == [1]  # it began when the first was done, and saw its row


def test_nbgraders_own_commands_and_formgrader_wait_for_a_long_run() -> None:
    script = """
from nbgrader.apps import NbGrader
from sqlalchemy import create_engine, text
NbGrader().initialize([])
with create_engine("sqlite://").connect() as db:
    print(db.scalar(text("PRAGMA busy_timeout")))
"""
    environment = os.environ | {"JUPYTER_CONFIG_PATH": str(Path(gradebook.__file__).parent)}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True)
    assert done.stdout.split()[-1:] == ["60000"], done.stderr


def test_a_reader_sees_one_state(released: Course) -> None:
    row = {"name": "one", "student_id": MAYA, "assignment": "mini", "problems": "[]"}
    counted = text("SELECT count(*) FROM course_hand_in")
    with gradebook.reading(released) as db:
        assert db.scalar(counted) == 0
        if released.db_url.startswith("postgresql"):  # a file's readers hold its writers up
            with gradebook.writing(released) as other:
                other.execute(gradebook.HAND_IN.insert(), row)
        assert db.scalar(counted) == 0


def test_many_processes_may_find_the_gradebook_missing_at_once(course: Course) -> None:
    def ensured(_: int) -> None:
        gradebook._ready.clear()
        gradebook.ensure(course)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(ensured, range(12)))
    assert gradebook.INDEXES.keys() <= indexes(course)


def test_a_change_shows(released: Course) -> None:
    before = gradebook.changes(released)
    assert gradebook.changes(released) == before
    with gradebook.opened(released) as book:
        book.add_student("somebody")
    assert gradebook.changes(released) != before


def test_the_database_is_named_by_one_line_beside_the_data(tmp_path: Path) -> None:
    course = Course(tmp_path, tmp_path / "course")
    assert course.db_url == f"sqlite:///{tmp_path}/course/gradebook.db"
    course.root.mkdir()
    (course.root / "database.url").write_text("postgresql://course@db.example.org/course\n")
    assert course.db_url == "postgresql+psycopg://course@db.example.org/course"


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("postgresql://course:secret@127.0.0.1:1/course", "127.0.0.1"),
        ("postgresql//course", "Could not parse"),
        ("oracle+nothing://course@127.0.0.1/course", "nothing"),
    ],
)
def test_a_database_out_of_reach_is_one_sentence_without_the_password(
    course: Course,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    url: str,
    why: str,
) -> None:
    monkeypatch.setenv("COURSE_ROOT", str(tmp_path / "elsewhere"))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "database.url").write_text(url)
    with pytest.raises(CourseError, match="The gradebook's database cannot be used"):
        gradebook.ensure(Course.here())
    assert main(["report"]) == 1
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1
    assert why in said and "database.url" in said and "secret" not in said
