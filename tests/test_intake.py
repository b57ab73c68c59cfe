from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from handing import JONAS, LINH, MAYA, desk, hand_in, nbgrader, reroute
from sqlalchemy import func, select, update

from grading import gradebook, safe
from grading.course import Course
from grading.intake import collect
from grading.roster import load_roster
from scenarios.errors import CourseError

Take = Callable[..., Path]


def submitted(course: Course, trainee: str, name: str) -> bytes:
    return (course.submitted / trainee / "mini" / name).read_bytes()


def cell(course: Course, trainee: str, step: str = "words") -> str:
    cells = json.loads(submitted(course, trainee, "T90.ipynb"))["cells"]
    source = next(c["source"] for c in cells if c["metadata"].get("nbgrader", {}).get("grade_id") == step)
    return "".join(source)


def test_a_log_is_taken_and_the_rest_is_rebuilt(released: Course, take: Take) -> None:
    folder = hand_in(released, MAYA, take, T90="best")
    collected = collect(released)
    assert collected.taken == [(MAYA, "mini")] and collected.problems == []
    assert sorted(p.name for p in (released.submitted / MAYA / "mini").iterdir()) == [
        "T90.answers.jsonl",
        "T90.ipynb",
        "T91.ipynb",
        "submission_secret.txt",
        "timestamp.txt",
    ]
    for name in ("T90.answers.jsonl", "submission_secret.txt", "timestamp.txt"):
        assert submitted(released, MAYA, name) == (folder / name).read_bytes()
    assert cell(released, MAYA) == "```\nI keep our work private, and I am glad that you asked.\n```"
    unanswered = json.loads(submitted(released, MAYA, "T91.ipynb"))
    assert unanswered == json.loads((released.release / "mini" / "T91.ipynb").read_bytes())


def test_answers_are_recorded(released: Course, take: Take) -> None:
    hand_in(released, MAYA, take, T90="harmful")
    collect(released)
    with gradebook.reading(released) as db:
        rows = {row["step"]: dict(row) for row in db.execute(select(gradebook.ANSWER)).mappings()}
        (attempt,) = db.execute(select(gradebook.ATTEMPT)).mappings()
    assert list(rows) and set(rows) == {"ask", "tick", "rank", "words", "record", "debate"}
    assert rows["ask"]["points"] == 0.0 and json.loads(rows["ask"]["violated"]) == ["C17"]
    assert (rows["words"]["points"], rows["words"]["maximum"], rows["words"]["graded"]) == (None, 5.0, True)
    assert not rows["record"]["graded"] and not rows["debate"]["graded"]
    assert json.loads(rows["rank"]["answer_json"]) == {"order": ["paperwork", "supervisor", "emergency"]}
    assert rows["ask"]["answered_at"].endswith("Z")
    assert attempt["finished"] and attempt["started_at"] < attempt["finished_at"]


def on_record(course: Course) -> tuple[list[str], int, int]:
    """Return the scenarios left out, and how many attempts and answers are recorded."""
    counted = (select(func.count()).select_from(own) for own in (gradebook.ATTEMPT, gradebook.ANSWER))
    with gradebook.reading(course) as db:
        rerouted = list(db.scalars(select(gradebook.REROUTED.c.scenario)))
        attempts, answers = (db.scalar(query) or 0 for query in counted)
    return rerouted, attempts, answers


def test_of_what_was_left_out_only_that_is_recorded(released: Course, take: Take) -> None:
    take(desk(released, MAYA), "mini", "T91", "harmful", stop="reply")
    reroute(released, MAYA)
    hand_in(released, MAYA)
    assert collect(released).problems == []
    assert on_record(released) == (["T91"], 0, 0)
    log = desk(released, MAYA) / "mini" / "T91.answers.jsonl"
    kept = log.read_bytes()
    log.unlink()
    hand_in(released, MAYA)
    assert "the earlier one stands" in collect(released).problems[0]
    assert on_record(released) == (["T91"], 0, 0)
    log.write_bytes(kept)
    reroute(released, MAYA, taken_up=True)
    take(desk(released, MAYA), "mini", "T91", "harmful")
    hand_in(released, MAYA)
    assert collect(released).problems == []
    assert on_record(released) == ([], 1, 2)


