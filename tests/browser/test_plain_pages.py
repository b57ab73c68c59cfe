"""The plain-text route in a real browser: with scripts switched off, by keyboard, on a narrow screen."""

from __future__ import annotations

import json
from collections.abc import Iterator

import miniature
import pytest
import wcag
from kiosk import Front, until
from playwright.sync_api import Browser, Locator, Page, expect

pytestmark = pytest.mark.browser
T01 = f"{miniature.ASSIGNMENT}/T01"
T06 = f"{miniature.ASSIGNMENT}/T06"
NARROW = {"width": 360, "height": 740}
ORDER = ("Check that nobody", "Talk with Dana", "Go through")


@pytest.fixture
def scriptless(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport=NARROW, java_script_enabled=False)
    yield context.new_page()
    context.close()


def list_page(front: Front) -> str:
    """The address of the list, with the token that lets in."""
    return front.address.replace("/doc/tree/home.ipynb", "/course/plain")


def log(front: Front, route: str = T01) -> list[dict[str, object]]:
    path = front.desk / f"{route}.answers.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def tab_to(page: Page, target: Locator) -> None:
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.locator(":focus").and_(target).count():
            return
    raise AssertionError(f"{target} is not reached by Tab")


def answer(page: Page, label: str, typed: str) -> None:
    """Type into a field that is reached by Tab from where the page opened, and send it with Enter."""
    field = page.get_by_label(label)
    if not page.locator(":focus").and_(field).count():
        tab_to(page, field)
    page.keyboard.press("Control+a")
    page.keyboard.type(typed)
    page.keyboard.press("Enter")


def ranks(page: Page) -> str:
    """The numbers that put the miniature's lines into the order wanted."""
    lines = page.locator(".options li").all_text_contents()
    return " ".join(str(next(n for n, line in enumerate(lines, 1) if line.startswith(w))) for w in ORDER)


