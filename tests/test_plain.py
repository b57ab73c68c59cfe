"""The plain-text route: on the real server, without a browser and without a kernel."""

from __future__ import annotations

import json
import re
import resource
import shutil
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import miniature
import pytest

from grading.course import Course
from scenarios import numbered
from scenarios.answers import AnswerLog
from scenarios.desk import Desk
from scenarios.opened import Opened

sys.path.insert(0, str(Path(__file__).parent / "browser"))

from kiosk import REPOSITORY, Front, serving, started, until

T01 = f"{miniature.ASSIGNMENT}/T01"
T06 = f"{miniature.ASSIGNMENT}/T06"
THREE = ["a", "b", "c"]


# --- numbers ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed", ["2", " 2 ", "2.", "2)", "(2)", "2:", "option 2", "Option 2.", "２", "②", "٢", "02", "2\n"]
)
def test_a_number_is_understood_however_it_is_typed(typed: str) -> None:
    assert numbered.read("choice", THREE, typed) == {"option": "b"}


@pytest.mark.parametrize(
    "typed", ["3, 1", "3 1", "1,3", "3;1", "options 1 and 3", "1. 3.", "３，１", "1、3", "1, 3,"]
)
def test_several_numbers_come_in_the_lists_order(typed: str) -> None:
    assert numbered.read("multiple", THREE, typed) == {"options": ["a", "c"]}


def test_an_order_is_the_trainees_own() -> None:
    assert numbered.read("order", THREE, "3 1 2") == {"order": ["c", "a", "b"]}


@pytest.mark.parametrize(
    ("kind", "typed", "sentence"),
    [
        ("choice", "", "Type the number of your answer, from 1 to 3."),
        ("choice", "option", "Type the number of your answer, from 1 to 3."),
        ("multiple", " , ", "Type at least one number, from 1 to 3."),
        ("order", "", "Type all 3 numbers in your order, each once."),
        ("choice", "ii", "“ii” is not a number of the list. Type digits, from 1 to 3."),
        ("choice", "two", "“two” is not a number of the list. Type digits, from 1 to 3."),
        ("choice", "-1", "“-1” is not a number of the list. Type digits, from 1 to 3."),
        ("choice", "2.5", "“2.5” is not a number of the list. Type digits, from 1 to 3."),
        ("multiple", "1-3", "“1-3” is not a number of the list. Type digits, from 1 to 3."),
        ("choice", "9" * 5000, f"“{'9' * 20}” is not a number of the list. Type digits, from 1 to 3."),
        ("choice", "0", "There is no number 0 here; the list goes from 1 to 3."),
        ("order", "213", "There is no number 213 here; the list goes from 1 to 3."),
        ("choice", "1 2", "Type one number only, from 1 to 3."),
        ("multiple", "2, 2", "You typed 2 more than once. Type each number once."),
        ("order", "2 1 2", "You typed 2 more than once. Type each number once."),
        ("order", "2", "Still missing: 1, 3. Type all 3 numbers in your order, each once."),
    ],
)
def test_what_is_no_answer_is_told_in_one_sentence(kind: Any, typed: str, sentence: str) -> None:
    assert numbered.read(kind, THREE, typed) == sentence


def test_the_pages_load_neither_yaml_nor_pandas_nor_nbgrader() -> None:
    code = "import sys, scenarios.lab.plain; print(*sorted(m for m in sys.modules if '.' not in m))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"ruamel", "yaml", "pandas", "matplotlib", "nbgrader", "sqlalchemy", "grading"}
    # Jupyter's own server reads its event schemas as YAML; nothing of ours may add to that.
    code = "import sys, jupyter_server.serverapp; print(*sorted(m for m in sys.modules if '.' not in m))"
    bare = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not heavy & (set(loaded.stdout.split()) - set(bare.stdout.split()))


# --- pages --------------------------------------------------------------------------------------------


