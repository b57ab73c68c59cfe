"""What was ever taught is pinned; what a trainee gets holds no key."""

import json

import pytest
from ruamel.yaml import YAML

from scenarios import load, publish
from scenarios.errors import CourseError
from scenarios.model import from_trainee
from scenarios.rules import run
from scenarios.session import Session


@pytest.fixture
def source(course):
    return load.find("T90")


def edit(path, old, new):
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def rule(course, gap, decision):
    path = course.content / "scenarios" / "policy" / "gaps.yml"
    data = YAML(typ="safe").load(path)
    item = next(g for g in data["gaps"] if g["id"] == gap)
    item["ruling"] = {"decision": decision, "decided_by": "A. Lead", "decided_on": "2027-01-31"}
    path.write_bytes(publish.dump(data))


def test_a_version_is_pinned_once_and_read_back_the_same(source):
    target = publish.publish(source)
    before = target.read_bytes()
    scenario, sha256 = publish.load_published("T90", 1)
    assert publish.publish(source) == target and target.read_bytes() == before
    assert f"{sha256}  T90@1.yml" in (target.parent / publish.SUMS).read_text()
    assert scenario.steps.keys() == load.scenario(source).steps.keys()
    assert list(publish.problems()) == []


def test_a_changed_scenario_needs_a_new_version(source):
    publish.publish(source)
    edit(source, "minutes:", "minutes: 7 #")
    with pytest.raises(CourseError, match="raise `version` to 2"):
        publish.publish(source)
    assert [p.key for p in publish.problems()] == ["version"]
    edit(source, "version: 1", "version: 2")
    publish.publish(source)
    assert list(publish.problems()) == []


@pytest.mark.parametrize("damage", ["edited", "removed", "added"])
def test_a_published_file_that_is_not_what_was_published_is_refused(source, damage):
    target = publish.publish(source)
    if damage == "edited":
        edit(target, "minutes:", "minutes: 7 #")
    elif damage == "removed":
        target.unlink()
    else:
        target.with_name("T92@1.yml").write_bytes(target.read_bytes())
    remedies = {p.message.split("; ")[1].split(" ")[0] for p in publish.problems()}
    assert ("remove" if damage == "added" else "restore") in remedies
    if damage != "added":
        with pytest.raises(CourseError, match=r"restore it|missing"):
            publish.load_published("T90", 1)


def test_a_decision_that_waits_for_a_ruling_is_not_graded_until_it_is_made(course, source):
    waiting = {s: d.depends_on for s, d in load.scenario(source).decisions() if d.depends_on}
    assert waiting, "the miniature scenario has a decision that depends on a gap"
    step, (gap,) = next(iter(waiting.items()))
    draft, _ = publish.load_draft(source)
    assert dict(draft.decisions())[step].graded is False
    rulings = dict(load.scenario(source).decisions())[step].gaps[gap]
    ruling, changes = next(iter(rulings.items()))
    rule(course, gap, ruling)
    draft, _ = publish.load_draft(source)
    decision = dict(draft.decisions())[step]
    assert decision.graded is True
    assert {o.id: o.points for o in decision.options if o.id in changes} == changes


@pytest.mark.parametrize(
    ("ruling", "points", "violates"), [("ends-with-therapy", 3, ()), ("former-is-permanent", 0, ("C17",))]
)
def test_what_a_ruling_allows_breaks_no_clause(course, source, ruling, points, violates):
    rule(course, "G02", ruling)
    decision = dict(publish.load_draft(source)[0].decisions())["debate"]
    assert (decision.option("connect").points, decision.option("connect").violates) == (points, violates)


def test_the_trainees_view_holds_no_key(source):
    scenario, sha256 = publish.load_draft(source)
    view = publish.trainee_view(scenario, sha256)
    keys = set()

    def collect(value):
        if isinstance(value, dict):
            keys.update(value)
            for item in value.values():
                collect(item)
        elif isinstance(value, list):
            for item in value:
                collect(item)

    collect(view)
    allowed = "schema id version sha256 title minutes approved note situation start steps"
    allowed += " text kind prompt graded options fields ending consequence next label required"
    allowed += " support another_route by credential on"
    assert keys <= set(allowed.split())
    for _, decision in scenario.decisions():
        assert not decision.rationale or decision.rationale not in json.dumps(view, ensure_ascii=False)


def test_who_the_people_are_is_neither_published_nor_shown(source):
    before = publish.draft(source)
    person = "{name: Dana Quist, role: at-risk, age: 61, culture: Deaf, family: lives alone}"
    edit(source, "start: ask", f"people:\n  - {person}\nstart: ask")
    assert load.scenario(source).people[0].family == "lives alone"
    assert publish.draft(source) == before
    assert publish.publish(source).read_bytes() == before
    scenario, sha256 = publish.load_published("T90", 1)
    assert scenario.people == ()
    assert "people" not in publish.trainee_view(load.scenario(source), sha256)
    assert "Quist" not in json.dumps(publish.trainee_view(load.scenario(source), sha256))


def test_the_order_shown_is_not_the_key(source):
    scenario, sha256 = publish.load_draft(source)
    view = from_trainee(publish.trainee_view(scenario, sha256))
    shown = {s: [o.id for o in d.options] for s, d in view.decisions()}
    for step, decision in scenario.decisions():
        key = [o.id for o in decision.options]
        if decision.kind == "order":
            assert sorted(shown[step]) == sorted(key) and shown[step] != key
        else:
            assert shown[step] == key


def test_the_trainees_view_plays_as_the_published_scenario_does(source):
    scenario, sha256 = publish.load_draft(source)
    view = from_trainee(publish.trainee_view(scenario, sha256))
    for play in scenario.plays:
        with_keys, without = run(scenario, play), run(view, play)
        assert [s.id for s in with_keys.path] == [s.id for s in without.path]
        for step, answer in without.answers.items():
            known, told = dict(scenario.decisions())[step], dict(view.decisions())[step]
            assert known.consequences(answer) == told.consequences(answer)
    assert isinstance(without, Session)