def test_a_scenario_is_played_by_keyboard_without_any_script(front: Front, scriptless: Page) -> None:
    page = scriptless
    page.goto(list_page(front))
    tab_to(page, page.get_by_role("link", name="Start: A friend request"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="A friend request")).to_be_visible()

    answer(page, "Number of your answer", "4")
    expect(page.get_by_text("There is no number 4 here; the list goes from 1 to 3.")).to_be_in_viewport()
    field = page.get_by_label("Number of your answer")
    expect(field).to_be_focused()
    expect(field).to_have_value("4")
    expect(field).to_have_accessible_description(
        "There is no number 4 here; the list goes from 1 to 3. What do you do with the request?"
    )
    assert log(front) == []
    answer(page, "Number of your answer", "2")
    expect(page.locator("#now")).to_be_focused()
    expect(page.get_by_text("The request is gone.")).to_be_in_viewport()

    answer(page, "Numbers of your answers", "1, 2")
    expect(page.get_by_text("Dana nods.")).to_be_in_viewport()
    answer(page, "Numbers in your order, e.g. 2 1 3", ranks(page))
    expect(page.get_by_text("By four o'clock")).to_be_in_viewport()

    tab_to(page, page.get_by_label("Your answer"))
    page.keyboard.type("Good to hear you, Rosa.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("That makes sense, actually.")).to_be_in_viewport()

    tab_to(page, page.get_by_label("What happened"))
    page.keyboard.type("A request.")
    tab_to(page, page.get_by_role("button", name="This is my answer"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("Still needed: What you did.")).to_be_in_viewport()
    expect(page.get_by_label("What you did")).to_be_focused()
    page.keyboard.type("Nothing online.")
    tab_to(page, page.get_by_role("button", name="This is my answer"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="How it ends")).to_be_visible()
    assert [event["event"] for event in log(front)] == ["started", *["answered"] * 5, "finished"]

    miniature.explain(front.desk, marked=True)
    page.reload()
    expect(page.get_by_text("Kind and clear.")).to_be_visible()
    page.get_by_role("link", name="All scenarios").first.click()
    expect(page.get_by_text("Explained")).to_be_visible()


def test_a_note_is_read_first_and_another_route_is_open(front: Front, scriptless: Page) -> None:
    page = scriptless
    page.goto(list_page(front))
    page.get_by_role("link", name="A voicemail at 5:12").click()
    expect(page.get_by_text("988 Lifeline")).to_be_in_viewport()
    assert log(front, T06) == []
    tab_to(page, page.get_by_role("button", name="Take another route"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="A friend request")).to_be_visible()
    page.get_by_role("link", name="All scenarios").click()
    expect(page.get_by_text("Another route taken")).to_be_visible()
    page.get_by_role("link", name="A voicemail at 5:12").click()
    expect(page.get_by_text("is left out and counts as done")).to_be_visible()
    page.get_by_role("button", name="Go on to the scenario").click()
    expect(page.get_by_text("misses a session")).to_be_in_viewport()
    expect(page.get_by_role("button", name="Take another route")).to_be_attached()
    page.get_by_role("link", name="Someone to talk to").click()
    expect(page.get_by_text("988 Lifeline")).to_be_in_viewport()
    assert [event["event"] for event in log(front, T06)] == ["rerouted", "started"]


def test_another_route_leads_to_the_list_where_nothing_else_is_offered(
    front: Front, scriptless: Page
) -> None:
    note = front.desk / f"{T06}.json"
    note.write_text(note.read_text().replace('"another_route": "T01"', '"another_route": null'))
    page = scriptless
    page.goto(list_page(front))
    page.get_by_role("link", name="A voicemail at 5:12").click()
    tab_to(page, page.get_by_role("button", name="Take another route"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("It is left out and counts as done")).to_be_in_viewport()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_plain_page_is_accessible_and_fits_a_narrow_screen(
    front: Front, chromium: Browser, theme: str, looks: list[list[str]]
) -> None:
    context = chromium.new_context(viewport=NARROW, color_scheme=theme)
    page = context.new_page()
    broken: list[str] = []
    page.on("console", lambda message: broken.append(message.text) if message.type == "error" else None)
    checks = (wcag.axe, wcag.targets, wcag.width, wcag.focus, wcag.motion)

    def sound(where: str) -> None:
        found = [f"{where}: {line}" for check in checks for line in check(page)]
        looks.append(found)
        assert not found

    def send(label: str, typed: str) -> None:
        page.get_by_label(label, exact=False).first.fill(typed)
        page.get_by_role("button", name="This is my answer").click()

    page.goto(list_page(front))
    sound("list")
    page.get_by_role("link", name="A voicemail at 5:12").click()
    sound("note")
    page.get_by_role("button", name="Go on to the scenario").click()
    sound("support")
    page.get_by_role("button", name="Take another route").click()
    page.get_by_role("link", name="All scenarios").click()
    sound("list, one left out")
    page.get_by_role("link", name="A voicemail at 5:12").click()
    sound("note of what was left out")
    page.goto(f"{list_page(front).partition('?')[0]}/{T01}")
    sound("choice")
    send("Number of your answer", "2")
    sound("multiple")
    send("Numbers of your answers", "1 2")
    sound("order")
    send("Numbers in your order", "3 1 2")
    sound("text")
    send("Your answer", "Good to hear you, Rosa.")
    sound("form")
    page.get_by_label("What happened").fill("A request.")
    broken.clear()
    send("What happened", "A request.")
    sound("a wrong entry")
    assert [text for text in broken if "422" not in text] == []  # the browser notes the status of a refusal
    send("What you did", "Nothing online.")
    sound("ending")
    until(lambda: page.reload() and page.get_by_role("button", name="Hand in now").count(), 30)
    sound("not handed in")
    miniature.explain(front.desk, marked=True)
    page.reload()
    expect(page.get_by_text("Kind and clear.")).to_be_visible()
    sound("explanations")
    page.goto(f"{list_page(front).partition('?')[0]}/nowhere")
    sound("unknown")
    context.close()
