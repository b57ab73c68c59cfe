"""Replay: the log alone says where a trainee stands."""

from dataclasses import replace

import pytest

from scenarios.errors import CourseError
from scenarios.model import Decision, Field, Note, Option, Scenario, Step
from scenarios.session import Session


def scenario():
    choice = Decision(
        "choice",
        "?",
        True,
        options=(Option("yes", "Yes", next="bridge"), Option("no", "No", next="form")),
    )
    form = Decision(
        "form", "?", True, fields=(Field("when", "When", True), Field("note", "Note")), next="end"
    )
    steps = [
        Step("ask", "A question.", choice),
        Step("bridge", "A detour.", next="form"),
        Step("form", "A form.", form),
        Step("end", "The end.", ending=True),
    ]
    return Scenario("T90", 1, "t", 1, "s", "ask", {s.id: s for s in steps})


def events(*pairs, attempt=1):
    return [{"seq": n, "attempt": attempt, "event": name, **rest} for n, (name, rest) in enumerate(pairs, 1)]


STARTED = ("started", {"scenario": "T90", "version": 1})
YES = ("answered", {"step": "ask", "option": "yes"})
NO = ("answered", {"step": "ask", "option": "no"})
FORM = ("answered", {"step": "form", "fields": {"when": "today"}})


def test_a_new_attempt_stands_at_the_start():
    session = Session(scenario())
    assert (session.current.id, session.answers, session.started) == ("ask", {}, False)


def test_a_bridge_is_walked_through():
    session = Session(scenario(), events(STARTED, YES))
    assert [s.id for s in session.path] == ["ask", "bridge", "form"]
    assert session.answers == {"ask": {"option": "yes"}}


def test_an_ending_closes_the_attempt_once():
    session = Session(scenario(), events(STARTED, NO, FORM, ("finished", {"step": "end"})))
    assert session.finished and session.current is None and not session.problems
    session.apply({"seq": 9, "attempt": 1, "event": "finished", "step": "end"})
    assert len(session.problems) == 1


def test_the_first_valid_answer_stands():
    session = Session(scenario(), events(STARTED, YES, NO))
    assert session.answers["ask"] == {"option": "yes"}
    assert session.problems == [
        "event 3 (answered) was ignored: Step ask was answered before; the first answer stands."
    ]


@pytest.mark.parametrize(
    "bad",
    [
        ("answered", {"step": "form", "fields": {"when": "x"}}),
        ("answered", {"step": "ask", "option": "perhaps"}),
        ("answered", {"step": "ask", "option": ["yes"]}),
        ("answered", {"step": ["ask"], "option": "yes"}),
        ("answered", {"step": "ask"}),
        ("answered", {"option": "yes"}),
        ("finished", {"step": "ask"}),
        ("finished", {"step": "end"}),
        ("drafted", {"step": "ask", "text": "x"}),
        ("hacked", {"step": "ask"}),
        ({"event": 1}, {}),
        ("started", {"scenario": "T91", "version": 1}),
    ],
)
def test_an_event_that_does_not_fit_changes_nothing(bad):
    session = Session(scenario(), events(STARTED, bad))
    assert (session.current.id, session.answers, session.finished) == ("ask", {}, False)
    assert len(session.problems) == 1


def test_nothing_counts_before_the_start():
    session = Session(scenario(), events(YES))
    assert session.answers == {} and session.problems


def test_other_attempts_are_left_alone():
    log = [*events(STARTED, YES), *events(STARTED, NO, attempt=2)]
    assert Session(scenario(), log).answers["ask"] == {"option": "yes"}
    assert Session(scenario(), log, attempt=2).answers["ask"] == {"option": "no"}


