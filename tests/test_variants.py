"""Variants: the same drawing everywhere, their words wherever somebody reads, and nothing else that varies."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from handing import LINH, MAYA, argue, desk, hand_in, nbgrader
from hypothesis import given
from hypothesis import strategies as st

from grading import demo, exchange, notebooks, simulate
from grading.autograde import grade
from grading.course import Course, assignment, load_roster
from grading.demo import _take as take_the_course
from grading.desk import make_desk
from grading.feedback import give
from grading.intake import collect
from grading.preview import explain
from grading.report import body
from grading.results import load_results
from scenarios import load, preview, publish, variants
from scenarios.__main__ import main
from scenarios.answers import AnswerLog
from scenarios.approval import fingerprint
from scenarios.booklet import page
from scenarios.check import check
from scenarios.desk import Desk, Place
from scenarios.errors import CourseError
from scenarios.meanwhile import PREVIEW
from scenarios.model import Scenario, from_trainee
from scenarios.player import Player
from scenarios.questions import asked

Take = Callable[..., Path]
IDS = st.text("abcdefghijklmnopqrstuvwxyz0123456789._-", min_size=1, max_size=64)
NAMES = {MAYA: "Mary", LINH: "Ana"}
"""Who of the roster meets whom in the assignment mini, of Ana, Mary and Ruth."""

SLOTS = {
    "A miniature for tests:": "You saw {name} for a year.",
    "> Dana: Hello": "> {name}: Hello",
    "start: ask\n": """variants:
  - {name: Ana, since: a year}
  - {name: Mary, since: two years}
  - {name: Ruth, since: five years}
