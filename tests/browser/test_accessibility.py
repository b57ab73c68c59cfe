"""Every page and state of the trainee's course, looked at by machine: axe-core, targets, width, focus, motion.

``make test-a11y`` ends with ``pages: n, violations: 0``; what it cannot see stands in ``docs/ACCESSIBILITY.md``.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import miniature
import pytest
import wcag
from kiosk import Front, serving
from playwright.sync_api import Browser, Page, Route, expect
from test_journey import T01, T06, choose, tab_to

from scenarios import load
from scenarios.booklet import pack
from scenarios.model import WRITTEN
from scenarios.questions import questions
from scenarios.sheets import write_sheet

pytestmark = pytest.mark.browser

ANSWERS: dict[str, list[dict[str, Any]]] = {
    "T01": [
        {"step": "request", "option": "accept"},
        {"step": "record", "options": ["tell"]},
        {"step": "triage", "order": ["safety", "tell-dana", "settings"]},
        {"step": "words", "text": "Good to hear you, Rosa."},
        {"step": "entry", "fields": {"what": "A request.", "done": "Nothing online."}},
    ],
    "T06": [{"step": "first", "option": "call"}],
}

BOOSTER = "boosters/B17a"
TOMORROW = f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"


@dataclass
class Stage:
    """One desk, its server and one page, on which every state is set up in turn."""

    front: Front
    page: Page
    after: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    def clear(self) -> None:
        """Put a fresh desk under a page that holds nothing of the last state."""
        self.after.close()
        if not self.page.locator(".course").count():
            self.page.goto(self.front.address)
            expect(self.page.locator(".course h1")).to_be_visible()  # Lab drops a fragment while it loads
        self.show("nowhere", "h1:text('cannot be shown')")
        self.page.evaluate("sessionStorage.clear(), localStorage.clear()")
        shutil.rmtree(self.front.desk / miniature.ASSIGNMENT)
        shutil.rmtree(self.front.desk / "boosters", ignore_errors=True)
        miniature.make(self.front.desk)

    def show(self, route: str, settled: str) -> Stage:
        """Go to a page of the course and wait for what it shows."""
        self.page.evaluate("route => { location.hash = `#/${route}` }", route)
        return self.settle(settled)

    def settle(self, selector: str) -> Stage:
        expect(self.page.locator(selector).first).to_be_visible()
        expect(self.page.locator(".course-front-wait")).to_have_count(0)
        return self

    def plain(self, route: str = "") -> Stage:
        """Go to a page of the plain-text route."""
        self.page.goto(self.front.address.partition("/doc/")[0] + f"/course/plain/{route}".rstrip("/"))
        return self.settle("h1")

    def sheet(self, name: str, **shown: Any) -> Stage:
        """Open a page to print."""
        self.page.goto(write_sheet(self.front.desk.with_name(f"{name}.html"), name, **shown).as_uri())
        return self.settle("h1")

    def me(self, **changed: Any) -> Stage:
        """Change what the desk knows of the trainee."""
        (self.front.desk / "me.json").write_text(json.dumps(miniature.ME | changed))
        return self

    def given(self, **changed: Any) -> Stage:
        """Change the assignment."""
        return self.me(assignments=[miniature.ME["assignments"][0] | changed])

    def answer(self, count: int, scenario: str = "T01") -> Stage:
        """Answer the first decisions of a scenario; with all of them it is finished."""
        view = json.loads((self.front.desk / miniature.ASSIGNMENT / f"{scenario}.json").read_text())
        pinned = {"assignment": miniature.ASSIGNMENT, "scenario": scenario}
        events: list[dict[str, Any]] = [
            {"event": "started", **pinned} | {k: view[k] for k in ("version", "sha256")}
        ]
        events += [{"event": "answered", **answer} for answer in ANSWERS[scenario][:count]]
        if count == len(ANSWERS[scenario]):
            events.append({"event": "finished", "step": "end"})
        common = {"v": 1, "at": "2026-11-22T07:43:28.818Z", "attempt": 1}
        lines = [json.dumps(common | {"seq": n} | event) + "\n" for n, event in enumerate(events, 1)]
        self.log(scenario).write_text("".join(lines))
        return self

    def explain(self, scenario: str = "T01", *, marked: bool = False) -> Stage:
        miniature.explain(self.front.desk, scenario, marked=marked)
        return self

    def log(self, scenario: str = "T01") -> Path:
        return self.front.desk / miniature.ASSIGNMENT / f"{scenario}.answers.jsonl"

    def press(self, name: str) -> Stage:
        self.page.get_by_role("button", name=name, exact=True).click()
        return self


def consequence(stage: Stage) -> None:
    stage.show(T01, ".options")
    choose(stage.page, "Accept it")
    expect(stage.page.get_by_text("Her page opens.")).to_be_visible()


def typed(stage: Stage) -> None:
    stage.answer(3).show(T01, "textarea").page.locator("textarea").press_sequentially("I would say")
    expect(stage.page.get_by_text("Draft saved")).to_be_visible()


def still_needed(stage: Stage) -> None:
    stage.answer(4).show(T01, "textarea").press("This is my answer")
    expect(stage.page.get_by_text("Still needed:")).to_be_visible()


def support_open(stage: Stage) -> None:
    stage.show(T06, ".note").press("Go on to the scenario").settle(".options")
    stage.page.locator("summary", has_text="Support").click()
    expect(stage.page.get_by_text("Call or text 988")).to_be_visible()


def left_out(stage: Stage) -> Stage:
    """A front page on which a scenario was just left out."""
    stage.answer(5).show("", ".home").show(T06, ".note").press("Take another route")
    return stage.settle(".told").settle(".home")


def unfolded(stage: Stage) -> None:
    stage.answer(5).explain().show(T01, ".why")
    stage.page.evaluate("document.querySelectorAll('details').forEach(node => { node.open = true })")


def argued(stage: Stage) -> None:
    consequence(stage)
    stage.page.locator(".argue").click()
    expect(stage.page.locator(".argue[aria-pressed=true]")).to_be_visible()


def practiced(stage: Stage) -> None:
    stage.answer(1, "T06").explain("T06").show(f"{T06}/practice", ".note").press("Go on to the scenario")
    choose(stage.page, "Call again")
    expect(stage.page.get_by_text("What this run looks like")).to_be_visible()


def one_more_step(
    stage: Stage, state: str, route: str = "", settled: str = ".one-more", **more: Any
) -> Stage:
    miniature.one_more(stage.answer(5).explain().front.desk, state, **more)
    return stage.show(route, settled) if settled else stage


def plain_step(stage: Stage, state: str, route: str = "", **more: Any) -> Stage:
    return one_more_step(stage, state, settled="", **more).plain(route)


def official_text(stage: Stage) -> None:
    policy = {"title": "Social media policy", "sha256": miniature.SHA, "text": "One.\n\nTwo."}
    stage.answer(1).me(course=miniature.ME["course"] | {"policy": policy}).show("", ".home").show(
        "policy", ".clauselist"
    )
    stage.page.get_by_text("Read the official text").click()


def nothing_found(stage: Stage) -> None:
    stage.show("policy", ".clauselist").page.get_by_label("Search the clauses").fill("zebra")
    expect(stage.page.get_by_text("No clause has these words.")).to_be_visible()


def two_tabs(stage: Stage) -> None:
    other = stage.page.context.new_page()
    other.goto(stage.front.route(T01))
    expect(other.get_by_role("radio").first).to_be_visible()
    stage.show(T01, ".twice")
    other.close()


def warned(stage: Stage) -> None:
    stage.show(T01, ".options")
    (kernel,) = stage.front.kernels()
    os.kill(kernel, signal.SIGSTOP)
    stage.after.callback(os.kill, kernel, signal.SIGCONT)
    choose(stage.page, "Accept it")
    expect(stage.page.get_by_role("alert").filter(has_text="Not saved yet")).to_be_visible()


def away(stage: Stage) -> None:
    without_server(stage, lambda route: route.abort())
    expect(stage.page.get_by_text("cannot be reached right now")).to_be_visible()


def signed_out(stage: Stage) -> None:
    without_server(stage, lambda route: route.fulfill(status=401))
    expect(stage.page.get_by_text("You have been signed out")).to_be_visible()


def without_server(stage: Stage, answer: Callable[[Route], None]) -> None:
    stage.show(T01, ".options")
    stage.page.route("**/api/kernels/*", answer)
    stage.after.callback(stage.page.unroute, "**/api/kernels/*")
    stage.page.evaluate("dispatchEvent(new Event('offline'))")


def not_writable(stage: Stage) -> None:
    stage.show(T01, ".options").log().unlink(missing_ok=True)
    stage.log().symlink_to("/dev/null")
    choose(stage.page, "Accept it")
    expect(stage.page.locator(".problem")).not_to_be_empty()


def continued_elsewhere(stage: Stage) -> None:
    stage.show(T01, ".options").answer(1)
    choose(stage.page, "Accept it")
    expect(stage.page.get_by_text("continued in another window")).to_be_visible()


def damaged(stage: Stage) -> None:
    stage.answer(1).log().write_bytes(b"no line of a log\n" + stage.log().read_bytes())
    stage.show(T01, ".notice")


STATES: dict[str, Callable[[Stage], object]] = {
    # what a trainee may have on screen: how to get there, from a fresh desk
    "first screen": lambda stage: stage.show("", ".welcome"),
    "first screen, asked for": lambda stage: stage.answer(1).show("welcome", ".welcome"),
    "home, nothing begun": lambda stage: (
        stage.show("", ".welcome").press("Look around first").settle(".home")
    ),
    "home, under way": lambda stage: stage.answer(2).show("", ".ring.half"),
    "home, all done": lambda stage: stage.answer(5).answer(1, "T06").explain().show("", ".ring.full"),
    "home, one more step tomorrow": lambda stage: one_more_step(stage, "waits", opens=TOMORROW),
    "home, one more step open": lambda stage: one_more_step(stage, "open"),
    "home, one more step to talk over": lambda stage: one_more_step(stage, "talk", met=True),
    "booster": lambda stage: one_more_step(stage, "open", BOOSTER, ".options"),
    "booster, to talk over": lambda stage: one_more_step(
        stage, "talk", BOOSTER, ".after .one-more", met=True
    ),
    "booster, cleared": lambda stage: one_more_step(stage, "cleared", BOOSTER, ".after .done", met=True),
    "home, another route taken": left_out,
    "home, nothing given": lambda stage: stage.me(assignments=[]).show("", ".home"),
    "content note": lambda stage: stage.show(T06, ".note"),
    "content note, left out": lambda stage: left_out(stage).show(T06, ".note .callout"),
    "support open": support_open,
    "choice": lambda stage: stage.show(T01, ".options"),
    "consequence": consequence,
    "argued": argued,
    "multiple": lambda stage: stage.answer(1).show(T01, "[type=checkbox]"),
    "order": lambda stage: stage.answer(2).show(T01, ".ranking"),
    "text": lambda stage: stage.answer(3).show(T01, "textarea"),
    "text, draft saved": typed,
    "form": lambda stage: stage.answer(4).show(T01, "textarea"),
    "form, something still needed": still_needed,
    "ending, not handed in": lambda stage: stage.answer(5).show(T01, "button:text('Hand in now')"),
    "explanations": lambda stage: stage.answer(5).explain().show(T01, ".why"),
    "explanations, unfolded": unfolded,
    "marked text": lambda stage: stage.answer(5).explain(marked=True).show(T01, ".mark"),
    "practice": lambda stage: stage.answer(5).explain().show(f"{T01}/practice", ".options"),
    "practice, ending": practiced,
    "results": lambda stage: stage.answer(5).explain(marked=True).show("results", ".why"),
    "results, none yet": lambda stage: stage.show("results", ".pages"),
    "policy": lambda stage: stage.show("policy", ".clauselist"),
    "policy, nothing found": nothing_found,
    "policy, official text": official_text,
    "clause": lambda stage: stage.show("policy/C17", "article h1"),
    "it just happened": lambda stage: stage.show("happened", ".cards"),
    "a moment": lambda stage: stage.show("happened/friend-request", ".steps"),
    "a moment of danger": lambda stage: stage.show("happened/worrying-message", ".steps"),
    "words": lambda stage: stage.answer(5).explain(marked=True).show("words", ".phrase"),
    "words, none yet": lambda stage: stage.show("words", ".pages"),
    "two tabs": two_tabs,
    "kernel does not answer": warned,
    "server away": away,
    "signed out": signed_out,
    "not writable": not_writable,
    "continued in another window": continued_elsewhere,
    "damaged log": damaged,
    "a page that does not exist": lambda stage: stage.show("nowhere", "h1:text('cannot be shown')"),
    "plain list": lambda stage: stage.plain(),
    "plain content note": lambda stage: stage.plain(T06),
    "plain list, another route taken": lambda stage: left_out(stage).plain(),
    "plain content note, left out": lambda stage: left_out(stage).plain(T06),
    "plain scenario": lambda stage: stage.answer(3).plain(T01),
    "plain explanations": lambda stage: stage.answer(5).explain(marked=True).plain(T01),
    "plain list, one more step": lambda stage: plain_step(stage, "open"),
    "plain booster": lambda stage: plain_step(stage, "open", BOOSTER),
    "plain booster, to talk over": lambda stage: plain_step(stage, "talk", BOOSTER, met=True),
    # what the Center and its reviewer get to print
    "open questions": lambda stage: stage.sheet(
        "questions", questions=questions(load.gaps().values(), [load.scenario(load.find("T06"))]), ruled=[]
    ),
    "review booklet": lambda stage: stage.sheet("booklet", pages=pack([load.find("T06")]), written=WRITTEN),
}

SPACED = """* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important }
p { margin-bottom: 2em !important }"""


@dataclass(frozen=True)
class Look:
    """A screen: its width in CSS px, its scale, the theme, and a style of the reader's own."""

    width: int
    theme: str
    scale: int = 1
    style: str = ""

    def __str__(self) -> str:
        return f"{self.width} px, {self.theme}"


