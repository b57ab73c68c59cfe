"""One more step, in words: what comes next for somebody who broke a critical clause."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from scenarios.desk import BOOSTERS, Desk

if TYPE_CHECKING:
    from scenarios.opened import Opened

Json = dict[str, Any]


def steps(
    me: Mapping[str, Any],
    progress: Mapping[str, Mapping[str, Any]],
    clauses: Iterable[Mapping[str, Any]],
    today: date,
) -> list[Json]:
    """Return a part of the front page for each critical clause that was missed, the cleared ones too.

    The arguments are those of ``view.home_view``.
    """
    known = {clause["id"]: clause for clause in clauses}
    return [
        _step(given, progress, known.get(given["clause"], {}), me.get("supervisor"), today)
        for given in me.get("boosters", ())
    ]


def step_at(desk: Desk, opened: Opened) -> Json | None:
    """Return the step that an opened booster belongs to; None of any other scenario."""
    place = opened.place
    if place.assignment != BOOSTERS:
        return None
    every = steps(desk.me(), {place.route: opened.progress()}, desk.policy()["clauses"], date.today())
    return next((step for step in every if place.route in (step["route"], *step["played"])), None)


def _step(
    given: Mapping[str, Any],
    progress: Mapping[str, Mapping[str, Any]],
    clause: Mapping[str, Any],
    supervisor: str | None,
    today: date,
) -> Json:
    route = f"{BOOSTERS}/{given['id']}" if given["id"] else None
    here = progress.get(route, {}).get("state") if route else None
    about = f"two decisions, about {given['minutes']} minute{'' if given['minutes'] == 1 else 's'}"
    who = supervisor or "your supervisor"
    action = None
    if given["state"] == "cleared":
        how = "You met it again and kept it." if given["played"] else "You have talked it over."
        says = f"{how} Your first answers stay as they were."
    elif given["state"] == "talk" and given["played"]:
        says = f"Nothing is lost. Talk it over with {who} first; then there is another one."
    elif given["state"] == "talk":
        says = f"Talk it over with {who}. When that is noted, this step is done."
    elif given["state"] == "waits":
        says = f"{_day(given['opens'], today)} there is a short situation on this clause: {about}."
    elif here in ("finished", "explained"):
        says = "You have been through the short situation. What comes next stands here in a few seconds."
    elif here == "going":
        says, action = "You are in the middle of a short situation on this clause.", "Go on with it"
    else:
        says, action = f"There is a short situation on this clause: {about}.", "Meet it again"
    return {
        "id": given["clause"],
        "title": clause.get("title") or f"Clause {given['clause']}",
        "statement": clause.get("statement", ""),
        "cleared": given["state"] == "cleared",
        "says": says,
        "action": action,
        "route": route,
        "played": [f"{BOOSTERS}/{each['id']}" for each in given["played"]],
    }


def _day(opens: str, today: date) -> str:
    """Return when a booster opens, as a sentence begins."""
    at = datetime.fromisoformat(opens).astimezone()
    left = (at.date() - today).days
    if left < 0:  # nobody has looked since
        return "As soon as the course has looked again,"
    if left > 1:
        return f"From {at:%B} {at.day} on"
    return "Tomorrow" if left == 1 else f"Today, from {at:%I:%M %p} on,".replace(" 0", " ")
