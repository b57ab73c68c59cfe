"""A hundred kernels killed while somebody answers: whatever the page ever showed as saved is in the log."""

from __future__ import annotations

import contextlib
import copy
import json
import os
import random
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import miniature
import pytest
from kiosk import Front, serving
from playwright.sync_api import Browser, Page, expect

from scenarios import model, publish
from scenarios.answers import parse
from scenarios.session import Session
from scenarios.view import said

pytestmark = pytest.mark.browser
KILLS = 100
AT_MOST = 0.5
"""Seconds, from the first answer that a kernel saved, in which it is killed."""
ROUNDS = 8
"""How often a scenario asks each of the five kinds of decision: 40 decisions in all."""

# A trainee who answers as fast as the page lets them, and a witness of whatever is shown as saved.
ROBOT = """(() => {
  const any = list => list[Math.floor(Math.random() * list.length)];
  const words = () => `These are my words, ${Math.random().toString(36).slice(2)}.`;
  const typed = new WeakSet();

  new MutationObserver(changes => {
    for (const node of changes.flatMap(change => [...change.addedNodes])) {
      const status = node.parentElement?.closest('.course .status');
      if (status && status.textContent === 'Draft saved') {
        const area = status.closest('form').querySelector('textarea');
        witness({ draft: area.value });
      }
      if (node.classList?.contains('saved')) {
        const turn = node.closest('.turn');
        const lines = [...turn.querySelectorAll('.yours :is(li, dd, .typed)')].map(line => line.textContent);
        witness({ route: location.hash.slice(2), asked: turn.querySelector('.asked').textContent, lines });
      }
      if (node.classList?.contains('decision') || node.querySelector?.('.decision')) {
        const status = document.querySelector('.course .decision .status');
        if (/could not be confirmed/.test(status?.textContent)) witness({ unconfirmed: true });
      }
    }
  }).observe(document, { childList: true, subtree: true });

  setInterval(() => {
    const form = document.querySelector('.course .open .decision');
    if (!form) return document.querySelector('.course .after .primary, .course .next a')?.click();
    const choose = form.querySelector('.button.primary');
    if (choose.getAttribute('aria-disabled') === 'true') return;
    const stuck = form.querySelector('.problem button');
    if (stuck) return stuck.click();
    const ticks = [...form.querySelectorAll('input')];
    const areas = [...form.querySelectorAll('textarea')];
    if (ticks.length && !ticks.some(tick => tick.checked)) any(ticks).click();
    if (form.classList.contains('order') && Math.random() < 0.5) any([...form.querySelectorAll('.moves button')]).click();
    for (const area of areas.filter(area => !typed.has(area))) {
      typed.add(area);
      area.value ||= words(); // what came back after a kill stays
      area.dispatchEvent(new Event('input'));
    }
    // Every other answer in one's own words is committed only once its draft is saved.
    const patient = areas.length === 1 && /[02468]\\)/.test(form.querySelector('legend').textContent);
    if (patient && form.querySelector('.status').textContent !== 'Draft saved') return;
    choose.click();
  }, 5);

  // Where a new kernel hangs, the page says so and offers to start again: who has waited a while presses it.
  setInterval(() => document.querySelector('.course-front-wait button')?.click(), 15000);
})()"""


@dataclass
class Seat:
    """One trainee at a desk, and what their page showed as saved."""

    front: Front
    page: Page
    answers: list[dict[str, object]] = field(default_factory=list)
    drafts: list[str] = field(default_factory=list)
    unconfirmed: int = 0
    kernel: int = 0
    before: int = 0  # what was shown as saved before this kernel
    due: float | None = None

    def witness(self, shown: dict[str, object]) -> None:
        if "draft" in shown:
            self.drafts.append(str(shown["draft"]))
        elif "unconfirmed" in shown:
            self.unconfirmed += 1
        else:
            self.answers.append(shown)

    @property
    def answers_again(self) -> bool:
        """Whether a kernel that was not killed yet has saved something."""
        running = self.front.kernels()
        if running and running != [self.kernel]:
            (self.kernel,), self.before, self.due = running, self.saved, None
        return bool(running) and self.saved > self.before

    @property
    def saved(self) -> int:
        return len(self.answers) + len(self.drafts)

    def kill(self) -> None:
        os.kill(self.kernel, signal.SIGKILL)
        self.due = None


def long(number: int) -> miniature.Json:
    """A scenario that asks the five kinds of decision over and over; each question has a name of its own."""
    scenario = copy.deepcopy(miniature.T01) | {"id": f"T{number}", "title": f"Number {number}"}
    steps = [step for step in scenario["steps"] if "decision" in step]
    end = scenario["steps"][-1]
    following = [(step["id"], turn) for turn in range(ROUNDS) for step in steps]
    scenario["steps"] = []
    for place, (name, turn) in enumerate(following):
        step = copy.deepcopy(next(step for step in steps if step["id"] == name))
        after = "-".join(map(str, following[place + 1])) if place + 1 < len(following) else "end"
        step["id"], decision = f"{name}-{turn}", step["decision"]
        decision["prompt"] += f" ({turn})"
        for one in (decision, *decision["options"]) if "options" in decision else (decision,):
            if "next" in one:
                one["next"] = after
        scenario["steps"].append(step)
    return scenario | {"start": "request-0", "steps": [*scenario["steps"], end]}


