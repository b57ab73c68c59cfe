"""What goes wrong in a real center: a trainee reads one plain sentence, and no confirmed answer is lost."""

from __future__ import annotations

import contextlib
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import miniature
import pytest
from kiosk import Front, Wire, serving, until
from playwright.sync_api import Page, WebSocketRoute, expect
from test_journey import T01, answers, choose, log, question

from scenarios.desk import Desk
from scenarios.player import Player

pytestmark = pytest.mark.browser
FIRST = "What do you do with the request?"
SECOND = "What do you do about it today?"
AWAY = "The course cannot be reached right now. Saved answers are safe; keep this page open, it goes on by itself."
UNSAVED = "Not saved yet: the course cannot be reached right now. Keep this page open, it goes on by itself"
OUT = "You have been signed out. Saved answers are safe; open the course’s link again to go on."


def reads(page: Page, text: str) -> None:
    """The trainee reads this one message, and none of Lab's; a screen reader says it."""
    message = page.locator(".course-front-wait, .course .warning").filter(visible=True)
    expect(message).to_contain_text(text)  # strict: there is one
    expect(page.get_by_role("status").or_(page.get_by_role("alert")).filter(has_text=text)).to_have_count(1)
    assert page.locator(".jp-Dialog").filter(visible=True).count() == 0


def goes_on(page: Page) -> None:
    """No message is left, and the place is the same."""
    expect(page.locator(".course-front-wait, .course .warning").filter(visible=True)).to_have_count(0)
    expect(page.locator(".jp-Dialog")).to_have_count(0)
    assert page.url.endswith(f"#/{T01}")


def opened(front: Front, page: Page) -> None:
    page.goto(front.route(T01))
    expect(page.locator(".course .decision")).to_be_visible()
    goes_on(page)


def written(desk: Path, step: str = "words") -> None:
    """Answer T01 up to a step."""
    player = Player(Desk(desk))
    player.respond({"do": "open", "at": T01})
    taken = {"request": {"option": "decline"}, "record": {"options": ["tell"]}}
    taken["triage"] = {"order": ["safety", "tell-dana", "settings"]}
    for before, answer in taken.items():
        if before == step:
            return
        assert "ok" in player.respond({"do": "answer", "at": T01, "step": before, "answer": answer})


@pytest.fixture
def wired(front: Front) -> Iterator[tuple[Front, Wire]]:
    """The course at the other end of a wire."""
    wire = Wire(front.port)
    yield replace(front, address=front.address.replace(f":{front.port}/", f":{wire.port}/")), wire
    wire.cut()


def test_a_kernel_killed_mid_answer_comes_back_with_what_was_chosen(front: Front, page: Page) -> None:
    opened(front, page)
    (kernel,) = front.kernels()
    os.kill(kernel, signal.SIGSTOP)  # the answer is on its way and cannot arrive
    choose(page, "Leave it unanswered")
    expect(page.get_by_text("Saving…")).to_be_visible()
    os.kill(kernel, signal.SIGKILL)
    reads(page, "Reconnecting. Saved answers are safe.")
    expect(page.locator(".course .status")).to_have_text(
        re.compile("could not be confirmed. .* choose it again")
    )
    goes_on(page)
    expect(page.get_by_label("Leave it unanswered")).to_be_checked()
    assert answers(front.desk) == []
    page.get_by_role("button", name="Choose this").click()
    question(page, SECOND)
    assert answers(front.desk) == ["request"]


def test_a_kernel_that_dies_again_and_again_is_told_and_can_be_started_again(
    front: Front, page: Page
) -> None:
    opened(front, page)
    page.get_by_label("Leave it unanswered").check()
    stopped = "The course has stopped. Saved answers are safe; start it again to go on."
    deadline = time.monotonic() + 60
    while not page.get_by_text(stopped).count():
        assert time.monotonic() < deadline
        for kernel in front.kernels():
            os.kill(kernel, signal.SIGKILL)
        page.wait_for_timeout(50)
    reads(page, stopped)
    page.get_by_role("button", name="Start again").click()
    goes_on(page)
    expect(page.get_by_label("Leave it unanswered")).to_be_checked()
    page.get_by_role("button", name="Choose this").click()
    question(page, SECOND)
    assert answers(front.desk) == ["request"]