class Words(HTMLParser):
    """A page as it is read: its words, and the fields of its forms."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.fields: dict[str, str] = {}
        self._area = ""
        self.feed(page)
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        self._area = given.get("name", "") if tag == "textarea" else ""
        if "name" in given and tag != "meta":
            self.fields[given["name"]] = given.get("value", "")

    def handle_data(self, data: str) -> None:
        if self._area:
            self.fields[self._area] = data.removeprefix("\n")
        else:
            self.words.append(data)

    def handle_endtag(self, tag: str) -> None:
        self._area = ""


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


@dataclass
class Reader:
    """Somebody who reads the pages with nothing but HTTP: keeps cookies, sends forms back."""

    front: Front
    opener: urllib.request.OpenerDirector = field(
        default_factory=lambda: urllib.request.build_opener(urllib.request.HTTPCookieProcessor(), _Stay())
    )
    status: int = 0
    headers: Any = None
    page: str = ""

    @property
    def server(self) -> str:
        return self.front.address.partition("/doc/")[0]

    def ask(self, path: str, body: dict[str, str] | None = None) -> Words:
        data = urllib.parse.urlencode(body).encode() if body is not None else None
        try:
            reply = self.opener.open(f"{self.server}{path}", data, timeout=20)
        except urllib.error.HTTPError as error:
            reply = error
        with reply:
            self.status, self.headers, self.page = reply.status, reply.headers, reply.read().decode()
        return Words(self.page)

    def get(self, route: str = "") -> Words:
        return self.ask(f"/course/plain/{route}".removesuffix("/"))

    def post(self, route: str, **typed: str) -> Words:
        """Fill in the form of the page as it is now, and send it; follow where that leads."""
        return self.send(route, {**self.get(route).fields, **typed})

    def send(self, route: str, body: dict[str, str]) -> Words:
        words = self.ask(f"/course/plain/{route}", body)
        if self.status != 303:
            return words
        return self.ask(urllib.parse.urlsplit(self.headers["Location"]).path)


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    folder = tmp_path_factory.mktemp("plain")
    with serving(miniature.make(folder / "desk"), folder / "state") as running:
        yield running


@pytest.fixture
def reader(front: Front) -> Reader:
    folder = front.desk / miniature.ASSIGNMENT
    for path in [*folder.glob("*.answers.jsonl"), *folder.glob("*.feedback.json"), folder / "handed_in.json"]:
        path.unlink(missing_ok=True)
    shutil.rmtree(front.desk / "boosters", ignore_errors=True)
    (front.desk / "me.json").write_text(json.dumps(miniature.ME))
    found = Reader(front)
    found.ask(f"/course/plain?{urllib.parse.urlsplit(front.address).query}")
    assert found.status == 200
    return found


ENTRIES: dict[str, Callable[[list[str]], dict[str, str]]] = {
    "request": lambda _: {"answer": "2."},
    "record": lambda _: {"answer": "2, 1"},
    "triage": lambda ids: {
        "answer": " ".join(str(ids.index(name) + 1) for name in ("safety", "tell-dana", "settings"))
    },
    "words": lambda _: {"answer": "Good to hear you.\r\n\r\n  <b>Really</b> & truly. "},
    "entry": lambda _: {"field-what": "A request.", "field-done": "Nothing\r\nonline."},
}
ANSWERS: dict[str, dict[str, Any]] = {
    "request": {"option": "decline"},
    "record": {"options": ["tell", "note"]},
    "triage": {"order": ["safety", "tell-dana", "settings"]},
    "words": {"text": "Good to hear you.\n\n  <b>Really</b> & truly. "},
    "entry": {"fields": {"what": "A request.", "done": "Nothing\nonline.", "next": ""}},
}


def numbers(desk: Path, step: str) -> list[str]:
    """The ids of a decision's options, in the order in which they are numbered."""
    scenario, _ = Desk(desk).places()[T01].load()
    decision = scenario.steps[step].decision
    return [option.id for option in decision.options] if decision else []


def play(reader: Reader, stop: str | None = None) -> Words:
    for step, entry in ENTRIES.items():
        if step == stop:
            break
        page = reader.post(T01, **entry(numbers(reader.front.desk, step)))
        assert reader.status == 200, page.text
    return page


def events(desk: Path, route: str = T01) -> list[dict[str, Any]]:
    path = desk / f"{route}.answers.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def bare(log: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: value for key, value in event.items() if key != "at"} for event in log]


def test_a_whole_scenario_is_logged_as_the_player_logs_it(reader: Reader, tmp_path: Path) -> None:
    page = play(reader)
    assert "How it ends" in page.text
    assert "Your answers are saved." in page.text
    assert "put in this order: Check that nobody is in danger. Talk with Dana." in page.text
    assert "<b>Really</b> & truly." in page.text
    assert "&lt;b&gt;Really" in reader.page

    by_hand = Opened.read(Desk(miniature.make(tmp_path / "desk")).places()[T01])
    by_hand.start()
    for step, answer in ANSWERS.items():
        by_hand.answer(step, answer)
    assert bare(events(reader.front.desk)) == bare(events(tmp_path / "desk"))


