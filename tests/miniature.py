"""A desk in miniature: one scenario with all five kinds of decision, and one with a content note."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from scenarios import model, paths, publish

Json = dict[str, Any]
ASSIGNMENT = "onboarding-therapist"
SHA = "5" * 64


def _option(name: str, text: str, **more: Any) -> Json:
    return {"id": name, "text": text, "points": 0, **more}


T01: Json = {
    "id": "T01",
    "version": 1,
    "title": "A friend request from a former client",
    "minutes": 7,
    "situation": (
        "Tuesday, ten past one, half a sandwich. Your phone lights up: a friend request from Rosa, who "
        "finished therapy with you three years ago.\n\n"
        "> Message from Rosa: Hi! I found you by accident. Life is good, and\n> a lot of that is thanks to you.\n\n"
        "You remember her well. Your one-fifteen is coming up the stairs."
    ),
    "start": "request",
    "steps": [
        {
            "id": "request",
            "text": "The request is still waiting when the door opens.",
            "decision": {
                "kind": "choice",
                "prompt": "What do you do with the request?",
                "graded": True,
                "options": [
                    _option(
                        "accept",
                        "Accept it: therapy ended three years ago, and turning her away would hurt.",
                        consequence="Her page opens. There is a photo of the hospital where you first met.",
                        next="regret",
                    ),
                    _option(
                        "decline",
                        "Leave it unanswered and delete it after the session, without a message.",
                        points=3,
                        consequence="The request is gone. You feel a little rude, and you know why you did it.",
                        next="record",
                    ),
                    _option(
                        "explain",
                        "Send her a short, kind message that explains why you cannot accept.",
                        consequence="She answers within a minute: “So you do remember me!”",
                        next="record",
                    ),
                ],
            },
        },
        {"id": "regret", "text": "An hour later you end the connection again.", "next": "record"},
        {
            "id": "record",
            "text": "> Dana: You look thoughtful. Anything up?\n\nDana, your supervisor, has a minute.",
            "decision": {
                "kind": "multiple",
                "prompt": "What do you do about it today?",
                "graded": True,
                "consequence": "Dana nods. “Good that you said something.”",
                "next": "triage",
                "options": [
                    _option("tell", "Tell Dana about the request.", correct=True),
                    _option("note", "Write down what happened and when.", correct=True),
                    _option("post", "Ask colleagues in a group chat how they handle Rosa.", harmful=True),
                ],
            },
        },
        {
            "id": "triage",
            "text": "Three things are left on your list.",
            "decision": {
                "kind": "order",
                "prompt": "In which order do you do them?",
                "graded": True,
                "consequence": "By four o'clock all three are done.",
                "next": "words",
                "options": [
                    _option("safety", "Check that nobody is in danger."),
                    _option("tell-dana", "Talk with Dana."),
                    _option("settings", "Go through your privacy settings."),
                ],
            },
        },
        {
            "id": "words",
            "text": "On Friday, Rosa calls the front desk and asks for you.",
            "decision": {
                "kind": "text",
                "prompt": "What do you say to her?",
                "graded": True,
                "consequence": "> Rosa: Oh. I see. That makes sense, actually.",
                "next": "entry",
                "rubric": [{"id": "warm", "text": "Is warm", "points": 2}],
            },
        },
        {
            "id": "entry",
            "text": "You sit down to write the note.",
            "decision": {
                "kind": "form",
                "prompt": "Write the note.",
                "graded": True,
                "consequence": "The note is filed.",
                "next": "end",
                "fields": [
                    {"id": "what", "label": "What happened", "required": True},
                    {"id": "done", "label": "What you did", "required": True},
                    {"id": "next", "label": "What comes next", "required": False},
                ],
                "rubric": [{"id": "facts", "text": "Only facts", "points": 2}],
            },
        },
        {
            "id": "end",
            "ending": True,
            "text": "A request is a small thing, and what you did with it protected somebody who trusted you.",
        },
    ],
}

T06: Json = {
    "id": "T06",
    "version": 1,
    "title": "A voicemail at 5:12",
    "minutes": 6,
    "note": {
        "text": "This scenario is about a client who may be in danger.",
        "support": True,
        "another_route": "T01",
    },
    "situation": "A client misses a session and does not answer the phone.",
    "start": "first",
    "steps": [
        {
            "id": "first",
            "text": "It is ten past.",
            "decision": {
                "kind": "choice",
                "prompt": "What is your first step?",
                "graded": True,
                "options": [
                    _option("call", "Call again.", consequence="She picks up.", next="end"),
                    _option("search", "Search for her online.", consequence="Nothing there.", next="end"),
                ],
            },
        },
        {"id": "end", "ending": True, "text": "She is safe."},
    ],
}


def _write(path: Path, data: Json) -> None:
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_text(json.dumps(data, ensure_ascii=False, indent=1), encoding="utf-8")
    temporary.replace(path)


def make(desk: Path) -> Path:
    """Write the desk's files into an empty folder, as `grading desk` does, and return it."""
    folder = desk / ASSIGNMENT
    folder.mkdir(parents=True)
    shutil.copy(paths.content() / "notebooks" / "home.ipynb", desk)
    for data in (T01, T06):
        view = publish.trainee_view(model.from_dict(data), SHA)
        _write(folder / f"{data['id']}.json", view)
    _write(desk / "me.json", ME)
    _write(desk / "policy.json", POLICY)
    return desk