LOOKS = (
    Look(1280, "light"),
    Look(1280, "dark"),
    Look(360, "light"),
    Look(360, "dark"),
    Look(640, "light", scale=2),  # 1280 px at 200 % zoom
    Look(320, "light", style=SPACED),  # reflow (1.4.10) together with text spacing (1.4.12)
)


@pytest.fixture(scope="module")
def stage(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("a11y")
    with serving(miniature.make(folder / "desk"), folder / "state") as front:
        context = chromium.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
        stage = Stage(front, context.new_page())
        yield stage
        stage.after.close()
        context.close()


@contextlib.contextmanager
def seen(page: Page, look: Look) -> Iterator[None]:
    """The page as it looks on a screen."""
    page.emulate_media(color_scheme=look.theme, reduced_motion="reduce")  # type: ignore[arg-type]
    screen = {"width": look.width, "height": 800, "deviceScaleFactor": look.scale, "mobile": False}
    devtools = page.context.new_cdp_session(page)
    devtools.send("Emulation.setDeviceMetricsOverride", screen)
    # Lab loads its theme and lays out its panels after the fact; the plain pages know neither.
    page.wait_for_function(
        """light => innerWidth && (document.body.dataset.jpThemeLight ?? light) === light
            && Math.abs((document.querySelector('.jp-NotebookPanel')?.offsetWidth ?? innerWidth) - innerWidth) < 9""",
        arg=str(look.theme == "light").lower(),
    )
    page.evaluate(
        "css => { const own = new CSSStyleSheet(); own.replaceSync(css); document.adoptedStyleSheets = [own] }",
        look.style,
    )
    yield
    page.evaluate("document.adoptedStyleSheets = []")
    devtools.detach()


CHECKS = (wcag.axe, wcag.targets, wcag.width, wcag.focus, wcag.motion)


@pytest.mark.parametrize("name", STATES)
def test_nothing_stands_in_anybodys_way(stage: Stage, name: str, looks: list[list[str]]) -> None:
    stage.clear()
    STATES[name](stage)
    report: list[str] = []
    for look in LOOKS:
        with seen(stage.page, look):
            found = [line for check in CHECKS for line in check(stage.page)]
        looks.append(found)
        report += (f"{look}: {line}" for line in found)
    assert not report, "\n".join(report)


def test_motion_is_there_and_stops_when_asked(stage: Stage) -> None:
    stage.clear()
    consequence(stage)
    stage.page.emulate_media(reduced_motion="no-preference")
    assert any("fresh" in line for line in wcag.motion(stage.page))
    stage.page.emulate_media(reduced_motion="reduce")
    assert wcag.motion(stage.page) == []


class Reader:
    """Somebody who has a keyboard and hears what a screen reader is told."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def go(self, role: Literal["button", "link"], name: str) -> None:
        """Reach something with the Tab key and press Enter."""
        tab_to(self.page, self.page.get_by_role(role, name=name, exact=role == "button").last)
        self.page.keyboard.press("Enter")

    def lands(self, heading: str, said: str = "") -> None:
        """The focus is on this heading, and the live region has said so much."""
        expect(self.page.locator("h1:focus, h2:focus")).to_have_text(heading)
        self.hears(said)

    def hears(self, said: str) -> None:
        expect(self.page.locator(".course > [role=status][aria-live=polite]")).to_contain_text(said)

    def is_told(self, problem: str) -> None:
        expect(self.page.locator("[role=alert]", has_text=problem)).to_be_visible()


def test_a_whole_assignment_by_keyboard_with_every_step_announced(front: Front, page: Page) -> None:
    reader, key = Reader(page), page.keyboard
    page.goto(front.address)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    reader.go("button", "Look around first")
    reader.lands("Social media and the people in our care")
    reader.go("link", "Start: A friend request from a former client")
    reader.lands("A friend request from a former client")
    expect(page).to_have_title(
        "A friend request from a former client · Social media and the people in our care"
    )

    reader.go("button", "Choose this")
    reader.is_told("Choose one of these first.")
    expect(page.get_by_role("button", name="Choose this", exact=True)).to_be_focused()
    tab_to(page, page.get_by_role("radio").first)
    key.press("ArrowDown")
    expect(page.get_by_role("radio").nth(1)).to_be_focused()
    expect(page.get_by_role("radio").nth(1)).to_be_checked()
    reader.go("button", "Choose this")
    reader.lands("What do you do about it today?", "Saved. The request is gone.")

    reader.go("button", "I would argue this in supervision: What do you do with the request?")
    reader.hears("Noted for supervision.")
    tab_to(page, page.get_by_label("Tell Dana"))
    key.press("Space")
    reader.go("button", "Choose these")
    reader.lands("In which order do you do them?", "Saved. Dana nods.")

    last = page.locator(".ranking li").last
    moved = last.locator(".words").inner_text()
    up = page.get_by_role("button", name=f"Up: {moved}")
    tab_to(page, up)
    key.press("Enter")
    reader.hears(f"Now number 2 of 3: {moved}")
    key.press("ArrowUp")
    reader.hears(f"Now number 1 of 3: {moved}")
    expect(up).to_be_focused()
    reader.go("button", "Choose this order")
    reader.lands("What do you say to her?", "Saved. By four o'clock all three are done.")

    tab_to(page, page.get_by_role("textbox", name="What do you say to her?"))
    key.type("Good to hear you, Rosa.")
    expect(page.get_by_text("Draft saved")).to_be_visible()
    reader.go("button", "This is my answer")
    reader.lands("Write the note.", "Saved. Rosa: Oh. I see.")

    reader.go("button", "This is my answer")
    reader.is_told("Still needed: What happened, What you did.")
    expect(page.get_by_label("What happened")).to_be_focused()
    key.type("A request.")
    key.press("Tab")
    expect(page.get_by_label("What you did")).to_be_focused()
    key.type("Nothing online.")
    reader.go("button", "This is my answer")
    reader.lands("How it ends", "Saved. The note is filed.")

    miniature.explain(front.desk)
    reader.lands("How it ends", "The explanations of your decisions have arrived.")
    reader.go("link", "Next: A voicemail at 5:12")
    reader.lands("A voicemail at 5:12")
    reader.go("button", "Go on to the scenario")
    reader.lands("A voicemail at 5:12")
    support = page.locator("summary", has_text="Support")
    tab_to(page, support)
    key.press("Enter")
    expect(page.get_by_text("Call or text 988")).to_be_visible()
    key.press("Tab")
    expect(page.get_by_role("button", name="Take another route")).to_be_focused()
    key.press("Escape")
    expect(page.get_by_text("Call or text 988")).to_be_hidden()
    expect(support).to_be_focused()
    tab_to(page, page.get_by_role("radio").first)
    key.press("Space")
    reader.go("button", "Choose this")
    reader.lands("How it ends", "Saved. She picks up.")

    reader.go("link", "Back to the course")
    reader.lands("Social media and the people in our care")
    expect(page.get_by_text("2 of 2 done").or_(page.get_by_text("All done for now"))).to_be_visible()
    assert page.broken == []  # type: ignore[attr-defined]
