from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import miniature
import pytest

import scenarios
from scenarios import opened as opened_module
from scenarios import player as player_module
from scenarios.answers import AnswerLog
from scenarios.desk import Desk, Place
from scenarios.player import Player

T01 = f"{miniature.ASSIGNMENT}/T01"
T06 = f"{miniature.ASSIGNMENT}/T06"
BEST: dict[str, dict[str, Any]] = {
    "request": {"option": "decline"},
    "record": {"options": ["tell", "note"]},
    "triage": {"order": ["safety", "tell-dana", "settings"]},
    "words": {"text": "Good to hear you."},
    "entry": {"fields": {"what": "A request.", "done": "Nothing online."}},
}


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    return miniature.make(tmp_path / "desk")


@pytest.fixture
def player(desk: Path) -> Player:
    return Player(Desk(desk))


def ask(player: Player, do: str, at: str = T01, **more: Any) -> dict[str, Any]:
    reply = player.respond({"n": 7, "do": do, "at": at, **more})
    assert reply["n"] == 7
    json.dumps(reply)  # it travels as JSON
    return reply


def play_all(player: Player) -> dict[str, Any]:
    view = ask(player, "open")["ok"]
    for step, answer in BEST.items():
        view = ask(player, "answer", step=step, answer=answer)["ok"]
    return view


def events(desk: Path, scenario: str = "T01") -> list[str]:
    path = desk / miniature.ASSIGNMENT / f"{scenario}.answers.jsonl"
    return [json.loads(line)["event"] for line in path.read_text().splitlines()] if path.exists() else []


def test_home_says_who_i_am_and_what_i_have(player: Player) -> None:
    home = player.first["ok"]
    assert home["name"] == "Maya Ortiz"
    assert home["next"]["route"] == T01
    assert [row["state"] for row in home["assignments"][0]["scenarios"]] == ["new", "new"]
    assert home["assignments"][0]["minutes_left"] == 13


def test_a_whole_scenario_is_logged_and_finished_with_its_last_answer(player: Player, desk: Path) -> None:
    view = play_all(player)
    assert events(desk) == ["started", *["answered"] * 5, "finished"]
    assert view["finished"]
    assert view["turns"][0]["followed"] == [
        [{"text": miniature.T01["steps"][0]["decision"]["options"][1]["consequence"]}]
    ]
    assert view["handed_in"]["state"] == "waiting"
    assert ask(player, "home", "")["ok"]["next"]["route"].endswith("T06")


def test_nothing_shown_before_it_is_reached_and_no_key_at_all(player: Player) -> None:
    text = json.dumps(ask(player, "open")["ok"])
    assert "It makes you wonder" not in text
    assert "She answers within a minute" not in text
    for key in ("points", "correct", "harmful", "rationale", "rubric"):
        assert f'"{key}"' not in text


def test_reopening_replays_the_log(player: Player, desk: Path) -> None:
    ask(player, "open")
    ask(player, "answer", step="request", answer=BEST["request"])
    ask(player, "draft", step="record", answer={"options": ["tell"]})
    again = ask(Player(Desk(desk)), "open")["ok"]
    assert again["turns"][-1]["step"] == "record"
    assert again["turns"][-1]["draft"] == {"options": ["tell"]}
    assert again["answered"] == 1


def test_a_content_note_is_accepted_before_anything_is_logged(player: Player, desk: Path) -> None:
    route = T01.replace("T01", "T06")
    assert not ask(player, "open", route)["ok"]["started"]
    assert events(desk, "T06") == []
    assert ask(player, "begin", route)["ok"]["started"]
    assert events(desk, "T06") == ["started"]


def test_a_second_window_is_told_and_changes_nothing(player: Player, desk: Path) -> None:
    ask(player, "open")
    other = Player(Desk(desk))
    ask(other, "open")
    ask(other, "answer", step="request", answer=BEST["request"])
    reply = ask(player, "answer", step="request", answer={"option": "accept"})
    assert reply["changed"]
    assert "another window" in reply["error"]
    assert events(desk) == ["started", "answered"]
    assert ask(player, "open")["ok"]["turns"][-1]["step"] == "record"