def explain(desk: Path, scenario: str = "T01", *, marked: bool = False) -> None:
    """Put what grading would write on the desk: it was handed in, and this is why."""
    folder = desk / ASSIGNMENT
    size = (folder / f"{scenario}.answers.jsonl").stat().st_size
    _write(folder / "handed_in.json", {scenario: {"at": "2026-11-23T12:00:00Z", "size": size}})
    mark = {"points": 2.0, "maximum": 2.0, "comment": "Kind and clear."} if marked else None
    decisions = [
        _explained(
            "request",
            "choice",
            "best",
            chosen="Nothing binds you to answer, and silence confirms nothing [C17].",
        ),
        _explained(
            "record", "multiple", "poor", explanation="Telling Dana early keeps this small.", better=True
        ),
        _explained("triage", "order", "acceptable", explanation="Danger comes first, whoever waits."),
        _explained("words", "text", "marked" if marked else "being marked", mark=mark, maximum=2.0),
        _explained(
            "entry",
            "form",
            "compare",
            model="What happened: A request came.\nWhat you did: Left it.",
            graded=False,
        ),
    ]
    feedback: Json = {
        "schema": 1,
        "assignment": ASSIGNMENT,
        "scenario": scenario,
        "version": 1,
        "sha256": SHA,
    }
    _write(
        folder / f"{scenario}.feedback.json",
        feedback | {"score": {"points": 7.5, "maximum": 9.0}, "decisions": decisions},
    )


def _explained(
    step: str,
    kind: str,
    verdict: str,
    *,
    chosen: str | None = None,
    explanation: str | None = None,
    better: bool = False,
    model: str | None = None,
    mark: Json | None = None,
    graded: bool = True,
    maximum: float | None = 3.0,
) -> Json:
    return {
        "step": step,
        "kind": kind,
        "graded": graded,
        "points": None,
        "maximum": maximum,
        "verdict": verdict,
        "chosen": [{"text": "Chosen", "explanation": chosen}] if chosen else [],
        "explanation": explanation,
        "best": [{"text": "Tell Dana, and note it.", "explanation": "Both are quick."}] if better else [],
        "clauses": [
            {
                "id": "C17",
                "title": "No connections with clients",
                "statement": "Therapists do not connect with clients, present or former, on social media.",
                "critical": True,
            }
        ],
        "violated": [],
        "options": [_option_explained(kind, option) for option in _decision(step).get("options", ())],
        "rubric": [{"id": "warm", "text": "Is warm and short", "points": 2}]
        if kind in ("text", "form")
        else [],
        "model": model,
        "mark": mark,
    }


