"""What a library's writing shows: its people, its repeats, its own words; the command that prints it."""

import json
from dataclasses import replace

import pytest
from ruamel.yaml import YAML

from scenarios import load, paths
from scenarios.__main__ import main
from scenarios.check import check
from scenarios.language import Words
from scenarios.model import Option, Person
from scenarios.writing import pattern, review

WORDS = "schema: 1\nnames: [Xiomara]\nterms: [repost]\nclinical: [therapist]\n"


def edit(path, old, new):
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


@pytest.fixture
def source(course):
    return load.find("T90")


def messages(problems):
    return [problem.message for problem in problems]


def test_the_miniature_library_is_well_written(course):
    assert check().problems == []


def test_the_projects_own_words_are_right_and_others_are_not(course, source):
    edit(source, "A request arrives.", "Xiomara asks for a repost of the repozt.")
    wrong = "{} is in no dictionary; correct it or add it to scenarios/library/words.yml"
    assert messages(check().problems) == [wrong.format(word) for word in ("Xiomara", "repost", "repozt")]
    (paths.library() / "words.yml").write_text(WORDS)
    assert messages(check().problems) == [wrong.format("repozt")]


def test_who_speaks_and_who_stands_among_the_people_is_a_name(course, source):
    edit(source, "> Dana: Hello", "> Xiomara: Hello, Xiomara's friend Nkechi")
    assert [m.split()[0] for m in messages(check().problems)] == ["Nkechi"]
    edit(
        source,
        "start: ask",
        "people: [{name: Nkechi, role: wise, age: 30, culture: null, family: null}]\nstart: ask",
    )
    assert check().problems == []


def test_a_list_of_words_in_another_form_is_a_problem_with_its_place(course):
    (paths.library() / "words.yml").write_text(WORDS.replace("[repost]", "[two words]"))
    assert [(p.file, p.line, p.key) for p in check().problems] == [
        ("scenarios/library/words.yml", 3, "terms.0")
    ]


def test_alternative_endings_may_share_words_and_what_one_reader_meets_may_not(course, source):
    long = "One more line that says what the policy asks of us here and what it protects for everybody in the house"
    edit(source, "The boundary held", f"{long}. The boundary held")
    edit(source, "The boundary moved", f"{long}. The boundary moved")
    assert check().problems == []
    edit(source, "A request arrives.", f"A request arrives. {long}.")
    found = check().problems
    assert [p.key for p in found] == ["steps.7.text", "steps.8.text"]
    assert "21 words in a row stand in T90 steps.0.text too" in found[0].message


def test_a_repeat_in_another_scenario_is_told_where_it_stands_later(course, source):
    long = "She waits at the window until the last bus has gone and then walks home along the river in rain"
    edit(source, "It waits.", f"{long}.")
    edit(load.find("T91"), "She leaves.", f"{long}!")
    (found,) = (p for p in check().problems if "stand in" in p.message)
    assert (found.file.split("/")[-1], found.key) == (
        "T91-second.yml",
        "steps.0.decision.options.1.consequence",
    )
    assert "stand in T90 steps.0.decision.options.0.consequence too" in found.message


def test_a_scenario_with_another_problem_is_not_read_for_its_writing(course, source):
    edit(source, "A request arrives.", "A reqest arrives.")
    edit(source, "next: linked", "next: nowhere")
    assert "is in no dictionary" not in str(messages(check().problems))


def test_the_pattern_shows_ages_cultures_and_families_of_each_role():
    people = {
        "T90": (Person("A", "at-risk", 17, "Deaf", "lives alone"), Person("B", "errs", None, None, None)),
        "T91": (Person("C", "at-risk", 30, "Deaf", "married"), Person("D", "at-risk", 80, None, "married")),
        "T92": (),
    }
    assert list(pattern(people)) == [
        "at-risk: 3",
        "  age: under 18 1, 30-44 1, 75 and over 1",
        "  culture: Deaf 2, not told 1",
        "  family: married 2, lives alone 1",
        "errs: 1",
        "  age: not told 1",
        "  culture: not told 1",
        "  family: not told 1",
        "wise: 0",
        "  age: ",
        "  culture: ",
        "  family: ",
    ]


def test_the_command_prints_numbers_grades_people_and_places(course, source, capsys):
    assert main(["writing"]) == 0
    told = capsys.readouterr().out
    assert "the best option is the longest in" in told and "chance would bring" in told
    assert "T90 " in told and "no people told: T90, T91" in told
    edit(source, "Leave it for now.", "Always leave it.")
    edit(source, "It waits.", "It wates.")
    assert main(["writing", "--format", "json"]) == 1
    data = json.loads(capsys.readouterr().out)
    assert data.keys() == {"habits", "ticks", "grades", "people", "problems", "warnings"}
    assert sum(data["ticks"].values()) == 1
    assert data["grades"].keys() == data["people"].keys() == {"T90", "T91"}
    assert [w["message"] for w in data["warnings"]] == ["gives itself away: Always"]
    assert [p["key"] for p in data["problems"]] == ["steps.0.decision.options.0.consequence"]


def test_check_prints_the_numbers_and_passes_with_warnings_alone(course, source, capsys):
    edit(source, "Leave it for now.", "Always leave it.")
    assert main(["check"]) == 0
    told = capsys.readouterr().out
    assert "the best option is the longest in" in told and "1 warnings (python -m scenarios writing)" in told
    assert "0 of 3 clauses are practiced enough" in told


def test_that_nearly_always_as_many_lines_are_right_is_worth_a_look(course):
    scenario = load.scenario(load.find("T90"))
    (name, ticked) = next((s, d) for s, d in scenario.decisions() if d.kind == "multiple")
    right = sum(option.correct for option in ticked.options)
    one_more = replace(ticked, options=(*ticked.options, Option("more", "More.", correct=True)))
    other = replace(scenario, steps={name: replace(scenario.steps[name], decision=one_more)})
    for others, warned in ((3, True), (4, False)):
        found = review([scenario] * (10 - others) + [other] * others, Words())
        assert found.ticks == {right: 10 - others, right + 1: others}
        expected = [f"{right} lines are right in 7 of 10 decisions with ticks; vary their number"] * warned
        assert [r.message for r in found.remarks if "lines are right" in r.message] == expected


def test_the_real_library_has_people_and_reads_easily():
    scenarios = [load.scenario(path) for path in load.scenario_files()]
    words = Words.from_dict(YAML(typ="safe").load(paths.library() / "words.yml"))
    found = review(scenarios, words)
    assert not [r.message for r in found.remarks if r.problem]
    therapists = {s.id: s.people for s in scenarios if s.audience == "therapist"}
    assert any(p.role == "at-risk" for people in therapists.values() for p in people)
    assert max(found.grades.values()) <= 10