def test_an_answer_twice_from_one_page_is_told(player: Player, desk: Path) -> None:
    ask(player, "open")
    ask(player, "answer", step="request", answer=BEST["request"])
    assert "answered already" in ask(player, "answer", step="request", answer=BEST["request"])["error"]
    assert events(desk) == ["started", "answered"]


@pytest.mark.parametrize(
    ("request_", "sentence"),
    [
        ({"do": "open", "at": "elsewhere/T01"}, "not among those you were given"),
        ({"do": "open", "at": "../T01"}, "not among those you were given"),
        ({"do": "answer", "at": T01, "step": "request", "answer": {"option": "nonsense"}}, "Choose one"),
        ({"do": "answer", "at": T01, "step": "request", "answer": None}, "Choose one"),
        ({"do": "answer", "at": T01}, "did not work"),
        ({"do": "dance", "at": T01}, "did not work"),
        ({}, "not among those"),
    ],
)
def test_every_bad_request_is_one_plain_sentence(
    player: Player, request_: dict[str, Any], sentence: str
) -> None:
    reply = player.respond(request_)
    assert sentence in reply["error"]
    assert "Traceback" not in reply["error"]
    assert "\n" not in reply["error"]


def test_a_damaged_me_json_is_told(desk: Path) -> None:
    (desk / "me.json").write_text("{")
    assert "me.json on your desk is damaged" in Player(Desk(desk)).first["error"]


def test_one_damaged_scenario_leaves_the_others(desk: Path) -> None:
    (desk / f"{T01}.json").write_text("[]")
    rows = Player(Desk(desk)).first["ok"]["assignments"][0]["scenarios"]
    assert [row["state"] for row in rows] == ["damaged", "new"]
    assert "T01.json on your desk is damaged" in rows[0]["why"]


def test_a_torn_line_is_left_out_and_counted(player: Player, desk: Path) -> None:
    ask(player, "open")
    ask(player, "answer", step="request", answer=BEST["request"])
    with (desk / f"{T01}.answers.jsonl").open("a") as file:
        file.write('{"v":1,"seq":3,"at')
    view = ask(Player(Desk(desk)), "open")["ok"]
    assert view["damaged"] == 1
    assert view["answered"] == 1


def test_an_ending_without_its_event_is_finished_when_opened(desk: Path) -> None:
    place = Place(desk, miniature.ASSIGNMENT, "T06")
    log = AnswerLog(place.file(".answers.jsonl"))
    start = {"attempt": 1, "event": "started", "scenario": "T06", "version": 1}
    log.append(start, {"attempt": 1, "event": "answered", "step": "first", "option": "call"})
    opened_module.Opened.read(place)
    assert events(desk, "T06") == ["started", "answered", "finished"]


def test_drafts_leave_room_for_answers(player: Player, desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opened_module, "DRAFT_BYTES", 10)
    ask(player, "open")
    assert ask(player, "draft", step="request", answer={"option": "accept"})["ok"] == {"saved": False}
    assert events(desk) == ["started"]


PRACTICE = f"{T01}/practice"


def explained(desk: Path, player: Player) -> None:
    play_all(player)
    miniature.explain(desk)


def test_practice_opens_after_the_first_attempt(player: Player, desk: Path) -> None:
    ask(player, "open")
    assert "Practice opens once you have lived through" in ask(player, "open", PRACTICE)["error"]
    assert events(desk) == ["started"]


def test_practice_changes_nothing_of_the_first_attempt(player: Player, desk: Path) -> None:
    explained(desk, player)
    first = ask(player, "show")["ok"]
    assert ask(player, "open", PRACTICE)["ok"]["practice"]
    view = ask(player, "answer", PRACTICE, step="request", answer={"option": "accept"})["ok"]
    assert (view["answered"], view["finished"], view["review"], view["score"]) == (1, False, None, None)
    again = ask(Player(Desk(desk)), "open", PRACTICE)["ok"]
    assert again["answered"] == 1  # the replay under way goes on
    answers = {
        **BEST,
        "record": {"options": ["tell", "post"]},
        "triage": {"order": ["settings", "safety", "tell-dana"]},
    }
    for step in list(answers)[1:]:
        view = ask(player, "answer", PRACTICE, step=step, answer=answers[step])["ok"]
    assert [entry["verdict"] for entry in view["review"]] == [
        "harmful",
        "harmful",
        "compare",
        "compare",
        "compare",
    ]
    assert view["review"][0]["chosen"][0]["explanation"] == "Why: accept [C17]."
    assert view["review"][0]["best"][0]["id"] == "decline"
    assert [option["id"] for option in view["review"][1]["best"]] == ["tell", "note"]
    assert ask(Player(Desk(desk)), "open")["ok"] == first
    before = events(desk)
    assert (
        ask(Player(Desk(desk)), "open", PRACTICE)["ok"]["review"] == view["review"]
    )  # a reload shows its end
    assert events(desk) == before
    assert not ask(Player(Desk(desk)), "again", PRACTICE)["ok"]["answered"]
    assert events(desk) == [*before, "started"]
    assert ask(player, "again")["ok"]["finished"]  # the first attempt is never begun anew


