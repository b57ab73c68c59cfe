from __future__ import annotations

from datetime import date
from typing import Any

import miniature
import pytest

from scenarios import model, publish, view
from scenarios.session import Session


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One\nline.\n\nTwo.", [{"text": "One line."}, {"text": "Two."}]),
        ("> Dana: Hi:\n> you.", [{"who": "Dana", "text": "Hi: you."}]),
        ("> Message from Rosa: Oh.\n\n\n", [{"who": "Message from Rosa", "text": "Oh."}]),
        ("> no speaker", [{"text": "no speaker"}]),
        ("At 9: go.", [{"text": "At 9: go."}]),
        ("", []),
        ("> Post by Ana, 2:10 a.m.: Awake.", [{"who": "Post by Ana, 2:10 a.m.", "text": "Awake."}]),
        ("> Ana:\n> Awake.", [{"who": "Ana", "text": "Awake."}]),
    ],
)
def test_blocks(text: str, expected: list[dict[str, str]]) -> None:
    assert view.blocks(text) == expected


def scenario() -> model.Scenario:
    return model.from_trainee(publish.trainee_view(model.from_dict(miniature.T01), miniature.SHA))


@pytest.mark.parametrize(("step", "left"), [("request", 5), ("regret", 4), ("entry", 1), ("end", 0)])
def test_decisions_left_is_the_longest_way(step: str, left: int) -> None:
    assert view.decisions_left(scenario(), step) == left


def test_decisions_left_ends_in_a_circle() -> None:
    data: dict[str, Any] = {
        **miniature.T01,
        "steps": [{"id": "a", "text": "", "next": "b"}, {"id": "b", "text": "", "next": "a"}],
    }
    assert view.decisions_left(model.from_dict(data), "a") == 0


def test_feedback_shows_only_when_finished() -> None:
    feedback = {"score": None, "decisions": [{"step": "request", "verdict": "best"}]}
    shown = view.scenario_view(Session(scenario()), {}, handed_in={"state": "no"}, feedback=feedback)
    assert shown["review"] is None
    assert not view.waiting(shown)


@pytest.mark.parametrize(
    ("recorded", "states", "expected"),
    [
        ("not started", ["new", "new"], "not started"),
        ("not started", ["going", "new"], "in progress"),
        ("not started", ["explained", "new"], "in progress"),
        ("in progress", ["explained", "finished"], "handed in"),
        ("in progress", ["rerouted", "finished"], "handed in"),
        ("not started", ["rerouted", "new"], "in progress"),
        ("being marked", ["explained", "explained"], "being marked"),
        ("one more step", ["explained", "explained"], "one more step"),
    ],
)
def test_what_lies_on_the_desk_is_newer_than_what_was_recorded(
    recorded: str, states: list[str], expected: str
) -> None:
    given = {**miniature.ME, "assignments": [{**miniature.ME["assignments"][0], "state": recorded}]}
    routes = [f"{miniature.ASSIGNMENT}/{name}" for name in ("T01", "T06")]
    progress = {
        route: {"state": state, "answered": 1, "left": 1, "handed_in": state not in ("new", "going")}
        for route, state in zip(routes, states, strict=True)
    }
    assert view.home_view(given, progress, today=date(2026, 11, 25))["assignments"][0]["state"] == expected


def test_what_is_left_out_is_neither_next_nor_counted_in_minutes() -> None:
    progress = {
        f"{miniature.ASSIGNMENT}/{name}": {"state": state, "answered": 0, "left": 1, "handed_in": False}
        for name, state in (("T01", "rerouted"), ("T06", "new"))
    }
    home = view.home_view(miniature.ME, progress, today=date(2026, 11, 25))
    assert (home["next"]["id"], home["assignments"][0]["minutes_left"]) == ("T06", 6)


def test_another_route_is_offered_until_it_is_done() -> None:
    data = publish.trainee_view(model.from_dict(miniature.T06), miniature.SHA)
    started = {"attempt": 1, "event": "started"}
    rerouted = {"attempt": 1, "event": "rerouted"}

    def shown(*events: dict[str, Any], attempt: int = 1) -> tuple[bool, str | None]:
        session = Session(model.from_trainee(data), events, attempt)
        found = view.scenario_view(session, data, handed_in={}, feedback=None)
        return found["other_way"], found["left_out"]

    said = "“A voicemail at 5:12” is left out and counts as done, and you can still open it any time."
    assert shown() == shown(started) == shown(rerouted, started) == shown(attempt=2) == (True, None)
    assert shown(rerouted) == (False, said)
    data["title"] = '"Look!"'
    assert str(shown(rerouted)[1]).startswith("“Look!” is left out")
    plain = view.scenario_view(Session(scenario()), {}, handed_in={}, feedback=None)
    assert not plain["other_way"]


@pytest.mark.parametrize(
    ("day", "words"),
    [
        ("2026-11-24", "Was due November 24, 2026; you can still finish it"),
        ("2026-11-25", "Due November 25, 2026 (today)"),
        ("2026-11-26", "Due November 26, 2026 (tomorrow)"),
        ("2026-12-09", "Due December 9, 2026 (in 14 days)"),
        ("2026-12-10", "Due December 10, 2026"),
    ],
)
def test_a_due_day_in_words(day: str, words: str) -> None:
    assert view.due(date.fromisoformat(day), date(2026, 11, 25)) == words
    me = {**miniature.ME, "assignments": [{**miniature.ME["assignments"][0], "due": day}]}
    assert view.home_view(me, {}, today=date(2026, 11, 25))["assignments"][0]["due_text"] == words