def test_an_answer_leads_to_what_follows_and_a_reload_posts_nothing(reader: Reader) -> None:
    body = {**reader.get(T01).fields, "answer": "2"}
    reader.ask(f"/course/plain/{T01}", body)
    assert reader.status == 303
    assert reader.headers["Location"] == f"/course/plain/{T01}#now"
    page = reader.get(T01)
    assert re.search(r'id="now"[^>]*>\s*<h3>Saved. You chose:', reader.page)
    assert "The request is gone." in page.text
    assert "What do you do about it today?" in page.text
    assert "In which order" not in page.text
    assert len(events(reader.front.desk)) == 2


def test_reading_alone_logs_nothing(reader: Reader) -> None:
    page = reader.get(T01)
    assert "half a sandwich" in page.text
    assert "Decision 1 of about 5" in page.text
    assert events(reader.front.desk) == []


@pytest.mark.parametrize(
    ("stop", "typed", "sentence"),
    [
        ("request", {"answer": "seven"}, "“seven” is not a number of the list."),
        ("record", {"answer": "1, 1"}, "You typed 1 more than once."),
        ("triage", {"answer": "3 1"}, "Still missing: 2."),
        ("words", {"answer": " \n "}, "Write a sentence or two first."),
        ("entry", {"field-what": "", "field-done": "<i>Done</i>"}, "Still needed: What happened."),
    ],
)
def test_a_wrong_entry_is_told_kept_and_not_logged(
    reader: Reader, stop: str, typed: dict[str, str], sentence: str
) -> None:
    if stop != "request":
        play(reader, stop)
    before = events(reader.front.desk)
    page = reader.post(T01, **typed)
    assert reader.status == 422
    assert sentence in page.text
    assert {name: page.fields[name] for name in typed} == typed
    assert page.text.count("Not saved yet:") == 1  # the page's title says it, too
    assert events(reader.front.desk) == before


def test_a_page_left_behind_is_told_and_loses_no_words(reader: Reader) -> None:
    play(reader, "words")
    body = {**reader.get(T01).fields, "answer": "My own <em>words</em>."}
    reader.post(T01, answer="Said elsewhere.")
    before = events(reader.front.desk)
    page = reader.send(T01, body)
    assert reader.status == 409
    assert "This question was answered already." in page.text
    assert "What you had typed, not saved My own <em>words</em>." in page.text
    assert page.fields["step"] == "entry"
    assert events(reader.front.desk) == before


def test_an_answer_after_the_ending_changes_nothing(reader: Reader) -> None:
    play(reader, "entry")
    body = {**reader.get(T01).fields, **ENTRIES["entry"]([])}
    reader.send(T01, body)
    before = events(reader.front.desk)
    page = reader.send(T01, body)
    assert (reader.status, events(reader.front.desk)) == (409, before)
    assert "This question was answered already." in page.text
    assert "Your answers are saved." in page.text


def test_a_note_and_support_come_before_anything_is_logged(reader: Reader) -> None:
    page = reader.get(T06)
    assert page.text.index("a client who may be in danger") < page.text.index("988 Lifeline")
    assert "misses a session" not in page.text
    assert "Take another route" in page.text
    assert events(reader.front.desk, T06) == []
    page = reader.post(T06, do="begin")
    assert [event["event"] for event in events(reader.front.desk, T06)] == ["started"]
    assert "misses a session" in page.text
    assert "988 Lifeline" in page.text
    page = reader.post(T06, answer="1")
    assert "She is safe." in page.text
    assert "988 Lifeline" in page.text


def test_another_route_leads_on_and_the_list_says_what_that_means(reader: Reader) -> None:
    page = reader.post(T06, do="reroute")
    assert "Decision 1 of about 5" in page.text  # the other scenario that the note names
    assert [event["event"] for event in events(reader.front.desk, T06)] == ["rerouted"]
    play(reader)
    reader.post(T06, do="begin")  # taken up again
    assert "misses a session" in reader.get(T06).text
    page = reader.post(T06, do="reroute")  # the other one is done by now
    assert reader.headers["Location"] is None and "Your scenarios" in page.text
    assert "Another route taken · 6 minutes" in page.text
    assert "It is left out and counts as done, and you can still open it any time." in page.text
    page = reader.get(T06)
    assert "“A voicemail at 5:12” is left out and counts as done" in page.text
    assert "misses a session" not in page.text and "Take another route" not in page.text
    recorded = [event["event"] for event in events(reader.front.desk, T06)]
    assert recorded == ["rerouted", "started", "rerouted"]