def test_practice_of_the_best_says_so(player: Player, desk: Path) -> None:
    explained(desk, player)
    ask(player, "open", PRACTICE)
    for step, answer in BEST.items():
        view = ask(player, "answer", PRACTICE, step=step, answer=answer)["ok"]
    assert [entry["verdict"] for entry in view["review"]] == ["best", "best", "best", "compare", "compare"]
    assert [entry["best"] for entry in view["review"]] == [[]] * 5


def test_what_to_argue_is_kept_and_taken_back(player: Player, desk: Path) -> None:
    ask(player, "open")
    ask(player, "answer", step="request", answer=BEST["request"])
    view = ask(player, "argue", step="request", on=True)["ok"]
    assert [turn["argued"] for turn in view["turns"]] == [True, False]
    ask(player, "argue", step="request", on=True)
    assert ask(Player(Desk(desk)), "argue", step="record", on=True)["ok"]["turns"][1]["argued"]
    assert not ask(player, "argue", step="request", on=False)["ok"]["turns"][0]["argued"]
    assert events(desk) == ["started", "answered", "argued", "argued", "argued"]
    assert "names no decision met so far" in ask(player, "argue", step="entry", on=True)["error"]


def test_what_changed_after_the_hand_in_is_handed_in_again(player: Player, desk: Path) -> None:
    explained(desk, player)
    place = Place(desk, miniature.ASSIGNMENT, "T01")
    assert not opened_module.Opened.read(place).is_unsent
    ask(player, "argue", step="request", on=True)
    opened = opened_module.Opened.read(place)
    assert opened.is_unsent and opened.is_handed_in
    miniature.explain(desk)
    ask(player, "open", PRACTICE)
    assert not opened_module.Opened.read(place).is_unsent
    for step, answer in BEST.items():
        ask(player, "answer", PRACTICE, step=step, answer=answer)
    assert opened_module.Opened.read(place).is_unsent


def test_another_route_is_durable_and_is_gone_when_the_scenario_is_taken_up(
    player: Player, desk: Path
) -> None:
    assert ask(player, "open", T06)["ok"]["other_way"]
    view = ask(player, "reroute", T06)["ok"]
    assert view["left_out"] and not view["other_way"]
    ask(player, "reroute", T06)
    assert events(desk, "T06") == ["rerouted"]

    again = Player(Desk(desk))
    home = again.first["ok"]
    row = home["assignments"][0]["scenarios"][1]
    assert (row["state"], row["handed_in"]) == ("rerouted", False)
    assert row["why"] == "It is left out and counts as done, and you can still open it any time."
    assert (home["assignments"][0]["state"], home["assignments"][0]["minutes_left"]) == ("in progress", 7)
    assert ask(again, "open", T06)["ok"]["left_out"] and events(desk, "T06") == ["rerouted"]
    place = Place(desk, miniature.ASSIGNMENT, "T06")
    assert opened_module.Opened.read(place).is_unsent

    view = ask(again, "begin", T06)["ok"]
    assert view["started"] and not view["left_out"] and view["other_way"]
    ask(again, "reroute", T06)
    ask(again, "answer", T06, step="first", answer={"option": "call"})
    assert events(desk, "T06") == ["rerouted", "started", "rerouted", "started", "answered", "finished"]
    assert "The attempt was finished" in ask(again, "reroute", T06)["error"]