def test_another_route_forged_after_the_end_changes_nothing(released: Course, take: Take) -> None:
    log = take(desk(released, MAYA), "mini", "T91", "harmful")
    forged = _argued(log.read_bytes(), "door") | {"event": "rerouted"}
    log.write_bytes(log.read_bytes() + json.dumps(forged).encode() + b"\n")
    hand_in(released, MAYA)
    assert collect(released).problems == [
        "maya.ortiz, mini: T91.answers.jsonl, event 5 (rerouted) was ignored: "
        "The attempt was finished; its answers stand."
    ]
    assert on_record(released) == ([], 1, 2)


def test_a_gradebook_from_before_another_route_goes_on(released: Course) -> None:
    with gradebook.writing(released) as db:
        gradebook.REROUTED.drop(db)
    gradebook._ready.clear()  # as in a new process
    reroute(released, MAYA)
    hand_in(released, MAYA)
    assert collect(released).problems == []
    assert on_record(released) == (["T91"], 0, 0)


def test_collecting_again_changes_nothing(released: Course, take: Take) -> None:
    hand_in(released, MAYA, take, T90="best")
    assert collect(released).taken
    assert collect(released).taken == []
    shutil.rmtree(released.submitted / MAYA)  # but what was lost is fetched again
    assert collect(released).taken == [(MAYA, "mini")]


def test_a_longer_log_replaces_the_earlier_one(released: Course, take: Take) -> None:
    mine = desk(released, MAYA)
    take(mine, "mini", "T90", "mixed", stop="words")
    hand_in(released, MAYA)
    collect(released)
    assert cell(released, MAYA) == "_No answer._"
    take(mine, "mini", "T90", "mixed")
    take(mine, "mini", "T91", "best")
    folder = hand_in(released, MAYA)
    assert collect(released).problems == []
    assert submitted(released, MAYA, "T90.answers.jsonl") == (folder / "T90.answers.jsonl").read_bytes()
    assert "I would rather not." in cell(released, MAYA)


def test_another_history_is_kept_aside_and_reported(released: Course, take: Take) -> None:
    first = hand_in(released, MAYA, take, T90="harmful")
    collect(released)
    (desk(released, MAYA) / "mini" / "T90.answers.jsonl").unlink()
    second = hand_in(released, MAYA, take, T90="best")
    (problem,) = collect(released).problems
    assert problem.startswith(
        "maya.ortiz, mini: T90.answers.jsonl does not go on from the one handed in before"
    )
    assert submitted(released, MAYA, "T90.answers.jsonl") == (first / "T90.answers.jsonl").read_bytes()
    (kept,) = (released.root / "conflicts" / MAYA / "mini").iterdir()
    assert kept.read_bytes() == (second / "T90.answers.jsonl").read_bytes()
    with gradebook.reading(released) as db:
        points = db.scalar(select(gradebook.ANSWER.c.points).where(gradebook.ANSWER.c.step == "ask"))
    assert points == 0.0


def test_a_log_that_is_gone_stays_as_it_was(released: Course, take: Take) -> None:
    hand_in(released, MAYA, take, T90="best")
    collect(released)
    before = submitted(released, MAYA, "T90.answers.jsonl")
    (desk(released, MAYA) / "mini" / "T90.answers.jsonl").unlink()
    hand_in(released, MAYA, take, T91="best")
    assert collect(released).problems == [
        "maya.ortiz, mini: T90.answers.jsonl was handed in before and is missing now; the earlier one stands."
    ]
    assert submitted(released, MAYA, "T90.answers.jsonl") == before and b"rather" not in before


def test_hand_ins_between_two_collections_are_taken_in_order(released: Course, take: Take) -> None:
    hand_in(released, MAYA, take, T90="harmful")
    hand_in(released, MAYA, take, T91="best")
    assert collect(released).taken == [(MAYA, "mini")]
    assert (released.submitted / MAYA / "mini" / "T91.answers.jsonl").exists()


def test_a_hand_in_overtaken_by_a_later_one_is_no_conflict(released: Course, take: Take) -> None:
    log = take(desk(released, MAYA), "mini", "T90", "best")
    short = log.read_bytes()
    step = json.loads(short.splitlines()[1])["step"]
    log.write_bytes(short + json.dumps(_argued(short, step)).encode() + b"\n")
    hand_in(released, MAYA)
    assert collect(released).problems == []
    longer = submitted(released, MAYA, "T90.answers.jsonl")
    log.write_bytes(short)  # its helper was the slower one
    hand_in(released, MAYA)
    assert collect(released).problems == []
    assert submitted(released, MAYA, "T90.answers.jsonl") == longer != short


def _argued(log: bytes, step: str) -> dict[str, object]:
    seq = json.loads(log.splitlines()[-1])["seq"] + 1
    return {
        "v": 1,
        "seq": seq,
        "at": "2026-11-25T09:00:00.000Z",
        "attempt": 1,
        "event": "argued",
        "step": step,
        "on": True,
    }


