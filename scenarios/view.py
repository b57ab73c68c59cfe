"""What the page shows, as plain data: pure functions of a session and the desk's files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from scenarios import steps
from scenarios.model import Decision, Scenario, Step
from scenarios.session import Session

Json = dict[str, Any]


def blocks(text: str) -> list[Json]:
    """Split prose into paragraphs: ``{"text"}``, or ``{"who", "text"}`` for ``> Name: words``."""
    found: list[Json] = []
    for paragraph in text.split("\n\n"):
        words = " ".join(line.strip().removeprefix(">").strip() for line in paragraph.strip().splitlines())
        if not words:
            continue
        who, colon, said = f"{words} ".partition(": ")  # a time of day has a colon, too
        if paragraph.lstrip().startswith(">") and colon:
            found.append({"who": who.strip(), "text": said.strip()})
        else:
            found.append({"text": words})
    return found


def decisions_left(scenario: Scenario, step_id: str, known: dict[str, int] | None = None) -> int:
    """Return the most decisions that can still follow, the given step's own included."""
    known = {} if known is None else known
    if step_id not in known:
        known[step_id] = 0  # a way that leads back here adds nothing
        step = scenario.steps[step_id]
        decision = step.decision
        ways = [step.next, *((decision.next, *(o.next for o in decision.options)) if decision else ())]
        longest = max((decisions_left(scenario, way, known) for way in ways if way), default=0)
        known[step_id] = longest + (1 if decision else 0)
    return known[step_id]


def scenario_view(
    session: Session,
    data: Mapping[str, Any],
    *,
    handed_in: Mapping[str, Any],
    feedback: Mapping[str, Any] | None,
    practice: bool = False,
) -> Json:
    """Return one scenario's page: the turns so far, the open decision last, then what came of it.

    Args:
        session: where the trainee stands.
        data: the content of ``T01.json``.
        handed_in: ``{"state": "no|sending|yes|waiting", "at", "why"}``.
        feedback: the content of ``T01.feedback.json``; shown only once the scenario is finished.
        practice: whether this attempt does not count; it is explained from what ``feedback`` says of the same decisions.
    """
    scenario = session.scenario
    turns = [_turn(session, step) for step in session.path]
    shown = feedback if session.finished else None
    return {
        "id": scenario.id,
        "title": scenario.title,
        "minutes": scenario.minutes,
        "approved": bool(data.get("approved")),
        "note": data.get("note") and {**data["note"], "text": blocks(data["note"]["text"])},
        "practice": practice,
        "started": session.started,
        "finished": session.finished,
        "left_out": left_out("“" + scenario.title.strip('"') + "”") if session.rerouted else None,
        "other_way": scenario.may_be_left_out and not session.done,
        "answered": len(session.answers),
        "left": decisions_left(scenario, session.path[-1].id),
        "situation": blocks(scenario.situation),
        "turns": turns,
        "handed_in": dict(handed_in),
        "review": _review(turns, shown, practice=practice) if shown else None,
        "score": shown.get("score") if shown and not practice else None,
    }


def left_out(what: str) -> str:
    """Return in one sentence what it means that another route was taken."""
    return f"{what} is left out and counts as done, and you can still open it any time."


def _turn(session: Session, step: Step) -> Json:
    turn: Json = {"step": step.id, "text": blocks(step.text), "ending": step.ending}
    if decision := step.decision:
        answer = session.answers.get(step.id)
        turn |= {
            "kind": decision.kind,
            "prompt": decision.prompt,
            "options": [{"id": o.id, "text": o.text} for o in decision.options],
            "fields": [{"id": f.id, "label": f.label, "required": f.required} for f in decision.fields],
            "answer": answer and said(decision, answer),
            "followed": [blocks(text) for text in decision.consequences(answer)] if answer else [],
            "draft": session.drafts.get(step.id),
            "argued": step.id in session.argued,
        }
    return turn


def said(decision: Decision, answer: Mapping[str, Any]) -> list[Json]:
    """Return an answer in words, one ``{"text"}`` or ``{"label", "text"}`` a line, in the trainee's order."""
    if decision.kind == "text":
        return [{"text": answer["text"]}]
    if decision.kind == "form":
        written = answer["fields"]
        return [
            {"label": f.label, "text": written[f.id]}
            for f in decision.fields
            if written.get(f.id, "").strip()
        ]
    if decision.kind == "order":
        return [{"text": decision.option(name).text} for name in answer["order"]]
    return [{"text": option.text} for option in decision.triggered(answer)]