def test_the_list_says_where_each_scenario_stands(reader: Reader) -> None:
    page = reader.get()
    assert "Start: A friend request from a former client" in page.text
    assert "Not started · Due December 23, 2099 · about 13 minutes left" in page.text
    assert "content note" in page.text
    play(reader, "record")
    page = reader.get()
    assert "Continue: A friend request" in page.text
    assert "In progress, 1 of about 5 decisions · 7 minutes" in page.text


def test_what_was_begun_in_the_player_stands_in_the_box(reader: Reader) -> None:
    play(reader, "words")
    opened = Opened.read(Desk(reader.front.desk).places()[T01])
    opened.draft("words", {"text": "\nGood to "})
    assert reader.get(T01).fields["answer"] == "\nGood to "


def test_it_is_handed_in_and_says_why_it_did_not_go(reader: Reader) -> None:
    play(reader)
    until(lambda: "They are not handed in yet." in reader.get(T01).text, 30)
    page = reader.get(T01)
    assert "tell your supervisor" in page.text  # the helper's own sentence: this course has no exchange
    reader.post(T01)
    assert "They are being handed in." in Words(reader.page).text
    until(lambda: "They are not handed in yet." in reader.get(T01).text, 30)


def test_what_was_finished_is_handed_in_graded_and_explained(
    released: Course, take: Callable[..., Path]
) -> None:
    (released.source / "home.ipynb").write_bytes((REPOSITORY / "notebooks" / "home.ipynb").read_bytes())
    state = str(released.root.parent / "state")
    with started("grading", "run", "--trainee", "maya.ortiz", XDG_STATE_HOME=state) as (process, address):
        desk = released.desk("maya.ortiz")
        reader = Reader(Front(address, desk, process))
        reader.ask(f"/course/plain?{urllib.parse.urlsplit(address).query}")
        take(desk, "mini", "T90", "best")
        until(lambda: "Explained" in reader.get().text, 90)
        page = reader.get("mini/T90")
        assert "Your answers are saved. Handed in on" in page.text
        assert "Being marked by" in page.text
        assert "Just what the policy asks" in page.text


def test_the_explanations_are_shown_once_they_have_arrived(reader: Reader) -> None:
    play(reader)
    miniature.explain(reader.front.desk, marked=True)
    page = reader.get(T01)
    assert "Handed in on November 23, 2026" in page.text
    assert "7.5 of 9 points so far." in page.text
    assert "Just what the policy asks" in page.text
    assert "Nothing binds you to answer" in page.text
    assert "2 of 2 points from Renée Park Kind and clear." in page.text
    assert "Therapists do not connect with clients" in page.text
    assert "hand_in" not in reader.page
    assert "Explained" in reader.get().text


def test_a_booster_is_listed_and_played_by_number(reader: Reader) -> None:
    assert "One more step" not in reader.get().text
    miniature.one_more(reader.front.desk, "waits", opens="2999-01-01T09:00:00Z")
    assert "From January 1 on there is a short situation on this clause" in reader.get().text
    miniature.one_more(reader.front.desk, "open")
    assert "Meet it again: No connections with clients" in reader.get().text
    route = "boosters/B17a"
    for step, number in (("stall", "2"), ("home", "2")):
        page = reader.post(route, do="answer", step=step, answer=number)
    assert "The plums are gone by Monday." in page.text and "Practi" not in page.text
    assert [event.get("option") for event in events(reader.front.desk, route)] == [
        None,
        "plums",
        "leave",
        None,
    ]
    miniature.one_more(reader.front.desk, "cleared", met=True)
    assert "Cleared: No connections with clients You met it again and kept it." in reader.get(route).text
    assert "One more step" not in reader.get().text


def test_an_unknown_page_is_one_sentence(reader: Reader) -> None:
    for route in (f"{miniature.ASSIGNMENT}/T99", "other/T01", "T01", f"{T01}/more", "..%2f..%2fme.json/T01"):
        page = reader.get(route)
        assert reader.status == 404
        assert "There is no such page in the course." in page.text
        assert "All scenarios" in page.text
    assert reader.send("other/T01", {"do": "begin"}).text.count("not saved") == 0


def test_what_is_damaged_is_told_where_it_is(reader: Reader) -> None:
    path = reader.front.desk / f"{T06}.json"
    whole = path.read_text()
    try:
        path.write_text("{")
        page = reader.get()
        assert "T06.json on your desk is damaged; ask your supervisor to have it renewed." in page.text
        assert "Start: A friend request" in page.text
        page = reader.get(T06)
        assert reader.status == 500
        assert "T06.json on your desk is damaged" in page.text
    finally:
        path.write_text(whole)


