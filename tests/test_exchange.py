from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest

from grading import exchange
from grading.__main__ import main
from grading.course import Course, load_roster
from grading.desk import make_desk
from grading.submit import finished_logs, hand_in
from scenarios.answers import MAX_BYTES
from scenarios.desk import Place
from scenarios.errors import CourseError
from scenarios.opened import Opened

Take = Callable[..., Path]


@pytest.fixture
def desk(released: Course) -> Path:
    return make_desk(released, load_roster(released)["maya.ortiz"])


def submit(desk: Path, capsys: pytest.CaptureFixture[str], assignment: str = "mini") -> dict[str, object]:
    capsys.readouterr()
    code = main(["submit", "--desk", str(desk), "--assignment", assignment, "--format", "json"])
    result: dict[str, object] = json.loads(capsys.readouterr().out)
    assert code == (0 if result["handed_in"] else 1)
    return result


def test_a_release_pins_generates_and_hands_out(released: Course) -> None:
    published = released.content / "scenarios" / "published"
    assert {p.name for p in published.iterdir()} == {"T90@1.yml", "T91@1.yml", "SHA256SUMS"}
    out = released.outbound / "mini"
    assert {p.name for p in out.iterdir()} == {"T90.ipynb", "T90.json", "T91.ipynb", "T91.json"}
    cells = {c.id: c for c in nbformat.read(out / "T90.ipynb", as_version=4).cells}
    assert cells["step-words"].source == "_No answer._"
    assert cells["course-player"].metadata.editable is False
    assert (out / "T90.json").read_text() == (released.source / "mini" / "T90.json").read_text()


def test_nbgrader_knows_the_points(released: Course) -> None:
    from grading import gradebook

    with gradebook.opened(released) as book:
        notebooks = {n.name: n for n in book.find_assignment("mini").notebooks}
        assert {c.name: c.max_score for c in notebooks["T90"].grade_cells} == {
            "ask": 3.0, "tick": 3.0, "rank": 3.0, "words": 5.0,
        }  # fmt: skip
        assert {c.name: c.max_score for c in notebooks["T91"].grade_cells} == {"door": 3.0}


def test_a_second_release_changes_nothing(released: Course, capsys: pytest.CaptureFixture[str]) -> None:
    files = {p: p.stat().st_mtime_ns for p in released.root.rglob("*") if p.is_file()}
    assert main(["release", "--assignment", "mini"]) == 0
    assert capsys.readouterr().out == "mini was released before; nothing of it changed.\n"
    assert files == {p: p.stat().st_mtime_ns for p in released.root.rglob("*") if p.is_file()}


@pytest.mark.parametrize(
    "lost", ["release/mini/T91.ipynb", "exchange/social-media-policy/outbound/mini/T91.json"]
)
def test_an_interrupted_release_is_completed(released: Course, lost: str) -> None:
    if lost.startswith("release"):
        shutil.rmtree(released.outbound)
    (released.root / lost).unlink()
    assert exchange.release(released, "mini")
    assert (released.root / lost).is_file()
    assert len(list((released.outbound / "mini").iterdir())) == 4


def test_a_broken_scenario_is_not_pinned(course: Course) -> None:
    path = course.content / "scenarios" / "library" / "therapist" / "T90-miniature.yml"
    path.write_text(path.read_text().replace("points: 12", "points: 11"))
    with pytest.raises(CourseError, match=r"mini is not released. .*T90-miniature.yml:\d+: plays.0.points"):
        exchange.release(course, "mini")
    assert not (course.content / "scenarios" / "published").exists()
    assert not course.released("mini")


def test_a_stray_file_is_not_released(course: Course) -> None:
    (course.source / "mini").mkdir()
    (course.source / "mini" / "T90.answers.jsonl").write_text("{}\n")
    with pytest.raises(CourseError, match=r"T90.answers.jsonl is not part of it; remove it"):
        exchange.release(course, "mini")


def test_release_without_a_name_lists_the_assignments(
    course: Course, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["release"]) == 1
    assert capsys.readouterr().err == (
        "Name the assignment with --assignment ID (make release A=ID); known are mini, mini-refresher.\n"
    )


def test_what_nbgrader_only_logs_is_told(course: Course) -> None:
    (course.root / "release").mkdir(parents=True)
    notebook = course.source / "mini" / "T90.ipynb"
    main(["notebooks"])
    notebook.write_text("{")
    with pytest.raises(CourseError, match=r"it broke: .*JSON"):
        from nbgrader.converters import GenerateAssignment

        from grading import gradebook

        gradebook.ensure(course)
        exchange._nbgrader(GenerateAssignment, course, "mini", "it broke")


def test_fetch_brings_back_what_is_missing_and_keeps_the_rest(desk: Path, released: Course) -> None:
    (desk / "mini" / "T90.json").unlink()
    (desk / "mini" / "T91.json").write_text("mine")
    exchange.fetch(released, desk, "mini")
    assert (desk / "mini" / "T90.json").read_text() == (released.outbound / "mini" / "T90.json").read_text()
    assert (desk / "mini" / "T91.json").read_text() == "mine"