start: ask
""",
    "text: A request arrives.": 'text: "{Since} later, {name} sends a request."',
    "text: Decline it.,": 'text: "Decline what {name} sent.",',
    "consequence: It is gone.": 'consequence: "What {name} sent is gone."',
    "rationale: This is what the clause asks.": 'rationale: "The clause asks it, after {since} too."',
    "prompt: What do you say?": "prompt: What do you say to {name}?",
    "model: I keep our work": "model: Thank you, {name}. I keep our work",
    "label: What happened": 'label: "What happened to {name}"',
    "words: It is the rule.": 'words: "It is the rule, {name}."',
    "words: I would rather not.": 'words: "I would rather not, {name}."',
}
"""What makes the miniature scenario one with variants."""


def edit(path: Path, changes: dict[str, str]) -> None:
    text = path.read_text("utf-8")
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new, 1)
    path.write_text(text, "utf-8")


@pytest.fixture
def source(course: Course) -> Path:
    """The miniature scenario in the library, with three variants."""
    path = load.find("T90")
    edit(path, SLOTS)
    return path


@pytest.fixture
def given_out(course: Course, source: Path) -> Course:
    """The miniature course, released with variants."""
    exchange.release(course, "mini")
    return course


@pytest.fixture
def scenario(source: Path) -> Scenario:
    return publish.load_draft(source)[0]


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for each in value.values() if isinstance(value, dict) else value:
            yield from texts(each)


# Which one


@pytest.mark.parametrize(
    ("trainee", "assignment", "scenario", "of", "number"),
    [
        ("maya.ortiz", "mini", "T90", 3, 2),
        ("linh.tran", "mini", "T90", 3, 1),
        ("maya.ortiz", "onboarding-therapist", "T01", 3, 1),
        ("jonas.weber", "onboarding-therapist", "T01", 3, 2),
        ("linh.tran", "onboarding-therapist", "T01", 3, 3),
        ("linh.tran", "onboarding-therapist", "T01", 1, 1),
    ],
)
def test_what_is_drawn_is_the_same_for_ever(
    trainee: str, assignment: str, scenario: str, of: int, number: int
) -> None:
    assert variants.chosen(trainee, assignment, scenario, of) == number


@given(IDS, IDS, IDS, st.integers(1, 9))
def test_one_of_them_is_drawn_and_always_the_same(trainee: str, work: str, scenario: str, of: int) -> None:
    number = variants.chosen(trainee, work, scenario, of)
    assert 1 <= number <= of and number == variants.chosen(trainee, work, scenario, of)


@pytest.mark.parametrize("of", [2, 3, 4, 5])
def test_all_are_drawn_about_as_often_and_anew_for_each_assignment(of: int) -> None:
    people = [f"person.{n}" for n in range(6000)]
    this, last = (
        [variants.chosen(each, f"refresher-{year}", "T09", of) for each in people] for year in (2027, 2028)
    )
    for year in (this, last, [(a - b) % of + 1 for a, b in zip(this, last, strict=True)]):
        expected, drawn = len(people) / of, Counter(year)
        deviation = (expected * (1 - 1 / of)) ** 0.5
        assert all(abs(drawn[number] - expected) < 5 * deviation for number in range(1, of + 1))


# Filling


@given(st.text(), st.dictionaries(IDS, st.text()))
def test_a_text_without_slots_stays_as_it_is(text: str, words: dict[str, str]) -> None:
    plain = re.sub(r"[{}]", "", text)
    assert variants.filled(plain, words) == plain


@given(st.lists(st.sampled_from(["{name}", "{Name}", "{other}", " and ", "é", "{", "}"])), st.text("xyz{}"))
def test_each_slot_is_filled_once_and_what_is_no_slot_stays(parts: list[str], said: str) -> None:
    filled = {"{name}": said, "{Name}": said[:1].upper() + said[1:]}
    kept = ["<" if part == "{" else ">" if part == "}" else part for part in parts]
    told = variants.filled("".join(kept), {"name": said})
    assert told == "".join(filled.get(part, part) for part in kept)


def test_a_scenario_is_filled_wherever_it_holds_words_and_nothing_else_of_it_varies(
    scenario: Scenario,
) -> None:
    first, second, third = variants.each(scenario)
    assert [one.situation.split(" for")[0] for one in (first, second, third)] == [
        "You saw Ana", "You saw Mary", "You saw Ruth",
    ]  # fmt: skip
    assert second.steps["ask"].text == "Two years later, Mary sends a request."
    record = second.steps["record"].decision
    assert record and record.fields[0].label == "What happened to Mary"
    assert {play.name: play.answers["words"] for play in second.plays}["harmful"] == "It is the rule, Mary."
    blank = dict.fromkeys(scenario.variants[0], "")
    emptied = [variants.filled(replace(scenario, variants=()), blank)] * 3
    undone = [variants.filled(replace(scenario, variants=()), words | blank) for words in scenario.variants]
    assert undone == emptied
    for one in (first, second, third):
        assert one.steps.keys() == scenario.steps.keys() and one.variants == ()
        for step, decision in scenario.decisions():
            told = dict(one.decisions())[step]
            assert told.maximum == decision.maximum and told.graded == decision.graded
            for a, b in zip(told.options, decision.options, strict=True):
                assert replace(a, text="", consequence="", rationale="") == replace(
                    b, text="", consequence="", rationale=""
                )


def test_a_scenario_without_variants_is_its_only_one(course: Course) -> None:
    scenario, _ = publish.load_draft(load.find("T91"))
    assert variants.each(scenario) == (scenario,) and variants.together(scenario) == scenario
    assert variants.met(variants.each(scenario), MAYA, "mini") is scenario
    with pytest.raises(CourseError, match=r"T91 has no variants, so there is no variant 2\."):
        variants.nth(scenario, 2)


def test_all_at_once_names_each_word_once(scenario: Scenario) -> None:
    words = ({"name": "Ana", "since": "a year"}, {"name": "Bea", "since": "a year"})
    told = variants.together(replace(scenario, variants=words))
    assert told.situation.startswith("You saw Ana/Bea for a year.")
    assert told.steps["ask"].text == "A year later, Ana/Bea sends a request."


# Checking, publishing, reviewing


def test_the_miniature_with_variants_is_sound(source: Path) -> None:
    assert [p for p in check().problems if "review needed" not in p.message] == []


def test_a_repeat_in_one_variant_alone_is_found_and_named(source: Path) -> None:
    long = "waits at the window until the last bus has gone and then walks home along the river in rain"
    edit(source, {"consequence: It waits.": f'consequence: "{{name}} {long}."'})
    edit(source, {"consequence: She listens.": f"consequence: Ruth {long}."})
    report = check()
    (problem,), (warning,) = (
        [p for p in of if "stand in" in p.message] for of in (report.problems, report.warnings)
    )
    here = "words in a row stand in T90 steps.0.decision.options.0.consequence too:"
    assert problem.message.startswith(f"variant 3: 20 {here} ruth waits")
    assert warning.message.startswith(f"variants 1 and 2: 19 {here} waits")


def test_the_published_file_keeps_the_slots_and_so_does_the_trainees_file(source: Path) -> None:
    pinned = publish.publish(source).read_text("utf-8")
    assert "{Since} later, {name} sends" in pinned and "name: Mary" in pinned
    scenario, sha256 = publish.load_published("T90", 1)
    view = publish.trainee_view(scenario, sha256)
    assert view["variants"] == [dict(words) for words in scenario.variants]
    assert from_trainee(view).variants == scenario.variants
    assert "variants" not in publish.trainee_view(*publish.load_draft(load.find("T91")))


def test_an_approval_is_for_all_variants(source: Path) -> None:
    before = fingerprint(source)
    edit(source, {"since: five years": "since: six years"})
    assert fingerprint(source) != before


def test_the_reviewer_sees_every_word_of_every_variant(course: Course, source: Path, tmp_path: Path) -> None:
    assert main(["review-pack", "T90", "T91", "--out", str(tmp_path)]) == 0
    html = (tmp_path / "booklet.html").read_text("utf-8")
    for number, words in enumerate(publish.load_draft(source)[0].variants, 1):
        said = "; ".join(f"{name}: {word}" for name, word in words.items())
        assert f"<dt>Variant {number}</dt><dd>{said}</dd>" in html
    assert html.count("there are 3 variants") == 1 and "{" not in html.split("<main>")[1]
    assert page(publish.load_draft(load.find("T91"))[0], "").variants == ()


def test_a_list_for_the_center_names_all_at_once(course: Course, source: Path) -> None:
    edit(source, {"prompt: What do you do next?\n      graded: true\n      clauses: [C17]\n      depends_on": (
        "prompt: What do you do next, with {name}?\n      graded: true\n      clauses: [C17]\n      depends_on"
    )})  # fmt: skip
    prompts = [touched.decision.prompt for question in asked() for touched in question.decisions]
    assert prompts == ["What do you do next, with Ana/Mary/Ruth?"]


# An author's look at each


def test_each_variant_can_be_read_as_stories(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["paths", "T90", "--best", "--variant", "3"]) == 0
    told = capsys.readouterr().out
    assert "Five years later, Ruth sends a request." in told and "Ana" not in told
    assert main(["paths", "T90", "--best"]) == 0
    assert "A year later, Ana sends a request." in capsys.readouterr().out
    for wrong in ("0", "4", "-1"):
        assert main(["paths", "T90", "--variant", wrong]) == 1
        assert capsys.readouterr().err == f"T90 has 3 variants, so there is no variant {wrong}.\n"


def test_each_variant_can_be_played_and_is_explained_in_its_words(
    source: Path, tmp_path: Path, take: Take
) -> None:
    preview.lay(tmp_path, "T90", 2)
    assert "variants" not in json.loads((tmp_path / PREVIEW / "T90.json").read_text("utf-8"))
    take(tmp_path, PREVIEW, "T90", "best")
    explain(tmp_path)
    told = (tmp_path / PREVIEW / "T90.feedback.json").read_text("utf-8")
    assert "What Mary sent is gone." in told and "{" not in "".join(texts(json.loads(told)))
    with pytest.raises(CourseError, match="there is no variant 4"):
        preview.lay(tmp_path, "T90", 4)


# On a desk


def shown(place: Place) -> str:
    """Everything that a scenario's page says, as far as it has come."""
    player = Player(Desk(place.desk), place)
    view = player.respond({"do": "open", "at": place.route})["ok"]
    return "\n".join(texts(view))