def _review(turns: Sequence[Json], feedback: Mapping[str, Any], *, practice: bool) -> list[Json]:
    """Return the explanations in the order in which the decisions were made."""
    explained = {decision["step"]: decision for decision in feedback.get("decisions", ())}
    return [
        {
            **{key: turn[key] for key in ("step", "kind", "prompt", "answer", "argued")},
            **explained[turn["step"]],
        }
        | (_practised(turn, explained[turn["step"]]) if practice else {})
        for turn in turns
        if turn.get("answer") and turn["step"] in explained
    ]


def _practised(turn: Json, explained: Mapping[str, Any]) -> Json:
    """Return what a first attempt's explanation says of another answer to the same decision."""
    known = explained.get("options", ())
    taken = [line["text"] for line in turn["answer"]]
    chosen = [option for text in taken for option in known if option["text"] == text]
    best = [option for option in known if option["verdict"] in ("best", None)]  # an order's lines have none
    verdicts = {option["verdict"] for option in chosen}
    as_asked = taken == [option["text"] for option in best]
    if turn["kind"] == "choice" and chosen:
        verdict = chosen[0]["verdict"]
    elif "harmful" in verdicts:
        verdict = "harmful"
    else:
        verdict = "best" if best and as_asked else "compare"
    better = [] if verdict in ("best", "discussion") else best
    return {"verdict": verdict, "chosen": chosen, "best": better, "mark": None, "violated": []}


def waiting(view: Mapping[str, Any]) -> bool:
    """Whether something may still arrive on the desk for a finished scenario."""
    if not view["finished"]:
        return False
    return not view["review"] or any(entry["verdict"] == "being marked" for entry in view["review"])


def home_view(
    me: Mapping[str, Any],
    progress: Mapping[str, Mapping[str, Any]],
    clauses: Sequence[Mapping[str, Any]] = (),
    *,
    today: date,
) -> Json:
    """Return the course's home page.

    Args:
        me: the content of ``me.json``.
        progress: by route, ``{"state": "new|going|finished|explained|rerouted|damaged", "answered", "left",
            "handed_in": bool}``, and ``why`` a scenario is left out or damaged; one without an entry is not on the desk.
        clauses: the policy's clauses as on the desk, to say in words what one more step is about.
        today: the day that due dates are told from.
    """
    assignments = [_assignment(given, progress, today) for given in me["assignments"]]
    rows = [row for given in assignments for row in given["scenarios"]]
    following = next(
        (r for r in rows if r["state"] == "going"), next((r for r in rows if r["state"] == "new"), None)
    )
    known = ("id", "name", "role", "team", "supervisor", "course", "seen_by", "support")
    return {key: me.get(key) for key in known} | {
        "assignments": assignments,
        "next": following,
        "one_more": steps.steps(me, progress, clauses, today),
    }


def _assignment(
    given: Mapping[str, Any],
    progress: Mapping[str, Mapping[str, Any]],
    today: date,
) -> Json:
    rows = []
    for scenario in given["scenarios"]:
        route = f"{given['id']}/{scenario['id']}"
        here = progress.get(route, {"state": "missing", "answered": 0, "left": 0, "handed_in": False})
        rows.append({**scenario, **here, "route": route})
    return {
        **{key: given.get(key) for key in ("id", "title", "kind", "due", "detail", "pass_share")},
        "due_text": due(date.fromisoformat(given["due"]), today) if given.get("due") else None,
        "scenarios": rows,
    } | {
        "state": _state(given.get("state", "not started"), rows),
        "minutes_left": sum(row["minutes"] for row in rows if row["state"] in ("new", "going")),
    }


def due(day: date, today: date) -> str:
    """Return in words when something is due."""
    left, named = (day - today).days, f"{day:%B} {day.day}, {day.year}"
    if left < 0:
        return f"Was due {named}; you can still finish it"
    soon = {0: " (today)", 1: " (tomorrow)"}.get(left, f" (in {left} days)" if left < 15 else "")
    return f"Due {named}{soon}"


def _state(recorded: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the assignment's state; what lies on the desk is newer than what grading recorded."""
    if recorded not in ("not started", "in progress"):
        return recorded
    states = {row["state"] for row in rows}
    if states <= {"new", "missing"}:
        return "not started"
    done = states <= {"finished", "explained", "rerouted"} and all(row["handed_in"] for row in rows)
    return "handed in" if done else "in progress"