def test_a_finished_scenario_is_handed_in(
    desk: Path, released: Course, take: Take, capsys: pytest.CaptureFixture[str]
) -> None:
    first = take(desk, "mini", "T90")
    take(desk, "mini", "T91", stop="reply")
    result = submit(desk, capsys)
    (folder,) = released.inbound.iterdir()
    assert folder.name.startswith("maya.ortiz+mini+")
    assert {p.name for p in folder.iterdir()} == {
        "T90.ipynb",
        "T91.ipynb",
        "T90.answers.jsonl",
        "timestamp.txt",
        "submission_secret.txt",
    }  # fmt: skip -- what is not finished stays on the desk
    assert (folder / "T90.answers.jsonl").read_bytes() == first.read_bytes()
    noted = json.loads((desk / "mini" / "handed_in.json").read_text())
    assert noted == {"T90": {"at": result["at"], "size": first.stat().st_size}}
    stamp = (folder / "timestamp.txt").read_text()
    assert str(result["at"])[:23].replace("T", " ") == stamp[:23]

    take(desk, "mini", "T91")
    second = submit(desk, capsys)
    noted = json.loads((desk / "mini" / "handed_in.json").read_text())
    assert (noted["T90"]["at"], noted["T91"]["at"]) == (result["at"], second["at"])


def test_drafts_stay_on_the_desk_and_a_later_hand_in_keeps_the_first_time(
    desk: Path, released: Course, take: Take, capsys: pytest.CaptureFixture[str]
) -> None:
    place = Place(desk, "mini", "T90")
    take(desk, "mini", "T90", stop="words")
    opened = Opened.read(place)
    opened.draft("words", {"text": "Tell Rosa Miller"})
    take(desk, "mini", "T90")
    first = submit(desk, capsys)
    (folder,) = released.inbound.iterdir()
    handed = (folder / "T90.answers.jsonl").read_bytes()
    assert b"Rosa Miller" in place.file(".answers.jsonl").read_bytes() and b"Rosa Miller" not in handed
    opened = Opened.read(place)
    opened.argue("ask", True)
    assert Opened.read(place).is_unsent
    submit(desk, capsys)
    assert not Opened.read(place).is_unsent
    assert place.handed_in()["at"] == first["at"]
    (later,) = set(released.inbound.iterdir()) - {folder}
    assert (later / "T90.answers.jsonl").read_bytes().startswith(handed)


def test_what_was_left_out_is_handed_in_and_what_comes_after_it_once_it_is_finished(
    desk: Path, released: Course, take: Take, capsys: pytest.CaptureFixture[str]
) -> None:
    place = Place(desk, "mini", "T91")
    take(desk, "mini", "T91", stop="reply")
    opened = Opened.read(place)
    opened.reroute()
    assert Opened.read(place).is_unsent and not Opened.read(place).is_handed_in
    submit(desk, capsys)
    assert Opened.read(place).is_handed_in and not Opened.read(place).is_unsent
    left_out = place.file(".answers.jsonl").read_bytes()
    assert place.handed_in() == {"at": None, "size": len(left_out)}

    opened.start()  # taken up again, and not finished
    opened.draft("reply", {"text": "Tell Rosa Miller"})
    take(desk, "mini", "T90")
    second = submit(desk, capsys)
    folder = max(released.inbound.iterdir())
    assert (folder / "T91.answers.jsonl").read_bytes() == left_out
    assert not Opened.read(place).is_unsent

    take(desk, "mini", "T91")
    third = submit(desk, capsys)
    assert place.handed_in()["at"] == third["at"] != second["at"]
    folder = max(released.inbound.iterdir())
    assert (folder / "T91.answers.jsonl").read_bytes().startswith(left_out)


def test_nothing_finished_is_said(desk: Path, take: Take, capsys: pytest.CaptureFixture[str]) -> None:
    take(desk, "mini", "T90", stop="words")
    assert submit(desk, capsys)["why"] == (
        "No scenario of this assignment is finished yet; finish one and it is handed in."
    )


def test_the_exchange_missing(
    desk: Path, released: Course, take: Take, capsys: pytest.CaptureFixture[str]
) -> None:
    log = take(desk, "mini", "T90").read_bytes()
    shutil.rmtree(released.exchange)
    why = str(submit(desk, capsys)["why"])
    assert "Your answers are kept" in why and f"the exchange folder {released.exchange} is missing" in why
    assert (desk / "mini" / "T90.answers.jsonl").read_bytes() == log
    assert not (desk / "mini" / "handed_in.json").exists()