def test_a_draft_is_kept_until_it_is_committed():
    draft = ("drafted", {"step": "form", "fields": {"when": "to"}})
    session = Session(scenario(), events(STARTED, NO, draft))
    assert session.drafts == {"form": {"fields": {"when": "to"}}}
    session.apply({"seq": 4, "attempt": 1, "event": FORM[0], **FORM[1]})
    assert session.drafts == {} and session.path[-1].ending


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"when": " "}, "Still needed: When."),
        ({"note": "x"}, "Still needed: When."),
        ({"when": "x", "who": "y"}, "The form has no field who."),
        ({"when": 3}, "Fill in the form first."),
        ("today", "Fill in the form first."),
    ],
)
def test_a_form_says_what_is_still_needed(fields, why):
    session = Session(scenario(), events(STARTED, NO))
    with pytest.raises(CourseError, match=why):
        session.event("answered", {"fields": fields})


def test_the_next_event_is_made_only_if_it_fits():
    session = Session(scenario())
    with pytest.raises(CourseError, match="had not started"):
        session.event("answered", {"option": "yes"})
    session.apply(session.event("started"))
    event = session.event("answered", {"option": "yes"})
    assert event == {"attempt": 1, "event": "answered", "step": "ask", "option": "yes"}
    assert session.answers == {}


ARGUED = {"step": "ask", "on": True}


def test_a_decision_met_can_be_argued_also_later_and_taken_back():
    played = (STARTED, NO, FORM, ("finished", {"step": "end"}), ("argued", ARGUED))
    session = Session(scenario(), events(*played))
    assert session.argued == {"ask"} and not session.problems
    assert Session(scenario(), events(*played, ("argued", ARGUED | {"on": False}))).argued == set()


@pytest.mark.parametrize(
    "odd", [{"step": "form", "on": True}, {"step": "ask"}, {"step": "ask", "on": 1}, {"on": True}]
)
def test_what_cannot_be_argued_changes_nothing(odd):
    session = Session(scenario(), events(STARTED, ("argued", odd)))
    assert session.argued == set() and len(session.problems) == 1


REROUTED = ("rerouted", {})
NOTED = replace(scenario(), note=Note("About loss.", support=True))


def test_another_route_can_be_taken_before_the_start_and_after_it():
    for played in ([REROUTED], [STARTED, REROUTED], [STARTED, YES, REROUTED, REROUTED]):
        session = Session(NOTED, events(*played))
        assert session.rerouted and session.done and not session.finished and not session.problems
        assert session.counted == {}
    assert session.answers == {"ask": {"option": "yes"}}
    assert session.event("rerouted") == {"attempt": 1, "event": "rerouted"}


@pytest.mark.parametrize("again", [STARTED, FORM])
def test_what_was_left_out_is_taken_up_where_it_was_left(again):
    session = Session(NOTED, events(STARTED, NO, REROUTED, again))
    assert not session.rerouted and not session.problems
    assert session.counted["ask"] == {"option": "no"}


def test_a_draft_takes_nothing_up_again():
    draft = ("drafted", {"step": "form", "fields": {"when": "to"}})
    assert Session(NOTED, events(STARTED, NO, REROUTED, draft)).rerouted


def test_there_is_no_other_route_once_it_is_finished():
    played = (STARTED, NO, FORM, ("finished", {"step": "end"}))
    for forged in ((*played, REROUTED), (*played[:-1], REROUTED, played[-1])):
        session = Session(NOTED, events(*forged))
        assert session.finished and not session.rerouted and len(session.counted) == 2
        assert ["The attempt was finished" in problem for problem in session.problems] == [True]


def test_nothing_else_can_be_left_out():
    for note in (None, Note("It is sad.")):
        session = Session(replace(scenario(), note=note), events(STARTED, NO, REROUTED))
        assert not session.rerouted and len(session.problems) == 1
    assert Session(replace(NOTED, note=Note("It is sad.", another_route="T01")), events(REROUTED)).rerouted
    practice = Session(NOTED, events(STARTED, REROUTED, attempt=2), attempt=2)
    assert not practice.rerouted and len(practice.problems) == 1
