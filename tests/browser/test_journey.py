"""A trainee's way through the course, in a real browser."""

from __future__ import annotations

import json
import os
import re
import signal
from pathlib import Path

import miniature
import pytest
from kiosk import Front, until
from playwright.sync_api import Page, expect

from scenarios.desk import Desk
from scenarios.opened import Opened

pytestmark = pytest.mark.browser
T01 = f"{miniature.ASSIGNMENT}/T01"
T06 = f"{miniature.ASSIGNMENT}/T06"
BEST: list[dict[str, object]] = [
    {"step": "request", "option": "decline"},
    {"step": "record", "options": ["tell", "note"]},
    {"step": "triage", "order": ["safety", "tell-dana", "settings"]},
    {"step": "words", "text": "Good to hear you, Rosa."},
    {"step": "entry", "fields": {"what": "A request.", "done": "Nothing online."}},
]


def log(desk: Path, scenario: str = "T01") -> list[dict[str, object]]:
    path = desk / miniature.ASSIGNMENT / f"{scenario}.answers.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def answers(desk: Path) -> list[object]:
    return [event["step"] for event in log(desk) if event["event"] == "answered"]


def choose(page: Page, name: str, button: str = "Choose this") -> None:
    page.get_by_label(name).check()
    page.get_by_role("button", name=button, exact=True).click()


def question(page: Page, text: str) -> None:
    """The question is on screen and has the focus."""
    heading = page.get_by_role("heading", name=text)
    expect(heading).to_be_visible()
    expect(heading).to_be_focused()


def litter(desk: Path) -> set[str]:
    """What stands on the desk beyond what belongs there."""
    belongs = {"home.ipynb", "me.json", "policy.json", miniature.ASSIGNMENT, "handed_in.json"}
    return {
        str(path.relative_to(desk))
        for path in desk.rglob("*")
        if path.name not in belongs
        and not re.fullmatch(r"T\d\d\.(json|answers\.jsonl|feedback\.json)", path.name)
    }