def test_only_a_scenario_with_such_a_note_can_be_left_out_and_practice_records_nothing(
    player: Player, desk: Path
) -> None:
    ask(player, "open")
    assert ask(player, "reroute")["error"] == "There is no other route around this."
    ask(player, "answer", T06, step="first", answer={"option": "call"})
    before = events(desk, "T06")
    ask(player, "open", f"{T06}/practice")
    assert ask(player, "reroute", f"{T06}/practice")["ok"]["other_way"]
    assert events(desk, "T06") == before


def test_results_hold_what_is_explained(player: Player, desk: Path) -> None:
    assert ask(player, "results", "")["ok"] == {"scenarios": []}
    explained(desk, player)
    (view,) = ask(player, "results", "")["ok"]["scenarios"]
    assert (view["route"], len(view["review"])) == (T01, 5)


def test_a_scenario_that_cannot_be_read_takes_no_result_away(player: Player, desk: Path) -> None:
    explained(desk, player)
    (desk / f"{T01.replace('T01', 'T06')}.json").write_text("[]")
    assert len(ask(player, "results", "")["ok"]["scenarios"]) == 1
    (desk / f"{T01}.answers.jsonl").write_text('{"v":2,"seq":1,"attempt":1}\n')
    assert ask(player, "results", "")["ok"] == {"scenarios": []}


STEPS = [
    (
        "waits",
        {"opens": "2000-01-01T09:00:00Z"},
        "there is a short situation on this clause: two decisions",
        None,
    ),
    (
        "open",
        {},
        "There is a short situation on this clause: two decisions, about 2 minutes.",
        "Meet it again",
    ),
    (
        "talk",
        {"met": True},
        "Nothing is lost. Talk it over with Renée Park first; then there is another one.",
        None,
    ),
    ("talk", {}, "Talk it over with Renée Park. When that is noted, this step is done.", None),
    ("cleared", {"met": True}, "You met it again and kept it.", None),
    ("cleared", {}, "You have talked it over.", None),
]


@pytest.mark.parametrize(("state", "more", "says", "action"), STEPS)
def test_one_more_step_says_what_is_next(
    desk: Path, state: str, more: dict[str, Any], says: str, action: str | None
) -> None:
    miniature.one_more(desk, state, **more)
    (step,) = Player(Desk(desk)).first["ok"]["one_more"]
    assert (step["id"], step["title"], step["action"]) == ("C17", "No connections with clients", action)
    assert says in step["says"]


def test_a_booster_is_played_once_and_never_practiced(desk: Path, player: Player) -> None:
    miniature.one_more(desk, "open")
    route = "boosters/B17a"
    assert ask(player, "open", route)["ok"]["started"]
    for step, option in (("stall", "plums"), ("home", "leave")):
        view = ask(player, "answer", route, step=step, answer={"option": option})["ok"]
    assert view["finished"] and not view["practice"]
    assert "stands here in a few seconds" in ask(player, "home", "")["ok"]["one_more"][0]["says"]
    assert "is met once" in ask(player, "open", f"{route}/practice")["error"]


def test_a_repeated_booster_is_the_next_attempt_of_its_log(desk: Path, player: Player) -> None:
    miniature.one_more(desk, "talk", met=True)
    assert ask(player, "open", "boosters/B17a")["ok"]["review"]
    miniature.one_more(desk, "open", attempt=2)
    view = ask(player, "open", "boosters/B17a")["ok"]
    assert (view["finished"], view["practice"], view["answered"], view["review"]) == (False, False, 0, None)
    view = ask(player, "answer", "boosters/B17a", step="stall", answer={"option": "follow"})["ok"]
    assert [turn["step"] for turn in view["turns"]] == ["stall", "home"]
    assert [e["attempt"] for e in AnswerLog(desk / "boosters" / "B17a.answers.jsonl").read().events][-2:] == [
        2,
        2,
    ]


def test_a_booster_that_is_not_open_is_not_there(desk: Path, player: Player) -> None:
    miniature.one_more(desk, "waits", opens="2999-01-01T09:00:00Z")
    assert "not among those you were given" in ask(player, "open", "boosters/B17a")["error"]