def test_a_kernel_that_hangs_once_it_was_restarted_is_told_and_can_be_started_again(
    front: Front, page: Page
) -> None:
    opened(front, page)
    page.get_by_label("Leave it unanswered").check()
    (old,) = front.kernels()
    os.kill(old, signal.SIGKILL)
    until(lambda: front.kernels() not in ([], [old]))
    (new,) = front.kernels()
    os.kill(new, signal.SIGSTOP)
    reads(page, "This takes longer than usual. Saved answers are safe; wait a little, or start it again.")
    page.get_by_role("button", name="Start again").click()
    expect(page.locator(".course-front-wait")).to_have_count(0, timeout=60_000)
    goes_on(page)
    expect(page.get_by_label("Leave it unanswered")).to_be_checked()
    page.get_by_role("button", name="Choose this").click()
    question(page, SECOND)
    assert answers(front.desk) == ["request"]


def test_an_answer_whose_confirmation_was_lost_is_not_asked_again(
    wired: tuple[Front, Wire], page: Page
) -> None:
    front, wire = wired
    opened(front, page)
    wire.deaf = True
    choose(page, "Leave it unanswered")
    until(lambda: answers(front.desk) == ["request"])
    reads(page, UNSAVED)
    wire.cut()
    wire.mend()
    expect(page.get_by_role("heading", name=SECOND)).to_be_visible()
    goes_on(page)
    choose(page, "Tell Dana", "Choose these")
    question(page, "In which order do you do them?")
    assert answers(front.desk) == ["request", "record"]


def test_a_connection_that_stays_mute_gives_way_to_another(front: Front, page: Page) -> None:
    mute = set[str]()

    def pass_on(socket: WebSocketRoute) -> None:
        session = socket.url.partition("session_id=")[2]
        server = socket.connect_to_server()
        server.on_message(lambda message: session in mute or socket.send(message))
        sessions.append(session)

    sessions: list[str] = []
    page.route_web_socket(re.compile("/api/kernels/.*/channels"), pass_on)
    opened(front, page)
    mute.update(sessions)  # also when they connect again
    choose(page, "Leave it unanswered")
    until(lambda: answers(front.desk) == ["request"])
    expect(page.get_by_role("heading", name=SECOND)).to_be_visible(timeout=60_000)
    goes_on(page)
    assert set(sessions) > mute
    choose(page, "Tell Dana", "Choose these")
    question(page, "In which order do you do them?")
    assert answers(front.desk) == ["request", "record"]


