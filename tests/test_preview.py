"""A preview's desk: the draft as it is now, explained, and nothing of it anywhere else."""

import asyncio
import json

import pytest

from grading.preview import explain
from scenarios import load, preview
from scenarios.__main__ import main
from scenarios.desk import Place
from scenarios.load import scenario as load_scenario
from scenarios.meanwhile import PREVIEW, hand_in
from scenarios.model import ANSWER_KEY


@pytest.fixture
def place(course, tmp_path):
    """A preview of the miniature scenario, with the course that stands beside it."""
    desk = tmp_path / "desk"
    desk.mkdir()
    preview.lay(desk, "T90")
    return Place(desk, PREVIEW, "T90")


def edit(old, new):
    path = load.find("T90")
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def ask(page, do, **more):
    reply = page.respond({"do": do, "at": f"{PREVIEW}/T90", **more})
    assert "error" not in reply, reply
    return reply["ok"]


def play(page, until=None):
    """Answer as the play mixed does, up to a step; return the view."""
    scenario = load_scenario(load.find("T90"))
    answers = next(play.answers for play in scenario.plays if play.name == "mixed")
    view = ask(page, "open")
    while not view["finished"] and view["turns"][-1]["step"] != until:
        step = view["turns"][-1]["step"]
        key = ANSWER_KEY[scenario.steps[step].decision.kind]
        view = ask(page, "answer", step=step, answer={key: answers[step]})
    return view


def test_a_finished_preview_is_explained_and_the_course_knows_nothing_of_it(course, place):
    view = play(preview.Preview(place))
    assert view["finished"] and not view["review"]
    assert asyncio.run(hand_in(place.desk, PREVIEW)) is None  # the helper process itself
    view = ask(preview.Player(preview.Desk(place.desk), place), "show")
    assert view["handed_in"]["state"] == "yes"
    told = {entry["step"]: entry for entry in view["review"]}
    assert told["ask"]["verdict"] == "acceptable"
    assert told["ask"]["best"] == [{"text": "Decline it.", "explanation": "This is what the clause asks."}]
    assert told["words"]["verdict"] == "compare" and told["words"]["model"].startswith("I keep our work")
    assert told["debate"]["verdict"] == "discussion"
    assert not course.root.exists()


def test_a_change_is_seen_when_the_page_is_loaded_again_and_answers_that_still_fit_are_kept(place):
    play(preview.Preview(place), until="tick")
    edit("text: She does not come to her session.", "text: She comes an hour late.")
    edit("consequence: It waits.", "consequence: It waits for you.")
    view = ask(preview.Preview(place), "open")
    assert [turn["step"] for turn in view["turns"]] == ["ask", "tick"]
    assert view["turns"][0]["followed"] == [[{"text": "It waits for you."}]]
    assert view["turns"][1]["text"] == [{"text": "She comes an hour late."}]
    edit("id: ignore,", "id: leave,")
    edit("ask: ignore", "ask: leave")
    view = ask(preview.Preview(place), "open")
    assert [turn["step"] for turn in view["turns"]] == ["ask"] and not view["turns"][0]["answer"]


def test_what_was_finished_begins_anew_when_the_page_is_loaded_again(place):
    assert play(preview.Preview(place))["finished"]
    explain(place.desk)
    view = ask(preview.Preview(place), "open")
    assert not view["finished"] and view["answered"] == 0
    assert view["handed_in"] == {"state": "no", "at": None, "why": None}


def test_another_route_is_told_and_not_taken(course, tmp_path):
    preview.lay(tmp_path, "T91")
    page = preview.Preview(Place(tmp_path, PREVIEW, "T91"))
    assert page.respond({"do": "open", "at": f"{PREVIEW}/T91"})["ok"]["other_way"]
    told = page.respond({"do": "reroute", "at": f"{PREVIEW}/T91"})["error"]
    assert told == "Here a trainee leaves this scenario out and goes on elsewhere in the course."
    assert not list(tmp_path.rglob("*.answers.jsonl"))


def test_a_draft_that_was_broken_meanwhile_is_told_by_the_page_with_the_checks_line(place):
    edit("next: linked", "next: nowhere")
    reply = preview.Preview(place).first
    assert "T90-miniature.yml:24: steps.0.decision.options.2.next: there is no step nowhere" in reply["error"]
    edit("next: nowhere", "next: linked")
    assert "ok" in preview.Preview(place).first


@pytest.mark.parametrize(
    ("scenario", "old", "new", "said"),
    [
        ("T90", "next: linked", "next: nowhere", ["options.2.next: there is no step nowhere"]),
        ("T90", "    text: A request arrives.\n", "", ["steps.0: text missing; add it"]),
        ("T90", "points: 12", "points: 11", ["best scores 12, not 11"]),
        ("T99", "T90", "T90", ["There is no scenario T99 in scenarios/library"]),
        ("", "T90", "T90", ["There is no scenario without an ID"]),
    ],
)
def test_what_cannot_be_played_is_refused_with_the_checks_lines(course, capsys, scenario, old, new, said):
    edit(old, new)
    assert main(["preview", scenario, "--no-browser"]) == 1
    told = capsys.readouterr()
    assert told.out == "" and len(told.err.splitlines()) == len(said)
    assert all(line in told.err for line in said)


def test_what_is_only_unfinished_can_be_looked_at(course, tmp_path):
    assert main(["new", "T40", "--audience", "therapist"]) == 0
    preview.lay(tmp_path, "T40")
    view = json.loads((tmp_path / PREVIEW / "T40.json").read_text("utf-8"))
    assert view["title"].startswith("[[ A title")
    assert "points" not in json.dumps(view["steps"])
