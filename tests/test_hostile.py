"""Submissions that are out to do harm: handed in through the real exchange, graded by both routes."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from handing import JONAS, MAYA, copied, hand_in, nbgrader, rows

from grading.autograde import grade
from grading.course import Course
from grading.feedback import give
from grading.intake import collect

Take = Callable[..., Path]


@pytest.fixture
def folder(released: Course, take: Take) -> Iterator[Path]:
    """Maya's hand-in, to be made hostile. Whatever it becomes, Jonas's honest one must be graded."""
    folder = hand_in(released, MAYA, take, T90="best")
    hand_in(released, JONAS, take, T90="best")
    yield folder
    graded = grade(released)
    assert {r[4] for r in rows(released)["grades"] if r[0] == JONAS and r[2] == "ask"} == {3.0}
    assert graded.problems == []
    give(released)
    assert (released.feedback / JONAS / "mini" / "T90.html").exists()


def problems_of(course: Course) -> list[str]:
    collected = collect(course)
    assert (JONAS, "mini") in collected.taken
    assert all(
        problem.startswith("maya.ortiz, mini: ") and "\n" not in problem for problem in collected.problems
    )
    return [problem.removeprefix("maya.ortiz, mini: ") for problem in collected.problems]


def log_taken(course: Course) -> bool:
    return (course.submitted / MAYA / "mini" / "T90.answers.jsonl").exists()


def inject(path: Path, mark: Path, *, into: str | None = None) -> None:
    """Add a code cell that writes a file, or make an existing cell do it."""
    notebook = json.loads(path.read_text())
    source = f"open({str(mark)!r}, 'w').write('it ran')"
    if into:
        cell = next(c for c in notebook["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == into)
        cell["source"] = f"{source}\n3.0"
    else:
        cell = {
            "cell_type": "code",
            "execution_count": None,
            "id": "evil",
            "metadata": {},
            "outputs": [],
            "source": source,
        }
        notebook["cells"].insert(0, cell)
    path.write_text(json.dumps(notebook))


def test_injected_code_runs_by_neither_route(released: Course, take: Take, tmp_path: Path) -> None:
    mark = tmp_path / "it-ran"
    folder = hand_in(released, MAYA, take, T90="mixed")
    inject(folder / "T90.ipynb", mark)
    inject(folder / "T91.ipynb", mark, into="door")
    for name in ("grading.py", "sitecustomize.py", "scenarios.py"):
        (folder / name).write_text(f"open({str(mark)!r}, 'w')\ndef cell(*_): return 3.0\n")
    said = collect(released).problems
    assert [p for p in said if "T90.ipynb is not the released one" in p]
    assert [p for p in said if "grading.py, scenarios.py, sitecustomize.py does not belong here" in p]
    theirs = copied(released, tmp_path / "theirs")
    grade(released)
    done = nbgrader(theirs, "autograde", "mini")
    assert done.returncode == 0, done.stderr
    assert not mark.exists()
    assert rows(released) == rows(theirs)
    scores = {r[2]: r[4] for r in rows(released)["grades"]}
    assert scores == {"ask": 2.0, "tick": 1.5, "rank": 1.5, "words": None, "door": 0.0}


def test_a_symlink_in_place_of_the_log(released: Course, folder: Path) -> None:
    log = folder / "T90.answers.jsonl"
    log.unlink()
    log.symlink_to(folder.parent.parent / "secret")
    assert problems_of(released) == ["T90.answers.jsonl is not a plain file; it was not read."]
    assert not log_taken(released)


def test_a_hard_link_in_place_of_the_log(released: Course, folder: Path, tmp_path: Path) -> None:
    os.link(folder / "T90.answers.jsonl", tmp_path / "elsewhere")
    assert problems_of(released) == ["T90.answers.jsonl is a hard link to a file elsewhere; it was not read."]
    assert not log_taken(released)


def test_a_symlink_in_place_of_the_folder(released: Course, folder: Path, tmp_path: Path) -> None:
    shutil.move(folder, tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    collected = collect(released)
    assert collected.taken == [(JONAS, "mini")]
    (problem,) = collected.problems
    assert problem.endswith("is not a folder; it was left where it is.")


@pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir], ids=["fifo", "folder"])
def test_a_special_file_in_place_of_the_log(
    released: Course, folder: Path, make: Callable[[Path], None]
) -> None:
    (folder / "T90.answers.jsonl").unlink()
    make(folder / "T90.answers.jsonl")
    assert problems_of(released) == ["T90.answers.jsonl is not a plain file; it was not read."]


def test_a_log_of_50_megabytes(released: Course, folder: Path) -> None:
    with (folder / "T90.answers.jsonl").open("ab") as file:
        file.truncate(50 * 1024 * 1024)
    (problem,) = problems_of(released)
    assert problem.startswith("T90.answers.jsonl has 52428800 bytes, more than the 1048576 allowed")
    assert not log_taken(released)


def test_a_torn_log_keeps_what_is_whole(released: Course, folder: Path) -> None:
    log = folder / "T90.answers.jsonl"
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(lines[:2]) + lines[2][:20])
    (problem,) = problems_of(released)
    assert problem == "T90.answers.jsonl, line 3: not a complete line of JSON; the line was skipped."
    grade(released)
    scores = {r[2]: r[4] for r in rows(released)["grades"] if r[0] == MAYA}
    assert scores["ask"] == 3.0 and scores["tick"] == 0.0


def test_a_log_of_a_later_version_is_left_and_the_earlier_stands(
    released: Course, folder: Path, take: Take
) -> None:
    assert problems_of(released) == []
    again = hand_in(released, MAYA, take, T91="best")
    with (again / "T90.answers.jsonl").open("a") as file:
        file.write('{"v":2,"seq":99,"attempt":1}\n')
    (problem,) = collect(released).problems
    assert "format v2 is not known here" in problem
    grade(released)
    assert {r[2]: r[4] for r in rows(released)["grades"] if r[0] == MAYA}["ask"] == 3.0


def test_a_log_from_another_assignment(released: Course, folder: Path) -> None:
    log = folder / "T90.answers.jsonl"
    log.write_text(log.read_text().replace('"mini"', '"mini-refresher"'))
    assert problems_of(released) == ["T90.answers.jsonl was made in another assignment; it was not taken."]
    assert not log_taken(released)


def test_ten_thousand_files_and_a_deep_tree(released: Course, folder: Path) -> None:
    for n in range(10_000):
        (folder / f"{n}.txt").touch()
    (folder / "a" / "b" / ".." / "c").mkdir(parents=True)
    (problem,) = problems_of(released)
    assert problem == "more than 200 files were handed in; only the answer logs were taken."
    assert log_taken(released)


def test_names_that_are_no_text(released: Course, folder: Path) -> None:
    (folder / os.fsdecode(b"\xff\n.txt")).touch()
    assert problems_of(released) == ["??.txt does not belong here and was left out."]


def test_a_trainee_named_like_a_path(released: Course, folder: Path) -> None:
    shutil.copytree(folder, folder.parent / "..+mini+2026-01-01 00:00:00.000000 UTC")
    collected = collect(released)
    assert ".. is not in roster.csv; the hand-in was left in the exchange." in collected.problems
    assert not (released.root / "mini").exists()


def test_a_desk_that_leads_elsewhere(released: Course, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    mine = released.desk(MAYA) / "mini"
    shutil.rmtree(mine)
    mine.symlink_to(tmp_path / "target")
    collect(released)
    grade(released)
    (problem,) = give(released).problems
    assert problem.startswith("maya.ortiz, mini: the explanation could not be put in place")
    assert list((tmp_path / "target").iterdir()) == []


def test_a_link_in_place_of_the_feedback(released: Course, folder: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("untouched")
    link = released.desk(MAYA) / "mini" / "T90.feedback.json"
    link.symlink_to(victim)
    collect(released)
    grade(released)
    assert give(released).problems == []
    assert victim.read_text() == "untouched" and not link.is_symlink()