def test_a_page_that_could_not_be_drawn_is_drawn_again(front: Front, page: Page) -> None:
    dropped = []

    def pass_on(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def back(message: str | bytes) -> None:
            if (
                not dropped
                and isinstance(message, bytes)
                and b'"comm_open"' in message
                and b"anywidget" in message
            ):
                dropped.append(message)
            else:
                socket.send(message)

        server.on_message(back)

    page.route_web_socket(re.compile("/api/kernels/.*/channels"), pass_on)
    page.goto(front.route(T01))
    expect(page.locator(".course .decision")).to_be_visible()
    goes_on(page)
    assert dropped
    choose(page, "Leave it unanswered")
    question(page, SECOND)
    assert answers(front.desk) == ["request"]


def test_a_server_restarted_under_an_open_page_is_found_again(tmp_path: Path, page: Page) -> None:
    desk, state = miniature.make(tmp_path / "desk"), tmp_path / "state"
    written(desk)
    with serving(desk, state) as front:
        opened(front, page)
        page.locator(".course textarea").press_sequentially("Good to hear ")
    reads(page, AWAY)
    page.locator(".course textarea").press_sequentially("you, Rosa.")
    expect(page.locator(".course textarea")).to_have_value("Good to hear you, Rosa.")
    with serving(desk, state, front.port):
        goes_on(page)
        expect(page.locator(".course textarea")).to_have_value("Good to hear you, Rosa.")
        page.get_by_role("button", name="This is my answer").click()
        question(page, "Write the note.")
    assert answers(desk) == ["request", "record", "triage", "words"]
    assert log(desk)[-1]["text"] == "Good to hear you, Rosa."


def test_a_minute_without_network_is_told_and_ends_by_itself(wired: tuple[Front, Wire], page: Page) -> None:
    front, wire = wired
    opened(front, page)
    wire.cut()
    end = time.monotonic() + 61
    reads(page, AWAY)
    choose(page, "Leave it unanswered")
    reads(page, UNSAVED)
    expect(page.get_by_text("✓ Saved")).to_have_count(0)
    while time.monotonic() < end:
        reads(page, UNSAVED)
        page.wait_for_timeout(1000)
    assert answers(front.desk) == []
    wire.mend()
    question(page, SECOND)
    goes_on(page)
    choose(page, "Tell Dana", "Choose these")
    question(page, "In which order do you do them?")
    assert answers(front.desk) == ["request", "record"]


class Disk:
    """The disk under a desk: a small one of its own where that may be had, else a limit on the kernel's files."""

    def __init__(self, desk: Path) -> None:
        self.desk = desk
        desk.mkdir()
        mount = ("mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(desk))
        self.is_own = os.geteuid() == 0 and subprocess.run(mount, capture_output=True).returncode == 0

    def fill(self, kernel: int) -> None:
        if self.is_own:
            with contextlib.suppress(OSError), (self.desk / ".filler").open("wb", 0) as filler:
                while filler.write(bytes(4096)):
                    pass
        else:
            size = (self.desk / f"{T01}.answers.jsonl").stat().st_size
            resource.prlimit(kernel, resource.RLIMIT_FSIZE, (size + 100, resource.RLIM_INFINITY))

    def clear(self, kernel: int) -> None:
        if self.is_own:
            (self.desk / ".filler").unlink()
        else:
            resource.prlimit(kernel, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    def close(self) -> None:
        if self.is_own:
            subprocess.run(("umount", str(self.desk)), check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    disk = Disk(tmp_path / "desk")
    yield disk
    disk.close()


def test_a_full_disk_is_told_and_the_same_click_works_once_there_is_room(
    disk: Disk, tmp_path: Path, page: Page
) -> None:
    written(miniature.make(disk.desk))
    with serving(disk.desk, tmp_path / "state") as front:
        opened(front, page)
        (kernel,) = front.kernels()
        path = disk.desk / f"{T01}.answers.jsonl"
        before = path.read_bytes()
        disk.fill(kernel)
        page.locator(".course textarea").fill(
            "Good to hear you, Rosa. " * 160
        )  # more than the file's last block holds
        answer = page.get_by_role("button", name="This is my answer")
        answer.click()
        told = re.compile(
            r"could not be saved \((the disk is full|File too large)\)\. What was saved before is safe; tell"
        )
        expect(page.get_by_role("alert").filter(has_text=told)).to_be_visible()
        assert path.read_bytes() == before
        disk.clear(kernel)
        answer.click()
        question(page, "Write the note.")
        assert path.read_bytes().startswith(before)
        assert answers(disk.desk) == ["request", "record", "triage", "words"]


def test_a_log_that_cannot_be_written_is_told_and_works_again_once_it_is_mended(
    front: Front, page: Page
) -> None:
    opened(front, page)
    choose(page, "Leave it unanswered")
    question(page, SECOND)
    path = front.desk / f"{T01}.answers.jsonl"
    kept = path.rename(path.with_suffix(".kept"))
    path.mkdir()  # what nobody can write to, root included
    choose(page, "Tell Dana", "Choose these")
    told = "This could not be saved (its file cannot be written). What was saved before is safe; tell your supervisor"
    expect(page.get_by_role("alert").filter(has_text=told)).to_be_visible()
    expect(page.get_by_label("Tell Dana")).to_be_checked()
    path.rmdir()
    kept.rename(path)
    page.get_by_role("button", name="Choose these").click()
    question(page, "In which order do you do them?")
    assert answers(front.desk) == ["request", "record"]


@pytest.mark.parametrize("folder", ["there", "gone"])
def test_an_assignment_taken_back_leads_back_and_keeps_what_was_saved(
    front: Front, page: Page, folder: str
) -> None:
    opened(front, page)
    choose(page, "Leave it unanswered")
    question(page, SECOND)
    before = log(front.desk)
    (front.desk / "me.json").write_text(json.dumps(miniature.ME | {"assignments": []}))
    if folder == "gone":
        shutil.move(front.desk / miniature.ASSIGNMENT, front.desk.parent)
    choose(page, "Tell Dana", "Choose these")
    expect(page.get_by_text("This scenario was taken back while you had it open.")).to_be_visible()
    expect(page.get_by_text("Your saved answers are kept.")).to_have_count(int(folder == "there"))
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    page.get_by_role("link", name="Back to the course").click()
    expect(page.get_by_text("Nothing has been given to you yet.")).to_be_visible()
    assert log(front.desk.parent if folder == "gone" else front.desk) == before


def test_a_session_that_ended_is_told_and_signing_in_brings_the_page_back(tmp_path: Path, page: Page) -> None:
    desk, state = miniature.make(tmp_path / "desk"), tmp_path / "state"
    with serving(desk, state) as front:
        opened(front, page)
        page.get_by_label("Leave it unanswered").check()
    (token,) = state.rglob("token")
    token.write_text("another")
    page.context.clear_cookies()
    with serving(desk, state, front.port) as again:
        reads(page, OUT)
        expect(page.get_by_role("button", name="Sign in again")).to_be_visible()
        tab = page.context.new_page()
        tab.goto(again.address.partition("?")[0])
        expect(tab.get_by_role("heading", name="You are signed out")).to_be_visible()
        expect(tab.get_by_text("Open the course’s link again to go on where you were")).to_be_visible()
        tab.goto(again.address)
        expect(tab.get_by_role("heading", level=1)).to_be_visible()
        goes_on(page)
        expect(page.get_by_label("Leave it unanswered")).to_be_checked()
        page.get_by_role("button", name="Choose this").click()
        question(page, SECOND)
    assert answers(desk) == ["request"]


@pytest.mark.parametrize("kernel", ["alive", "restarted"])
def test_a_tablet_locked_for_twenty_minutes_wakes_up_at_the_same_place(
    wired: tuple[Front, Wire], page: Page, kernel: str
) -> None:
    front, wire = wired
    page.clock.install()
    opened(front, page)
    page.get_by_label("Leave it unanswered").check()
    page.locator(".course").evaluate("page => page.classList.add('before')")
    tablet = page.context.new_cdp_session(page)
    tablet.send("Page.setWebLifecycleState", {"state": "frozen"})
    wire.cut()
    if kernel == "restarted":
        (old,) = front.kernels()
        os.kill(old, signal.SIGKILL)
        until(lambda: front.kernels() not in ([], [old]))
    wire.mend()
    page.clock.fast_forward("20:00")
    tablet.send("Page.setWebLifecycleState", {"state": "active"})
    if kernel == "restarted":
        expect(
            page.locator(".course:not(.before)")
        ).to_be_visible()  # it was noticed, and the page drawn anew
    goes_on(page)
    expect(page.get_by_label("Leave it unanswered")).to_be_checked()
    page.get_by_role("button", name="Choose this").click()
    question(page, SECOND)
    assert answers(front.desk) == ["request"]