def _decision(step: str) -> Json:
    steps = [*T01["steps"], *B17A["steps"]]
    return next(each["decision"] for each in steps if each["id"] == step)


def _option_explained(kind: str, option: Json) -> Json:
    if kind == "order":
        verdict = None
    elif kind == "choice":
        verdict = {3: "best", 2: "acceptable", 1: "poor", 0: "harmful"}[option["points"]]
    else:
        verdict = "best" if option.get("correct") else "harmful" if option.get("harmful") else "poor"
    why = f"Why: {option['text'].split()[0].lower()} [C17]."
    return {"id": option["id"], "text": option["text"], "verdict": verdict, "explanation": why}


def _given(scenario: Json, **more: Any) -> Json:
    return {key: scenario[key] for key in ("id", "version", "title", "minutes")} | {"approved": False} | more


ME: Json = {
    "schema": 1,
    "id": "maya.ortiz",
    "name": "Maya Ortiz",
    "role": "therapist",
    "team": "Harbor",
    "supervisor": "Renée Park",
    "course": {
        "title": "Social media and the people in our care",
        "center": "Harborview Counseling Center",
        "policy": {"title": "Social media policy", "sha256": None},
        "course_id": "social-media-policy",
    },
    "seen_by": [
        "Your supervisor, Renée Park, sees your first answers, their scores and what you wrote.",
        "The coordinator sees whether you have finished, not your words.",
    ],
    "support": [
        {"id": "lifeline", "name": "988 Lifeline", "how": "Call or text 988", "hours": "24 hours, every day"},
        {"id": "on-call", "name": "On-call supervisor", "how": "The staff contact sheet", "hours": None},
    ],
    "assignments": [
        {
            "id": ASSIGNMENT,
            "title": "Your first month",
            "kind": "onboarding",
            "due": "2099-12-23",
            "state": "not started",
            "detail": None,
            "pass_share": 0.8,
            "scenarios": [_given(T01, note=False, marked=["words"]), _given(T06, note=True, marked=[])],
        }
    ],
    "boosters": [],
}

B17A: Json = {
    "id": "B17a",
    "version": 1,
    "title": "At the market",
    "minutes": 2,
    "situation": "Saturday, eleven. A client sells plums two stalls on, and waves with her phone.",
    "start": "stall",
    "steps": [
        {
            "id": "stall",
            "text": "> Client: Follow our page! Then you know what is ripe.",
            "decision": {
                "kind": "choice",
                "prompt": "What do you do next?",
                "graded": True,
                "options": [
                    _option("follow", "Follow the page.", consequence="You are linked.", next="home"),
                    _option("plums", "Thank her, and buy plums.", points=3, next="home"),
                ],
            },
        },
        {
            "id": "home",
            "text": "At home, an invitation from her waits.",
            "decision": {
                "kind": "choice",
                "prompt": "And now?",
                "graded": True,
                "options": [
                    _option("mute", "Accept, and mute her.", next="end"),
                    _option("leave", "Leave it, and tell her on Thursday.", points=3, next="end"),
                ],
            },
        },
        {"id": "end", "ending": True, "text": "The plums are gone by Monday."},
    ],
}
"""A booster on C17."""