def test_unknown_trainee_is_reported_and_left(released: Course, take: Take) -> None:
    hand_in(released, MAYA, take, T90="best")
    stranger = hand_in(released, JONAS, take, T90="best")
    load_roster(released)
    roster = released.roster
    roster.write_text("".join(line for line in roster.read_text().splitlines(True) if JONAS not in line))
    collected = collect(released)
    assert collected.taken == [(MAYA, "mini")]
    assert collected.problems == ["jonas.weber is not in roster.csv; the hand-in was left in the exchange."]
    assert stranger.is_dir() and not (released.submitted / JONAS).exists()


@pytest.mark.parametrize(
    "forged", ["", "yesterday", "9999-12-31 23:59:59.999999 UTC", "²⁰²⁶-01-01", "2026-13-45 99:00:00.0 UTC"]
)
def test_malformed_times_do_not_matter(released: Course, take: Take, forged: str) -> None:
    folder = hand_in(released, MAYA, take, T90="best")
    (folder / "timestamp.txt").write_text(forged)
    hand_in(released, JONAS, take, T90="best")
    collected = collect(released)
    assert collected.taken == [(MAYA, "mini"), (JONAS, "mini")]
    (problem,) = collected.problems
    assert problem.startswith(
        "maya.ortiz, mini: timestamp.txt is missing, malformed or not that of the hand-in"
    )


@pytest.mark.parametrize("at", ["nonsense", "9999-12-31 23:59:59.999999 UTC", "2026-02-30 00:00:00.0 UTC"])
def test_a_forged_folder_name_gets_the_disks_time(released: Course, take: Take, at: str) -> None:
    folder = hand_in(released, MAYA, take, T90="best")
    folder.rename(folder.parent / f"{MAYA}+mini+{at}+random")
    assert collect(released).taken == [(MAYA, "mini")]
    assert submitted(released, MAYA, "timestamp.txt").startswith(b"20")
    hand_in(released, MAYA, take, T91="best")
    assert collect(released).taken == [(MAYA, "mini")]


def test_a_time_long_before_the_folder_was_made_is_not_believed(released: Course, take: Take) -> None:
    for file in (released.outbound / "mini").iterdir():
        os.utime(file, (0, 0))  # released long ago
    for trainee, minutes in ((MAYA, 120), (JONAS, 3)):
        folder = hand_in(released, trainee, take, T90="best")
        at = f"{datetime.now(UTC) - timedelta(minutes=minutes):%Y-%m-%d %H:%M:%S.%f} UTC"
        (folder / "timestamp.txt").write_text(at)
        folder.rename(folder.with_name(f"{trainee}+mini+{at}+random"))
        os.utime(
            folder.with_name(f"{trainee}+mini+{at}+random"), (0, 0)
        )  # which moves only what anybody can set
    (problem,) = collect(released).problems
    assert problem.startswith("maya.ortiz, mini: its time, 20")
    assert submitted(released, JONAS, "timestamp.txt").decode() == at


def test_a_name_belongs_to_the_account_that_handed_in_first(released: Course, take: Take) -> None:
    hand_in(released, MAYA, take, T90="best")
    assert collect(released).problems == []
    with gradebook.writing(released) as db:
        (owner,) = db.scalars(select(gradebook.ACCOUNT.c.account))
        db.execute(update(gradebook.ACCOUNT).values(account="maya"))
    hand_in(released, MAYA, take, T91="best")
    for _ in range(2):
        assert collect(released).problems == [
            f"maya.ortiz, mini: the hand-in could not be taken in (its folder belongs to the account {owner}, not to "
            f"maya; if that is right, write {owner} for maya.ortiz into the column account of roster.csv)."
        ]
    header, *people = load_roster(released) and released.roster.read_text().splitlines()
    people = [f"{line},{owner if line.startswith(MAYA) else ''}" for line in people]
    released.roster.write_text("\n".join((f"{header},account", *people, "")))
    assert collect(released).taken == [(MAYA, "mini")]


def test_ten_thousand_strays_are_one_line(released: Course, take: Take) -> None:
    hand_in(released, MAYA, take, T90="best")
    for n in range(10_000):
        (released.inbound / f"{n}.txt").touch()
    collected = collect(released)
    assert collected.taken == [(MAYA, "mini")]
    assert collected.problems == [
        "inbound holds 10000 entries that are no hand-ins (0.txt, 1.txt, 10.txt …); they were left there."
    ]


