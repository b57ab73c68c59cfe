"""Paths told as stories: all harmful ones, each whole, in the words a trainee reads."""

import itertools
import json
import subprocess
import sys

import pytest

from scenarios import load, stories
from scenarios.__main__ import main
from scenarios.model import Decision, Option, Scenario, Step, payload
from scenarios.publish import load_draft
from scenarios.rules import run, walks
from scenarios.session import Session


@pytest.fixture
def mini(course):
    return load_draft(load.find("T90"))[0]


def test_of_five_decisions_with_four_harmful_options_fifteen_paths_are_harmful(mini):
    told = list(stories.harmful_stories(mini))
    assert len(told) == 2**4 - 1 == stories.count(mini, stories.best_or_harmful) - 1
    options = {"ask": "accept", "tick": "search", "rank": "paperwork", "debate": "connect"}
    sets = {n for r in range(1, 5) for n in itertools.combinations(options, r)}
    assert {tuple(story.harmful) for story in told} == sets
    assert all(story.harmful[step] == (options[step],) for story in told for step in story.harmful)
    worst = next(story for story in told if len(story.harmful) == 4)
    assert worst.answers["tick"] == ["call", "chart", "search"]
    assert worst.answers["rank"] == ["paperwork", "emergency", "supervisor"]
    assert worst.answers["words"] is worst.answers["record"] is None


def test_a_story_is_what_is_read_in_its_order(mini):
    answers = {"ask": "accept", "tick": ["call", "search"], "rank": ["emergency", "paperwork", "supervisor"]}
    story = stories.tell(
        mini, answers | {"words": "No.", "record": {"what": "It.", "who": ""}, "debate": "keep"}
    )
    assert [(p.part, p.step, p.text) for p in story.passages[1:-5]] == [
        ("step", "ask", "A request arrives."),
        ("prompt", "ask", "What do you do next?"),
        ("taken", "ask", "Accept it."),
        ("follows", "ask", "You are linked."),
        ("step", "linked", "Her posts now appear on your screen."),
        ("step", "tick", "She does not come to her session."),
        ("prompt", "tick", "What belongs here?"),
        ("taken", "tick", "Call her."),
        ("taken", "tick", "Look at her profile."),
        ("follows", "tick", "You see too much."),
        ("step", "rank", "She may be in danger."),
        ("prompt", "rank", "In which order?"),
        ("taken", "rank", "Call for help."),
        ("taken", "rank", "Start the paperwork."),
        ("taken", "rank", "Tell your supervisor."),
        ("follows", "rank", "Help is on its way."),
        ("step", "words", "She is safe and asks why you declined."),
        ("prompt", "words", "What do you say?"),
        ("taken", "words", "No."),
        ("follows", "words", "She listens."),
        ("step", "record", "You write the note."),
        ("prompt", "record", "Fill in the note."),
        ("taken", "record", "What happened: It."),
        ("follows", "record", "The note is filed."),
    ]
    assert story.passages[0].part == "situation" and story.passages[-1].part == "ending"
    assert story.harmful == {"ask": ("accept",), "tick": ("search",)}


def replayed(scenario, story):
    """Play a story's answers as a trainee would; whatever is written there is accepted."""
    session = Session(scenario, [{"attempt": 1, "event": "started"}])
    while session.current:
        decision, value = session.decision, story.answers[session.current.id]
        if value is None:
            value = {f.id: "x" for f in decision.fields} if decision.kind == "form" else "x"
        answer = payload(decision.kind, value)
        session.apply({"attempt": 1, "event": "answered", "step": session.current.id, **answer})
        assert not session.problems
    return session


@pytest.mark.parametrize("path", load.scenario_files(), ids=lambda p: p.name.split("-")[0])
def test_every_harmful_path_of_the_library_is_told_once_and_as_the_player_goes(path):
    scenario, _ = load_draft(path)
    told = list(stories.harmful_stories(scenario))
    assert 0 < len(told) == stories.count(scenario, stories.best_or_harmful) - 1 < stories.MOST
    assert len({json.dumps(story.answers) for story in told}) == len(told)
    ways = set(walks(scenario))
    for story in told:
        session = replayed(scenario, story)
        shown = tuple(step.id for step in session.path)
        assert shown in ways
        steps = tuple(p.step for p in story.passages if p.part in ("step", "ending"))
        assert steps == shown
    taken = {(step, option) for story in told for step, bad in story.harmful.items() for option in bad}
    for step, decision in scenario.decisions():
        harmful = {o.id for o in decision.options if o.harmful or o.violates}
        harmful |= {o.id for o in decision.options if decision.kind == "choice" and not o.points}
        assert {option for at, option in taken if at == step} == harmful


