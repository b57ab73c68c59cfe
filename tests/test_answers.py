"""The log: what was confirmed is there after anything that can happen to a file."""

import json
import os
import subprocess
import sys
import time

import pytest

from scenarios.answers import MAX_BYTES, MAX_LINE, AnswerLog, LogChanged, parse, read_log, without_drafts
from scenarios.errors import CourseError


@pytest.fixture
def path(tmp_path):
    return tmp_path / "T90.answers.jsonl"


def line(seq, **rest):
    return json.dumps({"v": 1, "seq": seq, "attempt": 1, "event": "answered", **rest}).encode() + b"\n"


def test_events_are_numbered_stamped_and_read_back(path):
    log = AnswerLog(path)
    first = log.append({"attempt": 1, "event": "started"})
    log.append({"attempt": 1, "event": "answered", "step": "a", "text": "ø\n"}, {"attempt": 1, "event": "x"})
    events = read_log(path).events
    assert [e["seq"] for e in events] == [1, 2, 3]
    assert events[0] == first[0]
    assert events[0]["v"] == 1 and events[0]["at"].endswith("Z")
    assert events[1]["text"] == "ø\n"
    assert len(path.read_bytes().splitlines()) == 3


def test_half_a_character_is_replaced_not_refused(path):
    AnswerLog(path).append({"attempt": 1, "event": "answered", "text": "a\ud83d"})
    assert read_log(path).events[0]["text"] == "a?"


def test_a_log_that_is_not_there_is_empty(path):
    assert read_log(path).events == []


def test_a_torn_last_line_is_skipped_and_never_glued_to_the_next(path):
    AnswerLog(path).append({"attempt": 1, "event": "started"})
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"v":1,"seq":2,"att')
    log = AnswerLog(path)
    assert len(log.read().problems) == 1
    log.append({"attempt": 1, "event": "answered", "step": "a"})
    again = read_log(path)
    assert [e["event"] for e in again.events] == ["started", "answered"]
    assert again.problems == ["T90.answers.jsonl, line 2: not a complete line of JSON; the line was skipped."]
    assert path.read_bytes().startswith(whole)


def test_two_windows_cannot_both_write(path):
    one, two = AnswerLog(path), AnswerLog(path)
    one.append({"attempt": 1, "event": "started"})
    with pytest.raises(LogChanged, match="another window"):
        two.append({"attempt": 1, "event": "started"})
    two.read()
    two.append({"attempt": 1, "event": "answered"})
    assert [e["seq"] for e in read_log(path).events] == [1, 2]


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (b"\xff\xfe\n", "not a complete line of JSON"),
        (b'{"v":1,"seq":2,"attempt":1,"event":NaN}\n', "not a complete line of JSON"),
        (b"[" * 20000 + b"\n", "longer than 16384 bytes"),
        (b"[" * 9000 + b"\n", "not a complete line of JSON"),
        (b"[]\n", "not an event of this course"),
        (b'{"v":true,"seq":2,"attempt":1}\n', "not an event of this course"),
        (b'{"v":1,"seq":"2","attempt":1}\n', "seq or attempt is missing"),
        (b'{"v":1,"seq":1,"attempt":1}\n', "seq 1 came before"),
    ],
)
def test_a_bad_line_is_skipped_and_named(bad, why):
    log = parse(line(1) + bad + line(3))
    assert [e["seq"] for e in log.events] == [1, 3]
    assert len(log.problems) == 1 and why in log.problems[0] and "line 2" in log.problems[0]


def test_an_unknown_version_rejects_the_file():
    with pytest.raises(CourseError, match="line 2: format v2 is not known here"):
        parse(line(1) + b'{"v":2,"seq":2,"attempt":1}\n')


def test_a_log_of_50_megabytes_is_not_read(path):
    with path.open("wb") as file:
        file.truncate(50 << 20)
    with pytest.raises(CourseError, match=r"T90.answers.jsonl has 52428800 bytes"):
        read_log(path)


def test_a_full_log_takes_no_more_and_keeps_what_it_has(path):
    path.write_bytes(b"\n" * (MAX_BYTES - 10))
    log = AnswerLog(path)
    log.read()
    with pytest.raises(CourseError, match="is full"):
        log.append({"attempt": 1, "event": "started"})
    assert path.stat().st_size == MAX_BYTES - 10