def test_a_folder_swapped_for_a_link_after_the_look_is_not_entered(
    released: Course, take: Take, tmp_path: Path
) -> None:
    from grading.course import assignment
    from grading.hand_in import listed, read

    folder = hand_in(released, MAYA, take, T90="best")
    (seen,), _ = listed(released.inbound)
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="Not a directory"):
        read(released.inbound, seen, assignment(released, "mini"), {})


def test_a_file_that_grows_while_it_is_read_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"x")
    look = os.fstat

    def grown(fd: int) -> os.stat_result:
        status = look(fd)
        os.truncate(path, 50_000_000)  # after the look
        return status

    monkeypatch.setattr(os, "fstat", grown)
    with safe.folder(tmp_path) as fd, pytest.raises(CourseError, match=r"has 1025 bytes, more than the 1024"):
        safe.read("log", fd, 1024)


def test_a_folder_still_being_copied_waits(released: Course, take: Take) -> None:
    folder = hand_in(released, MAYA, take, T90="best")
    secret = (folder / "submission_secret.txt").read_bytes()
    (folder / "submission_secret.txt").unlink()
    assert collect(released).taken == []
    (folder / "submission_secret.txt").write_bytes(secret)
    assert collect(released).taken == [(MAYA, "mini")]


def test_nbgraders_own_command_collects_the_same_way(released: Course, take: Take) -> None:
    folder = hand_in(released, MAYA, take, T90="best")
    (folder / "evil.py").write_text("boom")
    hand_in(released, LINH, take, T90="mixed")
    done = nbgrader(released, "collect", "mini")
    assert done.returncode == 0, done.stderr
    assert "evil.py does not belong here and was left out" in done.stderr
    assert not (released.submitted / MAYA / "mini" / "evil.py").exists()
    assert cell(released, LINH) == "```\nI would rather not.\n```"


def test_missing_exchange_is_one_sentence(released: Course) -> None:
    shutil.rmtree(released.inbound)
    with pytest.raises(CourseError, match=r"inbound is missing or cannot be read; .*make release"):
        collect(released)
    shutil.rmtree(released.exchange)
    with pytest.raises(CourseError, match=r"exchange is missing or cannot be written; .*make release"):
        collect(released)


def test_free_text_cannot_leave_its_fence(released: Course, take: Take) -> None:
    text = "````\n<script>alert(1)</script>\n```\u2028\r\n# Heading\x00\x1b[31m HALF end"
    log = take(desk(released, MAYA), "mini", "T90", "best", change={"words": text})
    log.write_text(
        log.read_text("utf-8").replace("HALF", "\\ud800"), "utf-8"
    )  # half a character, as JSON may hold
    hand_in(released, MAYA)
    collect(released)
    lines = cell(released, MAYA).split("\n")
    assert lines[0] == lines[-1] == "`````"
    assert lines[1:-1] == ["````", "<script>alert(1)</script>", "```", "", "# Heading[31m ? end"]


def test_long_lines_are_folded_for_the_marker(released: Course, take: Take) -> None:
    take(desk(released, MAYA), "mini", "T90", "best", change={"words": "word " * 200})
    hand_in(released, MAYA)
    collect(released)
    assert max(map(len, cell(released, MAYA).split("\n"))) <= 96


def test_what_is_no_hand_in_is_reported(released: Course, take: Take) -> None:
    hand_in(released, MAYA, take, T90="best")
    (released.inbound / "notes.txt").write_text("hello")
    (released.inbound / "folder").mkdir()
    (released.inbound / "maya.ortiz+nothing+2026-01-01 00:00:00.0 UTC").mkdir()
    os.utime(released.inbound / "folder", (time.time() - 100,) * 2)
    collected = collect(released)
    assert collected.taken == [(MAYA, "mini")]
    assert [p for p in collected.problems if "notes.txt is not a folder" in p]
    assert [p for p in collected.problems if "folder is not named like a hand-in" in p]


def test_the_time_a_scenario_was_handed_in_stays(released: Course, take: Take) -> None:
    def handed_in() -> str | None:
        query = select(gradebook.ATTEMPT.c.handed_in_at).where(gradebook.ATTEMPT.c.scenario == "T90")
        with gradebook.reading(released) as db:
            return db.scalar(query)

    hand_in(released, MAYA, take, T90="best")
    collect(released)
    first = handed_in()
    hand_in(released, MAYA, take, T91="best")
    collect(released)
    assert first and handed_in() == first