def test_the_policy_and_the_moments_are_read_and_nothing_is_written(player: Player, desk: Path) -> None:
    before = sorted(desk.rglob("*"))
    assert ask(player, "policy", "happened/friend-request")["ok"] == miniature.POLICY
    assert sorted(desk.rglob("*")) == before
    (desk / "policy.json").unlink()
    assert ask(player, "policy", "")["ok"] == {"clauses": [], "moments": []}


HELPER = """
import json, pathlib, sys
desk, assignment = sys.argv[sys.argv.index("--desk") + 1], sys.argv[sys.argv.index("--assignment") + 1]
folder = pathlib.Path(desk, assignment)
assert sys.argv[1] == "submit" and sys.argv[-2:] == ["--format", "json"]
{body}
"""
TAKES_IT = """
size = (folder / "T01.answers.jsonl").stat().st_size
(folder / "handed_in.json").write_text(json.dumps({"T01": {"at": "2026-11-23T12:00:00Z", "size": size}}))
print(json.dumps({"handed_in": True, "at": "2026-11-23T12:00:00Z"}))
"""
REFUSES = 'print(json.dumps({"handed_in": False, "why": "The exchange folder is missing."})); sys.exit(1)'


def stand_in(folder: Path, body: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put another `grading` before ours: the helper's contract is what is tested here, not nbgrader."""
    package = folder / "helper" / "grading"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(HELPER.replace("{body}", body))
    monkeypatch.setenv("PYTHONPATH", str(package.parent))


@pytest.mark.parametrize(
    ("body", "state", "why"),
    [(TAKES_IT, "yes", None), (REFUSES, "waiting", "The exchange folder is missing.")],
)
def test_finishing_hands_in_beside_the_conversation(
    desk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, state: str, why: str | None
) -> None:
    stand_in(tmp_path, body, monkeypatch)
    pushed: list[dict[str, Any]] = []

    async def scene() -> None:
        player = Player(Desk(desk))
        monkeypatch.setattr(player, "send", pushed.append)
        play_all(player)
        await player._hand_ins.tasks[desk, miniature.ASSIGNMENT]
        if state == "yes":
            miniature.explain(desk)
            await asyncio.sleep(player_module.changed.__globals__["SOON"] + 0.5)
        for task in player._watching.values():
            task.cancel()

    asyncio.run(scene())
    views = [message["view"] for message in pushed if message["push"] == T01]
    assert views[0]["handed_in"]["state"] == "sending"
    assert views[-1]["handed_in"]["state"] == state
    assert views[-1]["handed_in"]["why"] == why
    if state == "yes":
        assert [entry["verdict"] for entry in views[-1]["review"]] == [
            "best",
            "poor",
            "acceptable",
            "being marked",
            "compare",
        ]


def test_opening_home_hands_in_what_was_not(
    desk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    play_all(Player(Desk(desk)))  # without an event loop nothing is handed in
    stand_in(tmp_path, TAKES_IT, monkeypatch)

    async def scene() -> None:
        player = Player(Desk(desk))
        await player._hand_ins.tasks[desk, miniature.ASSIGNMENT]

    asyncio.run(scene())
    assert Player(Desk(desk)).first["ok"]["assignments"][0]["scenarios"][0]["handed_in"]


def test_play_opens_one_scenario_from_its_own_folder(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(desk / miniature.ASSIGNMENT)
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    player = scenarios.play(miniature.ASSIGNMENT, "T01")
    assert player is not None
    assert player.only == T01
    assert ask(player, "open")["ok"]["title"] == miniature.T01["title"]
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    assert scenarios.play(miniature.ASSIGNMENT, "T01") is None


def test_importing_scenarios_is_light() -> None:
    code = "import scenarios, sys; print([m for m in sys.modules if m.split('.')[0] in {heavy}])"
    heavy = {"pandas", "matplotlib", "nbgrader", "ruamel", "jsonschema", "anywidget", "ipywidgets"}
    out = subprocess.run(
        [sys.executable, "-c", code.replace("{heavy}", repr(heavy))],
        capture_output=True,
        text=True,
        check=True,
    )
    assert out.stdout.strip() == "[]"
    code = code.replace("import scenarios,", "import scenarios.player,")
    heavy -= {"anywidget", "ipywidgets"}
    out = subprocess.run(
        [sys.executable, "-c", code.replace("{heavy}", repr(heavy))],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ,
    )
    assert out.stdout.strip() == "[]"