def test_an_answer_that_is_too_long_is_refused_before_it_is_written(path):
    with pytest.raises(CourseError, match="too long"):
        AnswerLog(path).append({"attempt": 1, "event": "answered", "text": "x" * MAX_LINE})
    assert read_log(path).size == 0


def test_a_write_that_fails_leaves_the_log_as_it_was(path):
    code = """
import resource, sys
from pathlib import Path
from scenarios.answers import AnswerLog, read_log
log = AnswerLog(Path(sys.argv[1]))
log.append({"attempt": 1, "event": "started"})
import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
size = Path(sys.argv[1]).stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 10, resource.RLIM_INFINITY))
try:
    log.append({"attempt": 1, "event": "answered", "text": "x" * 100})
except OSError as error:
    print(error.strerror)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
log.append({"attempt": 1, "event": "answered", "text": "again"})
"""
    run = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True)
    assert (run.stderr, run.stdout) == ("", "No space left on device\n")
    log = read_log(path)
    assert [e.get("text") for e in log.events] == [None, "again"] and log.problems == []


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_folders_and_devices_are_not_read(path, make):
    make(path)
    with pytest.raises(CourseError, match="not a plain file"):
        read_log(path)


def test_a_link_is_neither_read_nor_written_through(path, tmp_path):
    target = tmp_path / "elsewhere"
    target.write_bytes(line(1))
    path.symlink_to(target)
    with pytest.raises(CourseError, match="not a plain file"):
        read_log(path)
    with pytest.raises(CourseError, match="is a link"):
        AnswerLog(path).append({"attempt": 1, "event": "started"})
    assert target.read_bytes() == line(1)


ANSWER_FOR_EVER = """
import sys
from pathlib import Path
from scenarios.answers import AnswerLog
log = AnswerLog(Path(sys.argv[1]))
log.read()
while True:
    event = log.append({"attempt": 1, "event": "answered", "step": "s", "text": "x" * 500})[0]
    print(event["seq"], flush=True)
"""


def test_what_was_confirmed_survives_kill_9(path):
    for round_number in range(5):
        command = [sys.executable, "-c", ANSWER_FOR_EVER, str(path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            confirmed = [int(process.stdout.readline())]
            time.sleep(0.013 * round_number)
            process.kill()
            confirmed += [int(n) for n in process.stdout.read().split(b"\n")[:-1]]
        kept = {e["seq"] for e in read_log(path).events}
        assert kept.issuperset(confirmed)


def test_every_event_knows_where_its_line_ends(path):
    log = AnswerLog(path)
    log.append({"attempt": 1, "event": "started"})
    with path.open("ab") as file:
        file.write(b'{"torn')
    log.read()
    log.append({"attempt": 1, "event": "answered", "text": "ø"}, {"attempt": 1, "event": "finished"})
    again = read_log(path)
    assert log.seen.ends == again.ends and again.ends[-1] == again.size == path.stat().st_size
    lines = [path.read_bytes()[:end].splitlines()[-1] for end in again.ends]
    assert [json.loads(line)["seq"] for line in lines] == [1, 2, 3]


def test_drafts_are_left_out_and_the_rest_stays_as_it_was(path):
    log = AnswerLog(path)
    drafted = {"attempt": 1, "event": "drafted", "step": "a", "text": "a name"}
    log.append(
        {"attempt": 1, "event": "started"}, drafted, {"attempt": 1, "event": "answered", "text": '"drafted"'}
    )
    first = without_drafts(path.read_bytes())
    assert [e["event"] for e in parse(first).events] == ["started", "answered"] and not parse(first).problems
    with path.open("ab") as file:
        file.write(b'{"event":"drafted", torn')
    torn = without_drafts(path.read_bytes())
    log.read()
    log.append(drafted, {"attempt": 1, "event": "finished"})
    last = without_drafts(path.read_bytes())
    assert torn.startswith(first) and last.startswith(torn)
    assert b"a name" not in last and parse(last).events[-1]["event"] == "finished"
