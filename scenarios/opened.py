"""A scenario on the desk, opened: its log, and where the trainee stands in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scenarios import view
from scenarios.answers import MAX_BYTES, AnswerLog, LogChanged
from scenarios.desk import BOOSTERS, Json, Place
from scenarios.errors import CourseError, plainly
from scenarios.session import Session

DRAFT_BYTES = MAX_BYTES // 2
"""A log longer than this takes no more drafts and no more practice: there is always room for the answers."""


@dataclass
class Opened:
    """A scenario that the page shows: what it is, its log, and where the trainee stands."""

    place: Place
    data: Json
    log: AnswerLog
    session: Session

    @classmethod
    def read(cls, place: Place, *, practice: bool = False, anew: bool = False) -> Opened:
        """Open a scenario by replaying its log; an ending that was reached is finished now.

        Args:
            place: where it lies on the desk.
            practice: open the last practice attempt instead of the first attempt.
            anew: when that one is finished, or there is none, begin another.

        Raises:
            CourseError: it is not on the desk, damaged, or not open to practice yet.
        """
        scenario, data = place.load()
        log = place.log()
        events = log.read().events
        session = Session(scenario, events, place.attempt)
        if practice:
            if place.assignment == BOOSTERS:
                raise CourseError(
                    "A short situation like this is met once. Practice any of your scenarios instead."
                )
            if not session.finished:
                raise CourseError(
                    "Practice opens once you have lived through this scenario. Go on with it first."
                )
            last = max((e["attempt"] for e in events if e.get("event") == "started"), default=1)
            session = Session(scenario, events, max(last, 2))
            if anew and session.finished:
                session = Session(scenario, events, session.attempt + 1)
        opened = cls(place, data, log, session)
        if session.path[-1].ending and not session.finished:
            opened.keep(session.event("finished"))
        return opened

    def start(self) -> None:
        """Log the start, once, and again where another route was taken."""
        if self.session.started and not self.session.rerouted:
            return
        if self.is_practice and self.log.seen.size >= DRAFT_BYTES:
            raise CourseError("You have practiced this scenario many times; there is no room to record more.")
        self.keep(
            self.session.event("started")
            | {
                "assignment": self.place.assignment,
                "scenario": self.place.scenario,
                "version": self.data["version"],
                "sha256": self.data["sha256"],
            }
        )

    def keep(self, *events: Mapping[str, Any]) -> None:
        """Write events to the log and take them once they are on disk."""
        for event in self.log.append(*events):
            self.session.apply(event)

    def answer(self, step: str, answer: Json) -> None:
        """Commit an answer; one that leads to an ending finishes the scenario in the same write."""
        answered = self._event("answered", step, answer)
        session = self.session
        ahead = Session(session.scenario, [*self.log.seen.events, answered], session.attempt)
        self.keep(answered, *([ahead.event("finished")] if ahead.path[-1].ending else []))

    def draft(self, step: str, answer: Json) -> bool:
        """Keep what is being written; False if the log has no more room for drafts."""
        drafted = self._event("drafted", step, answer)
        room = self.log.seen.size < DRAFT_BYTES
        if room:
            self.keep(drafted)
        return room

    def argue(self, step: str, on: bool) -> None:
        """Note, or take back, that the trainee would argue a decision in supervision."""
        if (step in self.session.argued) != on:
            self.keep(self.session.event("argued", {"step": step, "on": on}))

    def reroute(self) -> None:
        """Leave the scenario out, until it is started again; practice asks for nothing that could be left out."""
        if not self.session.rerouted and not self.is_practice:
            self.keep(self.session.event("rerouted"))

    def _event(self, name: str, step: str, answer: Json) -> Json:
        if step != self.session.path[-1].id:
            raise LogChanged("This question was answered already. Reload to go on from where you are.")
        return self.session.event(name, answer)

    @property
    def is_practice(self) -> bool:
        """Whether this is not the attempt that counts."""
        return self.session.attempt > self.place.attempt

    @property
    def damaged(self) -> int:
        """How many lines of the log could not be read."""
        return len(self.log.seen.problems)

    @property
    def is_handed_in(self) -> bool:
        """Whether the attempt that is done was handed in."""
        event = "rerouted" if self.session.rerouted else "finished"
        return self.session.done and not self._waits(event, attempt=self.session.attempt)

    @property
    def is_unsent(self) -> bool:
        """Whether something waits to be handed in: an attempt that is done, or what changed about it later."""
        done = self._waits("finished") or self._waits("rerouted")
        return done or (self._waits("argued") and any(self._ends("finished")))

    def _waits(self, event: str, attempt: int | None = None) -> bool:
        handed = self.place.handed_in()["size"]
        return any(end > handed for end in self._ends(event, attempt))

    def _ends(self, event: str, attempt: int | None = None) -> list[int]:
        seen = self.log.seen
        return [
            end
            for logged, end in zip(seen.events, seen.ends, strict=True)
            if logged.get("event") == event and attempt in (None, logged["attempt"])
        ]

    def progress(self) -> Json:
        """Return the scenario's entry on the home page (see ``view.home_view``)."""
        session = self.session
        if session.finished:
            state = "explained" if self.place.feedback() else "finished"
        elif session.rerouted:
            state = "rerouted"
        else:
            state = "going" if session.answers or session.drafts else "new"
        left = view.decisions_left(session.scenario, session.path[-1].id)
        return {
            "state": state,
            "answered": len(session.answers),
            "left": left,
            "handed_in": self.is_handed_in,
        } | ({"why": view.left_out("It")} if session.rerouted else {})


def read_all(places: Mapping[str, Place]) -> tuple[dict[str, Json], list[Opened]]:
    """Return each scenario's entry on the home page, by route, and the scenarios that could be opened."""
    entries: dict[str, Json] = {}
    opened: list[Opened] = []
    for route, place in places.items():
        if not place.file(".json").exists():
            continue
        try:
            each = Opened.read(place)
            entries[route] = each.progress()
            opened.append(each)
        except (CourseError, OSError) as error:
            entries[route] = {
                "state": "damaged",
                "answered": 0,
                "left": 0,
                "handed_in": False,
                "why": plainly(error),
            }
    return entries, opened