def test_from_home_to_the_explanations_by_keyboard_alone(front: Front, page: Page) -> None:
    page.goto(front.address)
    expect(page.get_by_role("heading", level=1, name="Social media")).to_be_visible()
    expect(page.get_by_text("Your supervisor, Renée Park, sees your first answers")).to_be_visible()
    start = page.get_by_role("link", name="Start: A friend request")
    tab_to(page, start)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Draft, not yet approved by the Center")).to_be_visible()

    radio = page.get_by_role("radio")
    tab_to(page, radio.first)
    page.keyboard.press("ArrowDown")
    expect(radio.nth(1)).to_be_checked()
    press(page, "Choose this")
    question(page, "What do you do about it today?")
    expect(page.get_by_role("status").first).to_contain_text("Saved. The request is gone.")

    for box in page.get_by_role("checkbox").all()[:2]:
        tab_to(page, box)
        page.keyboard.press("Space")
    press(page, "Choose these")
    question(page, "In which order do you do them?")

    wanted = ["safety", "tell-dana", "settings"]
    rows = page.locator(".ranking li")
    for place, name in enumerate(wanted):
        row = page.locator(f".ranking li[data-id={name}]")
        tab_to(page, row.get_by_role("button", name="Up"))
        while [item.get_attribute("data-id") for item in rows.all()].index(name) > place:
            page.keyboard.press("ArrowUp")
    expect(row.get_by_role("button", name="Up")).to_be_focused()
    press(page, "Choose this order")
    question(page, "What do you say to her?")

    tab_to(page, page.locator(".course textarea"))
    page.keyboard.type("Good to hear you, Rosa.")
    expect(page.get_by_text("Draft saved")).to_be_visible()
    press(page, "This is my answer")
    question(page, "Write the note.")

    press(page, "This is my answer")
    expect(
        page.get_by_role("alert").filter(has_text="Still needed: What happened, What you did.")
    ).to_be_visible()
    page.keyboard.type("A request.")
    tab_to(page, page.get_by_label("What you did"))
    page.keyboard.type("Nothing online.")
    press(page, "This is my answer")
    question(page, "How it ends")
    expect(page.get_by_text("Your answers are saved.")).to_be_visible()

    events = log(front.desk)
    assert [event["event"] for event in events if event["event"] != "drafted"] == [
        "started",
        *["answered"] * 5,
        "finished",
    ]
    ranked = next(event for event in events if event.get("step") == "triage")
    assert ranked["order"] == wanted

    miniature.explain(front.desk)
    expect(page.get_by_role("heading", name="Why: your decisions, explained")).to_be_visible()
    expect(page.get_by_text("Nothing binds you to answer")).to_be_visible()
    expect(page.get_by_text("Therapists do not connect with clients").first).to_be_visible()
    expect(page.get_by_text("Being marked by Renée Park")).to_be_visible()
    expect(page.get_by_text("What happened: A request came.")).to_be_visible()
    miniature.explain(front.desk, marked=True)
    expect(page.get_by_text("Kind and clear.")).to_be_visible()

    tab_to(page, page.get_by_role("link", name="Back to the course"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 of 2 done")).to_be_visible()
    assert litter(front.desk) == set()
    assert page.broken == []  # type: ignore[attr-defined]


def tab_to(page: Page, target: object, limit: int = 60) -> None:
    """Press Tab until the target has the focus."""
    for _ in range(limit):
        if target.evaluate("node => node === document.activeElement"):  # type: ignore[attr-defined]
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{target} cannot be reached with the Tab key")


def press(page: Page, name: str) -> None:
    tab_to(page, page.get_by_role("button", name=name, exact=True))
    page.keyboard.press("Enter")


def test_reload_back_and_bookmark_lead_to_the_same_place(front: Front, page: Page) -> None:
    page.goto(front.address)
    page.get_by_role("link", name="Start: A friend request").click()
    choose(page, "Leave it unanswered")
    question(page, "What do you do about it today?")
    page.reload()
    expect(page.get_by_role("heading", name="What do you do about it today?")).to_be_visible()
    expect(page.get_by_text("The request is gone.")).to_be_visible()
    page.evaluate("history.back()")  # Playwright waits in Firefox for a load that Back does not make here
    expect(page.get_by_role("link", name="Continue: A friend request")).to_be_visible()
    expect(page.get_by_text("Decision 2 is waiting for you.")).to_be_visible()
    page.goto("about:blank")
    page.goto(front.route(T01))
    expect(page.get_by_role("heading", name="What do you do about it today?")).to_be_visible()
    assert page.url.endswith(f"#/{T01}")


def test_a_killed_kernel_comes_back_in_place(front: Front, page: Page) -> None:
    page.goto(front.route(T01))
    choose(page, "Leave it unanswered")
    question(page, "What do you do about it today?")
    page.get_by_label("Tell Dana").check()
    (kernel,) = front.kernels()
    os.kill(kernel, signal.SIGKILL)
    expect(page.get_by_text("Reconnecting")).to_be_visible()
    until(lambda: front.kernels() not in ([], [kernel]))
    expect(page.get_by_text("Reconnecting")).to_be_hidden()
    expect(page.get_by_label("Tell Dana")).to_be_checked()
    expect(page.locator(".jp-Dialog")).to_have_count(0)
    page.get_by_role("button", name="Choose these").click()
    question(page, "In which order do you do them?")
    assert answers(front.desk) == ["request", "record"]


def test_a_kernel_that_does_not_answer_is_told_and_reload_helps(front: Front, page: Page) -> None:
    page.goto(front.route(T01))
    expect(page.get_by_role("radio").first).to_be_visible()
    (kernel,) = front.kernels()
    os.kill(kernel, signal.SIGSTOP)
    try:
        choose(page, "Leave it unanswered")
        warning = page.get_by_role("alert").filter(has_text="Not saved yet")
        expect(warning).to_be_visible()
        expect(page.get_by_text("✓ Saved")).to_have_count(0)
        assert answers(front.desk) == []
    finally:
        os.kill(kernel, signal.SIGCONT)
    expect(warning).to_be_hidden()
    question(page, "What do you do about it today?")
    assert answers(front.desk) == ["request"]


def test_the_second_tab_is_told_and_corrupts_nothing(front: Front, page: Page) -> None:
    page.goto(front.route(T01))
    expect(page.get_by_role("radio").first).to_be_visible()
    other = page.context.new_page()
    other.goto(front.route(T01))
    choose(other, "Leave it unanswered")
    question(other, "What do you do about it today?")
    choose(page, "Accept it")
    expect(page.get_by_role("alert").filter(has_text="continued in another window")).to_be_visible()
    page.get_by_role("button", name="Reload").click()
    expect(page.get_by_role("heading", name="What do you do about it today?")).to_be_visible()
    assert answers(front.desk) == ["request"]


def test_drafts_are_kept_as_typed(front: Front, page: Page) -> None:
    page.goto(front.route(T01))
    choose(page, "Leave it unanswered")
    choose(page, "Tell Dana", "Choose these")
    page.get_by_role("button", name="Choose this order").click()
    page.locator(".course textarea").press_sequentially("I would say", delay=20)
    expect(page.get_by_text("Draft saved")).to_be_visible()
    page.evaluate("sessionStorage.clear()")  # what remains is what the kernel wrote
    page.reload()
    expect(page.locator(".course textarea")).to_have_value("I would say")
    assert [event["text"] for event in log(front.desk) if event["event"] == "drafted"][-1] == "I would say"


def test_a_content_note_comes_first_with_support_on_every_screen(front: Front, page: Page) -> None:
    page.goto(front.route(T06))
    expect(page.get_by_text("a client who may be in danger")).to_be_visible()
    expect(page.locator(".note").get_by_text("Call or text 988")).to_be_visible()
    expect(page.get_by_role("button", name="Take another route")).to_be_visible()
    assert log(front.desk, "T06") == []
    page.get_by_role("button", name="Go on to the scenario").click()
    expect(page.get_by_role("heading", name="What is your first step?")).to_be_visible()
    page.locator("summary", has_text="Support").click()
    expect(page.get_by_text("Call or text 988")).to_be_visible()
    page.get_by_role("button", name="Take another route").click()
    expect(page.get_by_role("heading", level=1, name="A friend request")).to_be_focused()
    expect(page.locator(".told")).to_contain_text("is left out and counts as done")
    assert [event["event"] for event in log(front.desk, "T06")] == ["started", "rerouted"]


def test_another_route_is_taken_by_keyboard_and_the_scenario_can_still_be_opened(
    front: Front, page: Page
) -> None:
    opened = Opened.read(Desk(front.desk).places()[T01])
    opened.start()
    for given in BEST:
        opened.answer(str(given["step"]), {key: value for key, value in given.items() if key != "step"})
    page.goto(front.route(T06))
    press(page, "Take another route")  # T01, which the note names, is done
    expect(page.get_by_role("heading", level=1, name="Social media")).to_be_focused()
    sentence = "“A voicemail at 5:12” is left out and counts as done, and you can still open it any time."
    expect(page.locator(".told")).to_have_text(sentence)
    expect(page.get_by_role("status").first).to_contain_text(sentence)
    expect(page.get_by_text("You are done with every scenario you were given.")).to_be_visible()
    card = page.locator(".card", has_text="A voicemail at 5:12")
    expect(card).to_contain_text("Another route taken")
    expect(card).not_to_contain_text("Not started")

    page.reload()
    expect(card).to_contain_text("It is left out and counts as done, and you can still open it any time.")
    expect(page.locator(".told")).to_have_count(0)
    tab_to(page, card)
    page.keyboard.press("Enter")
    expect(page.get_by_text("a client who may be in danger")).to_be_visible()
    expect(page.get_by_text(sentence)).to_be_visible()
    expect(page.get_by_role("button", name="Take another route")).to_have_count(0)
    press(page, "Go on to the scenario")
    expect(page.get_by_role("heading", name="What is your first step?")).to_be_visible()
    assert [event["event"] for event in log(front.desk, "T06")] == ["rerouted", "started"]
    tab_to(page, page.get_by_role("link", name="Course", exact=True))
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Start: A voicemail at 5:12")).to_be_visible()
    assert page.broken == []  # type: ignore[attr-defined]


def test_a_log_that_cannot_be_written_is_one_plain_sentence(front: Front, page: Page) -> None:
    page.goto(front.route(T01))
    expect(page.get_by_role("radio").first).to_be_visible()
    path = front.desk / T01
    path = path.with_name("T01.answers.jsonl")
    path.rename(path.with_suffix(".kept"))
    path.symlink_to("/dev/null")
    choose(page, "Leave it unanswered")
    expect(
        page.get_by_role("alert").filter(has_text="is a link; nothing is written through it")
    ).to_be_visible()
    expect(page.get_by_text("Traceback")).to_have_count(0)


def test_order_can_be_dragged(front: Front, page: Page) -> None:
    page.goto(front.route(T01))
    choose(page, "Leave it unanswered")
    choose(page, "Tell Dana", "Choose these")
    rows = page.locator(".ranking li")
    expect(rows).to_have_count(3)
    before = [row.get_attribute("data-id") for row in rows.all()]
    page.locator(".ranking").scroll_into_view_if_needed()
    grip, last = rows.first.locator(".grip").bounding_box(), rows.last.bounding_box()
    assert grip and last
    page.mouse.move(grip["x"] + 5, grip["y"] + 5)
    page.mouse.down()
    page.mouse.move(grip["x"] + 5, last["y"] + last["height"] - 2, steps=12)
    page.mouse.up()
    assert [row.get_attribute("data-id") for row in rows.all()] == [*before[1:], before[0]]


def test_from_home_to_the_explanations_by_pointer_alone(front: Front, page: Page) -> None:
    page.goto(front.address)
    page.get_by_role("link", name="Start: A friend request").click()
    choose(page, "Accept it")
    question(page, "What do you do about it today?")
    choose(page, "Tell Dana", "Choose these")
    question(page, "In which order do you do them?")
    rows = page.locator(".ranking li")
    shown = [row.get_attribute("data-id") for row in rows.all()]
    rows.first.get_by_role("button", name="Down").click()
    page.get_by_role("button", name="Choose this order").click()
    question(page, "What do you say to her?")
    page.locator(".course textarea").fill("Hello.")
    page.get_by_role("button", name="This is my answer").click()
    question(page, "Write the note.")
    page.get_by_label("What happened").fill("A request.")
    page.get_by_label("What you did").fill("Nothing online.")
    page.get_by_role("button", name="This is my answer").click()
    question(page, "How it ends")
    ranked = next(event for event in log(front.desk) if event.get("step") == "triage")
    assert ranked["order"] == [shown[1], shown[0], shown[2]]
    miniature.explain(front.desk)
    expect(page.get_by_text("Nothing binds you to answer")).to_be_visible()
    assert page.broken == []  # type: ignore[attr-defined]