def one_more(desk: Path, state: str, *, met: bool = False, **more: Any) -> None:
    """Put a step on the desk, as grading would: of C17, with the booster where it is open or was met."""
    about = {"id": "B17a", "version": 1, "title": B17A["title"], "minutes": 2, "attempt": 1}
    step = {"clause": "C17", "state": state, "opens": None, "played": [about] if met else [], **about, **more}
    if state != "open":
        step |= {"id": None, "title": None}
    given = {**ME["assignments"][0], "state": "one more step", "detail": "one more step: C17"}
    if state == "cleared":
        given |= {"state": "passed", "detail": None}
    _write(desk / "me.json", ME | {"assignments": [given], "boosters": [step]})
    folder = desk / "boosters"
    folder.mkdir(exist_ok=True)
    if state == "open" or met:
        _write(folder / "B17a.json", publish.trainee_view(model.from_dict(B17A), SHA))
    if met:
        _meet(folder / "B17a.answers.jsonl", "leave" if state == "cleared" else "mute")
        size = (folder / "B17a.answers.jsonl").stat().st_size
        _write(folder / "handed_in.json", {"B17a": {"at": "2026-11-24T12:00:00Z", "size": size}})
        decisions = [_explained("stall", "choice", "best", chosen="Nothing links you [C17].")]
        decisions += [
            _explained("home", "choice", "best" if state == "cleared" else "harmful", chosen="Why [C17].")
        ]
        _write(
            folder / "B17a.feedback.json", {"schema": 1, "score": None, "attempt": 1, "decisions": decisions}
        )


def _meet(path: Path, second: str) -> None:
    """Write the log of a finished first attempt at the booster."""
    pinned = {"assignment": "boosters", "scenario": "B17a", "version": 1, "sha256": SHA}
    events: list[Json] = [
        {"event": "started", **pinned},
        {"event": "answered", "step": "stall", "option": "plums"},
        {"event": "answered", "step": "home", "option": second},
        {"event": "finished", "step": "end"},
    ]
    common = {"v": 1, "at": "2026-11-24T11:58:00.000Z", "attempt": 1}
    path.write_text("".join(json.dumps(common | {"seq": n} | e) + "\n" for n, e in enumerate(events, 1)))


_NOTHING_MORE = {"condition": None, "exception": None, "follow_up": None, "who": ["therapist"]}

POLICY: Json = {
    "schema": 1,
    "clauses": [
        {
            "id": "C17",
            "kind": "prohibition",
            "title": "No connections with clients",
            "statement": "Therapists do not connect with clients, present or former, on social media.",
            "critical": True,
            "scenarios": ["T01"],
            **_NOTHING_MORE,
            "follow_up": "Talk about it in the next session.",
        },
        {
            "id": "C43",
            "kind": "exception",
            "title": "A crisis can open a search",
            "statement": "In a crisis, with reason to think a client is in danger, a search is allowed.",
            "critical": False,
            "scenarios": ["T06"],
            **_NOTHING_MORE,
        },
        {
            "id": "C20",
            "kind": "permission",
            "title": "E-mail, phone or text between sessions",
            "statement": "Between sessions people reach each other by e-mail, phone or text.",
            "critical": False,
            "scenarios": [],
            **_NOTHING_MORE,
        },
    ],
    "moments": [
        {
            "id": "friend-request",
            "title": "A client sent me a friend request",
            "about": "A request, an invitation or a new follower, from somebody you work with or once did.",
            "steps": [
                {"do": "Leave it unanswered.", "why": "A click or a kind word there is an answer, too."},
                {"do": "Tell your supervisor today.", "why": "Two heads keep it small."},
                {"do": "Bring it up in the next session.", "why": "That is where it can be talked about."},
            ],
            "call": [{"name": "Renée Park", "how": "Your supervisor: renee.park@example.org", "hours": None}],
            "clauses": ["C17"],
            "support": False,
        },
        {
            "id": "worrying-message",
            "title": "A message worries me",
            "about": "Something in it makes you fear for the person who wrote it.",
            "steps": [
                {"do": "Call the person.", "why": "A voice is the fastest way to know."},
                {"do": "Start the crisis protocol.", "why": "It brings help while you talk."},
                {"do": "Write down what you saw and did.", "why": "While it is fresh."},
            ],
            "call": [{"name": "On-call supervisor", "how": "The staff contact sheet", "hours": None}],
            "clauses": ["C43"],
            "support": True,
        },
    ],
}