def test_where_there_are_more_than_anybody_reads_the_first_are_told_and_all_are_counted():
    options = tuple(Option(f"o{n}", f"Take {n}.", "So.", points=3.0 * (not n)) for n in range(4))
    steps = {}
    for n in range(30):
        options_here = tuple(Option(o.id, o.text, o.consequence, f"s{n + 1}", o.points) for o in options)
        steps[f"s{n}"] = Step(f"s{n}", "Here.", Decision("choice", "What?", True, options=options_here))
    steps["s30"] = Step("s30", "There.", ending=True)
    many = Scenario("T80", 1, "Many", 1, "Now.", "s0", steps)
    assert len(list(stories.harmful_stories(many))) == stories.MOST
    assert stories.count(many, stories.best_or_harmful) == 4**30


def test_the_text_leaves_out_what_was_just_read_and_begins_at_the_step_that_differs(mini):
    text = "\n".join(stories.lines(list(stories.harmful_stories(mini))))
    assert text.startswith("--- 1 of 15: harmful at debate (connect)\n\nA miniature for tests")
    second = text.split("--- 2 of 15: harmful at rank (paperwork)\n")[1].split("---")[0]
    assert second.startswith("\n[as before, up to rank]\n\nShe may be in danger.\n\n?  In which order?\n")
    assert "-> Start the paperwork.\n\n-> Call for help." in second and "Time is lost." in second
    assert "-> What happened: missed session, danger, help called Who was told: supervisor" in second
    assert text.count("Dana: Hello, do you have a minute?") == 1


def test_the_command_prints_counts_ways_and_stories(course, capsys):
    assert main(["paths", "T90"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0] == "T90 Every kind of decision: 4 ways through its steps, 15 harmful paths"
    assert told[2] == "ask -> linked -> tick -> rank -> words -> record -> debate -> end"
    assert told[-1].endswith("--harmful, --best or --play best, harmful, mixed.")
    assert main(["paths", "T90", "--best", "--format", "json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert (data["harmful_paths"], len(data["ways"]), data["plays"]) == (15, 4, ["best", "harmful", "mixed"])
    (story,) = data["stories"]
    assert story["harmful"] == {} and story["passages"][-1]["text"].startswith("The boundary held")
    for name in data["plays"]:
        assert main(["paths", "T90", "--play", name, "--format", "json"]) == 0
        (story,) = json.loads(capsys.readouterr().out)["stories"]
        scenario = load.scenario(load.find("T90"))
        play = next(play for play in scenario.plays if play.name == name)
        steps = [p["step"] for p in story["passages"] if p["part"] in ("step", "ending")]
        assert story["answers"] == play.answers and steps == [s.id for s in run(scenario, play).path]
    assert main(["paths", "T90", "--harmful"]) == 0
    assert "--- 15 of 15: harmful at ask (accept), tick (search), rank (paperwork)" in capsys.readouterr().out


def test_what_cannot_be_told_is_refused_in_plain_words(course, capsys):
    assert main(["paths", "T90", "--play", "worst"]) == 1
    assert capsys.readouterr().err == "T90 has no play worst; known are best, harmful, mixed.\n"
    path = load.find("T90")
    path.write_text(path.read_text("utf-8").replace("next: linked", "next: nowhere"), "utf-8")
    assert main(["paths", "T90"]) == 1
    assert (
        "T90-miniature.yml:24: steps.0.decision.options.2.next: there is no step" in capsys.readouterr().err
    )


def test_a_reader_who_has_seen_enough_ends_it_quietly():
    command = [sys.executable, "-m", "scenarios", "paths", "T01", "--harmful"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as told:
        assert told.stdout.readline().startswith(b"T01 ")
        told.stdout.close()  # as `head` does
        assert (told.stderr.read(), told.wait()) == (b"", 0)