def test_an_assignment_that_was_not_released(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert submit(desk, capsys, "mini-refresher")["why"] == (
        "Handing in did not work. Your answers are kept; please tell your supervisor: "
        "mini-refresher was not released (`make release A=mini-refresher`)."
    )


@pytest.mark.parametrize("me", ['{"id": "nobody"}', "{", "[]", None])
def test_an_unknown_trainee(desk: Path, capsys: pytest.CaptureFixture[str], me: str | None) -> None:
    (desk / "me.json").unlink()
    if me:
        (desk / "me.json").write_text(me)
    why = str(submit(desk, capsys)["why"])
    assert (
        ("nobody is not in" in why) if me and "nobody" in me else ("does not say whose desk this is" in why)
    )


def test_on_windows_one_plain_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    assert main(["run"]) == 1
    said = capsys.readouterr()
    assert said.out == "" and said.err.startswith("The course does not run on Windows itself")


def test_a_log_that_is_a_link_or_too_large_is_not_handed_in(
    desk: Path, take: Take, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = take(desk, "mini", "T90")
    log.rename(tmp_path / "elsewhere")
    log.symlink_to(tmp_path / "elsewhere")
    assert "T90.answers.jsonl is not a plain file" in str(submit(desk, capsys)["why"])
    log.unlink()
    with log.open("wb") as file:
        file.truncate(50 * MAX_BYTES)
    assert "an answer log may have" in str(submit(desk, capsys)["why"])


@pytest.fixture
def open_to_all() -> Iterator[Path]:
    """A folder that other users may enter, as pytest's own are not."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def test_the_exchange_not_writable(
    released: Course, desk: Path, take: Take, open_to_all: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    take(desk, "mini", "T90")
    shutil.copytree(released.root, open_to_all / "course")
    monkeypatch.setenv("COURSE_ROOT", str(open_to_all / "course"))
    here = Course.here()
    here.exchange.chmod(0o555)
    root = os.getuid() == 0
    if root:  # who may write everywhere: be nobody for a moment
        os.setresuid(65534, 65534, 0)
    try:
        result = submit(here.desk("maya.ortiz"), capsys)
    finally:
        if root:
            os.setresuid(0, 0, 0)
    assert f"the exchange folder {here.exchange} cannot be written" in str(result["why"])


def test_a_failure_of_the_disk_is_told_plainly(
    released: Course, desk: Path, take: Take, capsys: pytest.CaptureFixture[str]
) -> None:
    take(desk, "mini", "T90")
    (desk / "mini" / "handed_in.json").mkdir()
    assert submit(desk, capsys)["why"] == (
        "handed_in.json is not a plain file; it was not read. Remove it and try again."
    )
    assert list(released.inbound.iterdir()) == []


def test_a_hand_in_that_fails_leaves_the_note_as_it_was(
    desk: Path, released: Course, take: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(desk, "mini", "T90")
    hand_in(released, desk, "mini")
    before = (desk / "mini" / "handed_in.json").read_text()
    take(desk, "mini", "T91")
    shutil.rmtree(released.inbound)
    released.inbound.write_text("not a folder")
    with pytest.raises((CourseError, OSError)):
        hand_in(released, desk, "mini")
    assert (desk / "mini" / "handed_in.json").read_text() == before
    assert finished_logs(released.outbound / "mini", desk / "mini").keys() == {"T90", "T91"}


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("marked: [T90/words]", "marked: [T90/words, T90/record]", "marked in T90"),
        ("{id: T90, version: 1}", "{id: T90, version: 2}", "T90 version 2"),
        ("{id: T91, version: 1}]", "{id: T91, version: 1}, {id: T92, version: 1}]", "T92"),
        ("{id: T90, version: 1}, {id", "{id", "T90"),
    ],
)
@pytest.mark.parametrize("out", ["handed out", "only generated"])
def test_a_released_assignment_cannot_be_edited(
    released: Course, old: str, new: str, what: str, out: str
) -> None:
    if out == "only generated":
        shutil.rmtree(released.outbound / "mini")
    plan = released.content / "grading" / "assignments.yml"
    text = plan.read_text().replace(old, new, 1)
    plan.write_text(text if "T90" in new else text.replace("[T90/words]", "[]"))
    before = {p: p.stat().st_mtime_ns for p in (*released.release.rglob("*"), *released.outbound.rglob("*"))}
    with pytest.raises(CourseError, match=rf"assignments.yml, mini: {what}.* what was released; restore"):
        exchange.release(released, "mini")
    after = {p: p.stat().st_mtime_ns for p in (*released.release.rglob("*"), *released.outbound.rglob("*"))}
    assert before == after


def test_a_log_that_cannot_be_handed_in_keeps_no_other_back(released: Course, desk: Path, take: Take) -> None:
    take(desk, "mini", "T90")
    (desk / "mini" / "T91.answers.jsonl").write_bytes(b"x" * (MAX_BYTES + 1))
    hand_in(released, desk, "mini")
    (folder,) = released.inbound.iterdir()
    assert (folder / "T90.answers.jsonl").exists() and not (folder / "T91.answers.jsonl").exists()