def test_who_sits_at_the_desk_meets_their_own_and_who_is_not_known_the_first(
    given_out: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    for trainee, name in NAMES.items():
        told = shown(Place(make_desk(given_out, load_roster(given_out)[trainee]), "mini", "T90"))
        assert f"You saw {name} for a year." in told and "{" not in told
    nobody = desk(given_out, "nobody")
    assert "You saw Ana for a year." in shown(Place(nobody, "mini", "T90"))


@pytest.mark.parametrize("broken", ["no list", 5, [5], {"name": "Ana"}, [["name"]], [{"name": 5}]])
def test_variants_that_somebody_broke_on_the_desk_are_told_in_a_sentence(
    given_out: Course, broken: Any
) -> None:
    place = Place(desk(given_out, MAYA), "mini", "T90")
    data = json.loads(place.file(".json").read_text("utf-8"))
    place.file(".json").write_text(json.dumps(data | {"variants": broken}))
    with pytest.raises(CourseError, match=r"T90\.json on your desk is damaged"):
        place.load()


def test_what_is_practiced_reads_as_the_first_attempt_did(given_out: Course, take: Take) -> None:
    mine = make_desk(given_out, load_roster(given_out)[MAYA])
    hand_in(given_out, MAYA, take, T90="best")
    graded(given_out)
    player = Player(Desk(mine))
    at = "mini/T90/practice"
    view = player.respond({"do": "again", "at": at})["ok"]
    answers: dict[str, Any] = {
        "ask": {"option": "decline"},
        "tick": {"options": ["call"]},
        "rank": {"order": ["emergency", "supervisor", "paperwork"]},
        "words": {"text": "No, and thank you."},
        "record": {"fields": {"what": "It.", "who": ""}},
        "debate": {"option": "keep"},
    }
    for step, answer in answers.items():
        view = player.respond({"do": "answer", "at": at, "step": step, "answer": answer})["ok"]
    told = view["review"][0]
    assert (told["verdict"], told["answer"]) == ("best", [{"text": "Decline what Mary sent."}])
    assert told["chosen"][0]["explanation"] == "The clause asks it, after two years too."
    results = player.respond({"do": "results"})["ok"]["scenarios"][0]
    words = next(entry for entry in results["review"] if entry["step"] == "words")  # Words I can use
    assert (words["prompt"], words["model"][:17]) == ("What do you say to Mary?", "Thank you, Mary. ")


# Released, graded, reported


def test_the_released_notebook_is_the_same_for_all_and_contradicts_nobody(
    course: Course, source: Path
) -> None:
    files = dict(notebooks.derive(assignment(course, "mini")))
    cells = {cell["id"]: "".join(cell["source"]) for cell in json.loads(files["T90.ipynb"])["cells"]}
    assert cells["course-title"].startswith("# Every kind of decision")
    assert cells["course-situation"] == cells["ask-words"] == notebooks.DIFFERS
    assert not re.search(r"\{|Ana|Mary|Ruth", files["T90.ipynb"].replace("{}", "").replace("{\n", ""))
    second = {cell["id"]: "".join(cell["source"]) for cell in json.loads(files["T91.ipynb"])["cells"]}
    assert second["course-situation"] == "A miniature that has a content note."


def graded(course: Course) -> None:
    assert collect(course).problems == []
    assert grade(course).problems == []
    assert give(course).problems == []


def cells(course: Course, step: str, trainee: str) -> dict[str, str]:
    """What formgrader shows of a trainee's notebook, by cell."""
    notebook = json.loads((course.root / step / trainee / "mini" / "T90.ipynb").read_text("utf-8"))
    return {cell["id"]: "".join(cell["source"]) for cell in notebook["cells"]}


def explained(course: Course, trainee: str) -> tuple[str, str]:
    """The texts of a trainee's explanation, as data and as a page."""
    folder = course.feedback / trainee / "mini"
    data = json.loads((folder / "T90.feedback.json").read_text("utf-8"))
    return "\n".join(texts(data)), (folder / "T90.html").read_text("utf-8").split("<main>")[1]


def test_everybody_is_marked_and_told_in_their_own_variant(given_out: Course, take: Take) -> None:
    for trainee in NAMES:
        hand_in(given_out, trainee, take, T90="best", T91="best")
    graded(given_out)
    for trainee, name in NAMES.items():
        for step in ("submitted", "autograded"):
            told = cells(given_out, step, trainee)
            assert told["course-situation"].startswith(f"You saw {name} for a year.")
            assert told["ask-words"] == f"What do you say to {name}?"
        for told in explained(given_out, trainee):
            assert f"What {name} sent is gone." in told and f"Decline what {name} sent." in told
            assert f"Thank you, {name}." in told and "{" not in told
            assert not [other for other in ("Ana", "Mary", "Ruth") if other != name and other in told]
    argue(given_out, MAYA, "T90", "ask")
    hand_in(given_out, MAYA)
    graded(given_out)
    results = load_results(given_out)
    rows = results.decisions[results.decisions.scenario == "T90"].set_index(["trainee", "step"])
    for trainee, name in NAMES.items():
        assert rows.answer[trainee, "ask"] == f"Decline what {name} sent."
        assert rows.answer[trainee, "record"].startswith(f"What happened to {name}: Missed session")
        assert rows.prompt[trainee, "words"] == "What do you say to Ana/Mary/Ruth?"
        assert rows.chosen[trainee, "ask"] == "Decline what Ana/Mary/Ruth sent."
    (wish,) = results.argued()
    assert ("Decline what Ana/Mary/Ruth sent.", 2) in wish.split
    assert "{" not in re.sub(r"<style.*?</style>", "", body(results, "/formgrader"), flags=re.DOTALL)


def test_nothing_that_a_trainee_writes_chooses_the_variant(given_out: Course, take: Take) -> None:
    mine = make_desk(given_out, load_roster(given_out)[MAYA])
    place = Place(mine, "mini", "T90")
    data = json.loads(place.file(".json").read_text("utf-8"))
    place.file(".json").write_text(
        json.dumps(data | {"variants": [*data["variants"][::-1], {"name": "Zoe"}]})
    )
    me = json.loads((mine / "me.json").read_text("utf-8"))
    (mine / "me.json").write_text(json.dumps(me | {"id": LINH, "variant": 3}))
    log = AnswerLog(place.file(".answers.jsonl"))
    log.append({"attempt": 1, "event": "started", "assignment": "mini", "scenario": "T90", "version": 1,
                "variant": 3, "name": "Zoe", "trainee": LINH})  # fmt: skip
    take(mine, "mini", "T90", "best")
    exchange.submit(given_out, mine, "mini", MAYA)
    graded(given_out)
    assert cells(given_out, "autograded", MAYA)["ask-words"] == "What do you say to Mary?"
    for told in explained(given_out, MAYA):
        assert "What Mary sent is gone." in told and not re.search("Ana|Ruth|Zoe", told)


def test_nbgraders_own_route_shows_and_scores_the_same(given_out: Course, take: Take) -> None:
    hand_in(given_out, MAYA, take, T90="mixed")
    collect(given_out)
    done = nbgrader(given_out, "autograde", "mini")
    assert done.returncode == 0, done.stderr
    by_nbgrader = cells(given_out, "autograded", MAYA)
    grade(given_out, again=True)
    assert by_nbgrader == cells(given_out, "autograded", MAYA)
    assert by_nbgrader["ask-words"] == "What do you say to Mary?"
    done = nbgrader(given_out, "generate_feedback", "mini")
    assert done.returncode == 0, done.stderr
    assert "What do you say to Mary?" in explained(given_out, MAYA)[1]


def test_a_simulated_staff_writes_in_its_own_variant(given_out: Course) -> None:
    person = load_roster(given_out)[MAYA]
    folder = make_desk(given_out, person)
    ref = assignment(given_out, "mini").scenarios[0]
    tiers: demo.Tiers = {}
    actor = simulate.Actor(person, 0.0, "first only")
    take_the_course(given_out, folder, assignment(given_out, "mini"), actor, Random(3), tiers)
    events = AnswerLog(folder / "mini" / f"{ref.id}.answers.jsonl").read().events
    said = " ".join(texts(events))
    assert ", Mary." in said and "{" not in said
