"""The course's other pages in a real browser: first screen, policy, moments, results, words, practice."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import miniature
import pytest
from kiosk import Front
from playwright.sync_api import Browser, Page, expect
from test_journey import T01, T06, choose, log, question

from scenarios.answers import AnswerLog
from scenarios.desk import Desk
from scenarios.player import Player

pytestmark = pytest.mark.browser
ANSWERS = {
    "request": {"option": "accept"},
    "record": {"options": ["tell"]},
    "triage": {"order": ["safety", "tell-dana", "settings"]},
    "words": {"text": "It was kind of you to write."},
    "entry": {"fields": {"what": "A request.", "done": "Nothing online."}},
}


def played(desk: Path) -> None:
    """T01 was lived through, handed in, explained and marked."""
    player = Player(Desk(desk))
    player.respond({"do": "open", "at": T01})
    for step, answer in ANSWERS.items():
        assert "ok" in player.respond({"do": "answer", "at": T01, "step": step, "answer": answer})
    miniature.explain(desk, marked=True)


def everything(desk: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in desk.rglob("*") if path.is_file()}


def menu(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="Course").get_by_role("link", name=name, exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_be_focused()


def test_one_calm_screen_before_the_first_start(front: Front, page: Page) -> None:
    page.goto(front.address)
    expect(page.get_by_text("All of it, line by line")).to_have_count(0)  # two sentences are all of it here
    for title in ("Who sees my answers", "What is recorded", "What happens if I miss"):
        expect(page.get_by_role("heading", name=title)).to_be_visible()
    expect(page.get_by_text("the best or an acceptable choice on 8 of 10")).to_be_visible()
    page.get_by_role("button", name="Look around first").click()
    expect(page.get_by_text("0 of 2 done")).to_be_visible()
    page.reload()
    expect(page.get_by_text("0 of 2 done")).to_be_visible()
    page.get_by_role("link", name="What is recorded, and what happens if I miss").click()
    expect(page.get_by_role("heading", name="What is recorded")).to_be_visible()
    page.get_by_role("link", name="Start: A friend request").click()
    expect(page.get_by_role("radio").first).to_be_visible()


def test_a_clause_is_found_by_its_words_and_leads_to_its_scenario(front: Front, page: Page) -> None:
    page.goto(front.route("policy"))
    expect(page.get_by_text("3 clauses")).to_be_visible()
    page.get_by_label("Search the clauses").fill("client DANGER")
    expect(page.get_by_text("1 of 3 clauses")).to_be_visible()
    expect(page.get_by_role("link", name="No connections with clients")).to_be_hidden()
    page.get_by_label("Search the clauses").fill("zebra")
    expect(page.get_by_text("No clause has these words.")).to_be_visible()
    page.get_by_label("Search the clauses").fill("c17")
    page.get_by_role("link", name="No connections with clients").click()
    expect(page.get_by_role("heading", level=1, name="No connections with clients")).to_be_focused()
    expect(page.get_by_text("Talk about it in the next session.")).to_be_visible()
    page.get_by_role("link", name="A friend request from a former client").click()
    expect(page.get_by_role("heading", name="What do you do with the request?")).to_be_visible()
    page.evaluate("history.back()")
    expect(page.get_by_role("heading", level=1, name="No connections with clients")).to_be_visible()


def test_it_just_happened_gives_three_steps_and_is_never_logged(front: Front, page: Page) -> None:
    before = everything(front.desk)
    page.goto(front.route("happened"))
    expect(page.get_by_text("Nothing you do on this page is recorded.")).to_be_visible()
    page.get_by_role("link", name="A message worries me").click()
    expect(page.locator(".steps li")).to_have_count(3)
    expect(page.get_by_text("Call or text 988")).to_be_visible()
    expect(page.get_by_text("On-call supervisor").last).to_be_visible()
    expect(page.get_by_text("A crisis can open a search")).to_be_visible()
    page.locator(".pages .back").click()
    page.get_by_role("link", name="A client sent me a friend request").click()
    expect(page.get_by_text("Your supervisor: renee.park@example.org")).to_be_visible()
    expect(page.get_by_text("Call or text 988")).to_have_count(0)
    assert everything(front.desk) == before


def test_results_tie_each_decision_to_its_clause(front: Front, page: Page) -> None:
    played(front.desk)
    page.goto(front.address)
    expect(page.get_by_text("1 of 2 done")).to_be_visible()
    menu(page, "My results")
    expect(page.get_by_text("7.5 of 9 points")).to_be_visible()
    expect(page.get_by_text("Telling Dana early keeps this small.")).to_be_visible()
    page.get_by_role("link", name="Clause C17").first.click()
    expect(page.get_by_role("heading", level=1, name="No connections with clients")).to_be_visible()
    expect(page.get_by_role("link", name=re.compile("Practise it again"))).to_be_visible()


def test_what_to_take_along_stands_after_the_ending(front: Front, page: Page) -> None:
    played(front.desk)
    page.goto(front.route(T01))
    lessons = page.locator(".lessons > div")
    expect(lessons.nth(0)).to_contain_text("What went well")
    expect(lessons.nth(0)).to_contain_text("Accept it")  # the miniature's explanation calls it best
    expect(lessons.nth(1)).to_contain_text("What to do differently")
    expect(lessons.nth(1)).to_contain_text("Tell Dana, and note it.")
    expect(lessons.nth(2)).to_contain_text("No connections with clients")


def test_words_stand_beside_the_model_and_print_alone(front: Front, page: Page) -> None:
    played(front.desk)
    page.goto(front.route("words"))
    phrase = page.locator(".phrase").last
    expect(phrase).to_contain_text("Nothing online.")
    expect(phrase).to_contain_text("What happened: A request came.")
    expect(page.locator(".phrase").first).to_contain_text("It was kind of you to write.")
    page.emulate_media(media="print")
    for gone in (
        page.get_by_role("navigation", name="Course"),
        page.get_by_role("button", name="Print this page"),
    ):
        expect(gone).to_be_hidden()
    expect(phrase).to_be_visible()


CLIPPING = """() => {
  const course = document.querySelector('.course');
  const around = [...document.querySelectorAll('body, body *')].filter(node => node !== course && node.contains(course));
  return around.filter(node => getComputedStyle(node).overflow !== 'visible' || node.clientHeight + 1 < course.clientHeight)
    .map(node => node.className);
}"""


def test_a_long_page_prints_whole(front: Front, page: Page) -> None:
    played(front.desk)
    page.goto(front.route(T01))
    expect(page.get_by_text("Kind and clear.")).to_be_visible()
    assert page.evaluate(CLIPPING), "on screen the course scrolls inside its panels"
    page.emulate_media(media="print")
    assert page.evaluate(CLIPPING) == []


def test_practice_changes_no_score_and_is_explained(front: Front, page: Page) -> None:
    played(front.desk)
    page.goto(front.route(T01))
    expect(page.get_by_text("Kind and clear.")).to_be_visible()
    before = log(front.desk)
    page.get_by_role("link", name="Practise it again, unscored").click()
    expect(page.get_by_text("Practice: nothing here changes your score")).to_be_visible()
    choose(page, "Leave it unanswered")
    question(page, "What do you do about it today?")
    page.reload()
    expect(page.get_by_role("heading", name="What do you do about it today?")).to_be_visible()
    choose(page, "Ask colleagues", "Choose these")
    question(page, "In which order do you do them?")
    page.get_by_role("button", name="Choose this order").click()
    page.locator(".course textarea").fill("Hello.")
    page.get_by_role("button", name="This is my answer").click()
    page.get_by_label("What happened").fill("A request.")
    page.get_by_label("What you did").fill("Nothing online.")
    page.get_by_role("button", name="This is my answer").click()
    question(page, "How it ends")
    expect(page.get_by_role("heading", name="What this run looks like")).to_be_visible()
    expect(page.get_by_text("Just what the policy asks").first).to_be_visible()
    expect(page.get_by_text("This can do harm")).to_be_visible()
    expect(page.get_by_text("points so far")).to_have_count(0)
    page.reload()
    expect(page.get_by_role("heading", name="What this run looks like")).to_be_visible()
    page.get_by_role("link", name="Practise it again, unscored").click()
    expect(page.get_by_role("radio").first).to_be_visible()
    events = log(front.desk)
    assert events[: len(before)] == before
    assert {event["attempt"] for event in events[len(before) :]} == {2, 3}
    page.get_by_role("link", name="Course").click()
    menu(page, "My results")
    expect(page.get_by_text("7.5 of 9 points")).to_be_visible()
    assert page.broken == []  # type: ignore[attr-defined]


def test_a_decision_to_argue_stays_marked_and_is_listed(front: Front, page: Page) -> None:
    page.goto(front.route(T01))
    choose(page, "Leave it unanswered")
    switch = page.get_by_role(
        "button", name="I would argue this in supervision: What do you do with the request?"
    )
    expect(switch).to_have_attribute("aria-pressed", "false")
    switch.click()
    expect(switch).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("status").first).to_contain_text("Noted for supervision.")
    page.reload()
    expect(switch).to_have_attribute("aria-pressed", "true")
    place = front.desk / f"{T01}.answers.jsonl"
    place.unlink()
    played(front.desk)
    again = AnswerLog(place)
    again.read()
    again.append({"attempt": 1, "event": "argued", "step": "record", "on": True})
    page.goto(front.route("results"))
    expect(page.get_by_role("heading", name="To bring to supervision")).to_be_visible()
    expect(page.locator(".plainlist")).to_contain_text("What do you do about it today?")


def test_the_second_tab_says_that_there_are_two(front: Front, page: Page) -> None:
    page.goto(front.route(T01))
    expect(page.get_by_role("radio").first).to_be_visible()
    other = page.context.new_page()
    other.goto(front.route(T01))
    sentence = "This scenario is also open in another tab."
    expect(other.get_by_text(sentence).last).to_be_visible()
    expect(page.get_by_text(sentence)).to_have_count(0)
    third = page.context.new_page()
    third.goto(front.route("policy"))
    expect(third.get_by_text("3 clauses")).to_be_visible()
    expect(third.get_by_text(sentence)).to_have_count(0)


def test_one_more_step_leads_to_the_clause_and_never_says_failed(front: Front, page: Page) -> None:
    played(front.desk)
    miniature.one_more(
        front.desk, "waits", opens=f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"
    )
    page.goto(front.address)
    expect(page.locator(".chip").get_by_text("One more step: C17")).to_be_visible()
    box = page.locator(".one-more")
    expect(box).to_contain_text(
        "Tomorrow there is a short situation on this clause: two decisions, about 2 minutes."
    )
    assert "fail" not in page.locator(".course").inner_text().lower()
    box.get_by_role("link", name="No connections with clients").click()
    expect(page.get_by_role("link", name=re.compile("Practise it again, unscored"))).to_be_visible()


@pytest.mark.parametrize(
    ("route", "sentence"),
    [
        ("policy/C99", "There is no such page in this course."),
        ("100%", "not among those you were given"),
        ("constructor", "not among those you were given"),
        ("elsewhere/T01/practice", "not among those you were given"),
    ],
)
def test_an_unknown_page_is_one_plain_sentence_and_a_way_back(
    front: Front, page: Page, route: str, sentence: str
) -> None:
    page.goto(front.route(route))
    expect(page.get_by_text(sentence)).to_be_visible()
    page.get_by_role("link", name="Back to the course").click()
    expect(page.get_by_role("link", name="Start: A friend request")).to_be_visible()
    assert page.broken == []  # type: ignore[attr-defined]


def test_a_browser_that_remembers_nothing_takes_answers_all_the_same(front: Front, page: Page) -> None:
    page.add_init_script("""for (const name of ['localStorage', 'sessionStorage']) {
        Object.defineProperty(window, name, { get() { throw new DOMException('blocked', 'SecurityError'); } });
    }
    delete window.BroadcastChannel;""")
    page.goto(front.address)
    page.get_by_role("link", name="Start: A friend request").click()
    choose(page, "Leave it unanswered")
    question(page, "What do you do about it today?")
    assert [event["event"] for event in log(front.desk)] == ["started", "answered"]


def test_what_is_pushed_home_leaves_the_focus_and_what_was_opened(front: Front, page: Page) -> None:
    played(front.desk)
    me = json.loads((front.desk / "me.json").read_text())
    me["seen_by"] += ["Whoever looks after the files could open them."]
    (front.desk / "me.json").write_text(json.dumps(me))
    (front.desk / f"{T01}.feedback.json").unlink()
    page.goto(front.route(T01))
    expect(page.get_by_text("The explanations arrive here in a few seconds.")).to_be_visible()
    page.get_by_role("link", name="Back to the course").click()
    page.get_by_text("All of it, line by line").click()
    page.get_by_role("link", name="A voicemail at 5:12").last.focus()
    miniature.explain(front.desk)
    expect(page.get_by_text("Explained")).to_be_visible()
    expect(page.get_by_role("link", name="A voicemail at 5:12").last).to_be_focused()
    expect(page.get_by_text("Whoever looks after the files could open them.")).to_be_visible()


def test_an_order_is_made_by_touch(front: Front, chromium: Browser) -> None:
    context = chromium.new_context(
        viewport={"width": 390, "height": 780}, has_touch=True, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(front.route(T01))
    page.get_by_label("Leave it unanswered").tap()
    page.get_by_role("button", name="Choose this", exact=True).tap()
    page.get_by_label("Tell Dana").tap()
    page.get_by_role("button", name="Choose these").tap()
    rows = page.locator(".ranking li")
    expect(rows).to_have_count(3)
    before = [row.get_attribute("data-id") for row in rows.all()]
    page.locator(".ranking").scroll_into_view_if_needed()
    grip, last = rows.first.locator(".grip").bounding_box(), rows.last.bounding_box()
    assert grip and last
    touch = page.context.new_cdp_session(page)
    x, top, bottom = (
        grip["x"] + grip["width"] / 2,
        grip["y"] + grip["height"] / 2,
        last["y"] + last["height"] - 2,
    )

    def finger(kind: str, y: float | None) -> None:
        points = [] if y is None else [{"x": x, "y": y}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    finger("touchStart", top)
    for part in range(1, 13):
        finger("touchMove", top + (bottom - top) * part / 12)
    finger("touchEnd", None)
    assert [row.get_attribute("data-id") for row in rows.all()] == [*before[1:], before[0]]
    dropped = [*before[1:], before[0]]
    for _ in range(
        5
    ):  # on a busy machine a tap may last so long that it is a long press, which moves nothing
        page.wait_for_timeout(1000)
        if (order := [row.get_attribute("data-id") for row in rows.all()]) != dropped:
            break
        rows.last.get_by_role("button", name="Up").tap()
    assert order == [before[1], before[0], before[2]]
    context.close()


def test_only_what_nobody_approved_says_that_it_is_a_draft(front: Front, page: Page) -> None:
    view = (front.desk / T01).with_suffix(".json")
    approval = {"by": "Amara Nwosu", "credential": "LCSW", "on": "2027-01-31"}
    view.write_text(json.dumps(json.loads(view.read_text()) | {"approved": approval}))
    (assignment,) = miniature.ME["assignments"]
    scenarios = [one | {"approved": one["id"] == "T01"} for one in assignment["scenarios"]]
    (front.desk / "me.json").write_text(
        json.dumps(miniature.ME | {"assignments": [assignment | {"scenarios": scenarios}]})
    )
    page.goto(front.address)
    page.get_by_role("button", name="Look around first").click()
    cards = page.locator(".card", has_text="minutes")
    expect(cards.filter(has_text="A friend request")).not_to_contain_text("draft")
    expect(cards.filter(has_text="A voicemail at 5:12")).to_contain_text("draft")
    plain = page.url.partition("/doc/")[0] + "/course/plain"
    for scenario, draft in ((T01, 0), (T06, 1)):
        page.evaluate("route => { location.hash = `#/${route}` }", scenario)
        expect(page.locator(".note, .options").first).to_be_visible()
        expect(page.get_by_text("Draft, not yet approved by the Center")).to_have_count(draft)
    for scenario, draft in ((T01, 0), (T06, 1)):
        page.goto(f"{plain}/{scenario}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.get_by_text("draft, not yet approved by the Center")).to_have_count(draft)