SCENARIOS = [long(number) for number in range(10, 60)]


def desk(path: Path) -> Path:
    miniature.make(path)
    given = []
    for scenario in SCENARIOS:
        view = publish.trainee_view(model.from_dict(scenario), miniature.SHA)
        (path / miniature.ASSIGNMENT / f"{scenario['id']}.json").write_text(json.dumps(view))
        given.append(
            {key: scenario[key] for key in ("id", "version", "title", "minutes")}
            | {"note": False, "marked": []}
        )
    (assignment,) = miniature.ME["assignments"]
    me = miniature.ME | {"assignments": [assignment | {"scenarios": given}]}
    (path / "me.json").write_text(json.dumps(me))
    return path


@pytest.fixture
def seats(tmp_path: Path, chromium: Browser) -> Iterator[list[Seat]]:
    """Two trainees, so that one answers while the other's kernel starts."""
    with contextlib.ExitStack() as stack:
        seats = []
        for name in ("one", "two"):
            front = stack.enter_context(serving(desk(tmp_path / name), tmp_path / f"{name}-state"))
            context = stack.enter_context(contextlib.closing(chromium.new_context(reduced_motion="reduce")))
            seats.append(Seat(front, context.new_page()))
        yield seats


@pytest.mark.timeout(900)
def test_whatever_was_shown_as_saved_is_in_the_log_after_a_hundred_kills(seats: list[Seat]) -> None:
    seed = random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}")
    dice = random.Random(seed)
    for seat in seats:
        seat.page.expose_function("witness", seat.witness)
        seat.page.add_init_script(ROBOT)
        seat.page.goto(seat.front.route(f"{miniature.ASSIGNMENT}/{SCENARIOS[0]['id']}"))

    kills, patience = 0, time.monotonic() + 60
    while kills < KILLS:
        for seat in seats:
            if not seat.answers_again:
                continue
            seat.due = seat.due or time.monotonic() + dice.uniform(0, AT_MOST)
            if time.monotonic() >= seat.due:
                seat.kill()
                kills += 1
                patience = time.monotonic() + 60
        assert time.monotonic() < patience, [seat.page.locator("body").inner_text()[-300:] for seat in seats]
        seats[0].page.wait_for_timeout(dice.uniform(1, 10))
    for seat in seats:
        while not seat.answers_again:
            assert time.monotonic() < patience, seat.page.locator("body").inner_text()
            seat.page.wait_for_timeout(50)
        expect(seat.page.locator(".jp-Dialog")).to_have_count(0)
        seat.page.goto("about:blank")

    for seat in seats:
        logged, drafted = replayed(seat.front.desk)
        shown = [(one["route"], one["asked"], one["lines"]) for one in seat.answers]
        print(
            f"{len(shown)} answers shown as saved, {len(logged)} in the log, {seat.unconfirmed} not confirmed; "
            f"{len(seat.drafts)} drafts shown as saved, {len(drafted)} in the log"
        )
        rest = iter(logged)
        lost = [one for one in shown if one not in rest]  # each is looked for after the one before it
        assert lost == []
        assert set(seat.drafts) <= set(drafted)
    assert any(seat.drafts for seat in seats)
    assert sum(seat.unconfirmed for seat in seats) > 0, "no kernel was killed while an answer was on its way"


def replayed(desk: Path) -> tuple[list[tuple[str, str, list[str]]], list[str]]:
    """The answers that the logs hold, as a page shows them, and the drafts; nothing in them is torn or doubled."""
    answers: list[tuple[str, str, list[str]]] = []
    drafts = []
    for data in SCENARIOS:
        path = desk / miniature.ASSIGNMENT / f"{data['id']}.answers.jsonl"
        if not path.exists():
            continue
        content = path.read_bytes()
        assert content.endswith(b"\n")
        log = parse(content)
        assert log.problems == []
        scenario = model.from_dict(data)
        assert Session(scenario, log.events).problems == []
        assert [event["event"] for event in log.events].count("started") == 1
        for event in log.events:
            if event["event"] == "answered":
                decision = scenario.steps[event["step"]].decision
                assert decision
                lines = [line["text"] for line in said(decision, event)]
                answers.append((f"{miniature.ASSIGNMENT}/{data['id']}", decision.prompt, lines))
            elif event["event"] == "drafted":
                drafts.append(event["text"] if "text" in event else event["fields"]["what"])
    assert len({answer[:2] for answer in answers}) == len(answers)
    return answers, drafts