def test_a_damaged_desk_is_told_on_every_page(reader: Reader) -> None:
    path = reader.front.desk / "me.json"
    whole = path.read_text()
    try:
        path.write_text("[]")
        for page in (reader.get(), reader.get(T01)):
            assert "me.json on your desk is damaged; ask your supervisor to have it renewed." in page.text
    finally:
        path.write_text(whole)


def test_a_line_that_cannot_be_read_is_said(reader: Reader) -> None:
    play(reader, "record")
    with (reader.front.desk / f"{T01}.answers.jsonl").open("a") as log:
        log.write("{torn\n")
    assert "One line of your saved answers could not be read" in reader.get(T01).text


def test_a_full_disk_saves_nothing_and_keeps_the_words(reader: Reader) -> None:
    play(reader, "words")
    before = (reader.front.desk / f"{T01}.answers.jsonl").read_bytes()
    server = reader.front.process.pid
    unlimited = resource.prlimit(server, resource.RLIMIT_FSIZE, (len(before), resource.RLIM_INFINITY))
    try:
        page = reader.post(T01, answer="My words.")
    finally:
        resource.prlimit(server, resource.RLIMIT_FSIZE, unlimited)
    assert reader.status == 500
    assert "This could not be saved (File too large). What was saved before is safe;" in page.text
    assert page.fields["answer"] == "My words."
    assert (reader.front.desk / f"{T01}.answers.jsonl").read_bytes() == before
    reader.post(T01, answer="My words.")
    assert events(reader.front.desk)[-1]["text"] == "My words."


def test_an_answer_that_is_too_long_is_told_and_kept(reader: Reader) -> None:
    play(reader, "words")
    page = reader.post(T01, answer="long " * 4000)
    assert "This answer is too long to be kept." in page.text
    assert page.fields["answer"] == "long " * 4000
    assert events(reader.front.desk)[-1]["step"] == "triage"


def test_a_broken_byte_does_not_lose_the_rest(reader: Reader) -> None:
    play(reader, "words")
    page = reader.get(T01)
    body = urllib.parse.urlencode({**page.fields, "answer": "Good "}).encode() + b"%FFto hear you"
    with pytest.raises(urllib.error.HTTPError, match="303"):
        reader.opener.open(f"{reader.server}/course/plain/{T01}", body, timeout=20)
    assert events(reader.front.desk)[-1]["text"] == "Good \ufffdto hear you"


def test_only_the_trainee_gets_in(reader: Reader) -> None:
    stranger = Reader(reader.front)
    stranger.get(T01)
    assert stranger.status == 302
    assert "/login" in stranger.headers["Location"]
    stranger.send(T01, {"do": "answer", "step": "request", "answer": "1"})
    assert stranger.status == 403
    assert events(reader.front.desk) == []


def test_a_form_from_elsewhere_is_refused_and_its_words_are_not_lost(reader: Reader) -> None:
    page = reader.send(T01, {"do": "answer", "step": "request", "answer": "Long & typed"})
    assert reader.status == 403
    assert "nothing was saved just now" in page.text
    assert "Long & typed" in page.text
    assert events(reader.front.desk) == []


def test_a_page_holds_no_script_and_asks_for_nothing_elsewhere(reader: Reader) -> None:
    play(reader)
    miniature.explain(reader.front.desk)
    for route in ("", T01, T06, "other/T01"):
        reader.get(route)
        assert reader.headers["Cache-Control"] == "no-store"
        assert "default-src 'none'" in reader.headers["Content-Security-Policy"]
        assert "<script" not in reader.page
        assert not re.search(r"""(?:src|href|action)=["']?(?:https?:)?//""", reader.page)
        assert not re.search(r"\son[a-z]+=", reader.page)
        assert reader.page.count("<h1") == 1
        assert '<html lang="en">' in reader.page
        assert "/doc/tree/home.ipynb" in reader.page


def test_the_other_window_is_told_too(reader: Reader) -> None:
    """The player keeps a log open; what was answered here makes it reload instead of writing over it."""
    log = AnswerLog(reader.front.desk / f"{T01}.answers.jsonl")
    log.read()
    play(reader, "record")
    with pytest.raises(Exception, match="continued in another window"):
        log.append({"attempt": 1, "event": "drafted", "step": "request", "option": "accept"})
