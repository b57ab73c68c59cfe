"""The trainee's page: one anywidget for the whole course, or for one scenario."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from scenarios import view
from scenarios.answers import LogChanged
from scenarios.desk import Desk, Json, Place, stamp
from scenarios.errors import CourseError, plainly
from scenarios.meanwhile import HandIns, changed
from scenarios.opened import Opened, read_all
from scenarios.steps import step_at

PAGE = Path(__file__).parent / "page"
PARTS = ("parts", "talk", "decisions", "review", "policy", "steps", "home", "scenario", "page")
"""The page's script: pieces of one module, in this order, so that nothing has to be built."""

PRACTICE = "/practice"

log = logging.getLogger(__name__)


class Withdrawn(CourseError):
    """The scenario is not, or no longer, among those the trainee was given."""


class Player(anywidget.AnyWidget):
    """The page. It asks, the kernel answers with what to show; nothing is decided in the browser.

    A request ``{"n", "do", "at": route, ...}`` is answered by ``{"n", "ok": view}`` or by
    ``{"n", "error": one plain sentence, "changed": bool, "gone": bool}``; what arrives later is pushed as
    ``{"push": route, "view": view}`` (the home page's route is empty). A scenario's route is
    ``assignment/T01``, or ``assignment/T01/practice`` for a replay that is not scored.
    """

    _esm = "\n".join((PAGE / f"{part}.js").read_text("utf-8") for part in PARTS)
    _css = (PAGE / "page.css").read_text("utf-8")
    only = traitlets.Unicode("").tag(sync=True)
    first = traitlets.Dict().tag(sync=True)

    def __init__(self, desk: Desk, only: Place | None = None) -> None:
        super().__init__(only=only.route if only else "")
        self._desk = desk
        self._only = only
        self._opened: dict[str, Opened] = {}
        self._at = ""
        self._hand_ins = HandIns(lambda: self._places().values(), self._push)
        self._watching: dict[str, asyncio.Task[None]] = {}
        self.first = self.respond({"do": "home"})
        self.on_msg(lambda _widget, request, _buffers: self.send(self.respond(request)))

    def respond(self, request: Mapping[str, Any]) -> Json:
        """Answer one request; never raises: a person reads every error as one sentence."""
        reply: Json = {"n": request.get("n")}
        try:
            reply["ok"] = self._do(request)
        except Exception as error:
            log.debug("request failed", exc_info=True)
            reply |= {"error": plainly(error), "changed": isinstance(error, LogChanged)}
            reply["gone"] = isinstance(error, Withdrawn)
        return reply

    def _do(self, request: Mapping[str, Any]) -> Json:
        do, route = request.get("do"), str(request.get("at", ""))
        if do == "home":
            return self._home()
        if do == "policy":
            return self._desk.policy()
        if do == "results":
            return {"scenarios": self._results()}
        place, self._at = self._place(route), route
        opened = None if do in ("open", "argue") else self._opened.get(route)
        opened = opened or self._open(route, place)
        if do == "show":
            return self._view(opened)
        if do == "draft":
            return {"saved": opened.draft(str(request["step"]), request["answer"])}
        if do == "again":
            opened = self._opened[route] = Opened.read(place, practice=route.endswith(PRACTICE), anew=True)
        if do == "begin" or (do in ("open", "again") and not opened.data.get("note")):
            opened.start()
        elif do == "answer":
            opened.start()
            opened.answer(str(request["step"]), request["answer"])
        elif do == "reroute":
            opened.reroute()
        elif do == "argue":
            opened.argue(str(request["step"]), bool(request["on"]))
        elif do not in ("open", "again", "hand_in"):
            raise ValueError(f"unknown request {do!r}")
        if opened.session.done:
            self._follow(opened)
        return self._view(opened)

    def _places(self) -> dict[str, Place]:
        return {self._only.route: self._only} if self._only else self._desk.places()

    def _place(self, route: str) -> Place:
        """Return a scenario's place; it may have been taken back while its page is open."""
        place = self._places().get(route.removesuffix(PRACTICE))
        if place and (route not in self._opened or place.file(".json").exists()):
            return place
        if opened := self._opened.get(route):
            kept = "Your saved answers are kept. " if opened.log.path.exists() else ""
            raise Withdrawn(
                f"This scenario was taken back while you had it open. {kept}"
                "Go back to the course, and ask your supervisor if you wonder why."
            )
        raise Withdrawn(
            "This scenario is not among those you were given. Go back to the course's first page."
        )

    def _open(self, route: str, place: Place) -> Opened:
        self._opened[route] = Opened.read(place, practice=route.endswith(PRACTICE))
        return self._opened[route]

    def _results(self) -> list[Json]:
        """Return the views of the explained scenarios, in the order in which they were given."""
        _, opened = read_all(self._places())  # the home page says of any other why it cannot be opened
        return [self._view(each) for each in opened if each.session.finished and each.place.feedback()]

    def _home(self) -> Json:
        progress, opened = read_all(self._places())
        for each in opened:
            self._hand_ins.send(each)
        return view.home_view(self._desk.me(), progress, self._desk.policy()["clauses"], today=date.today())

    def _view(self, opened: Opened) -> Json:
        place = opened.place
        handed_in = self._hand_ins.state(opened)
        shown = view.scenario_view(
            opened.session,
            opened.data,
            handed_in=handed_in,
            feedback=place.feedback(),
            practice=opened.is_practice,
        )
        route = place.route + (PRACTICE if opened.is_practice else "")
        about = {"route": route, "support": self._desk.me()["support"], "damaged": opened.damaged}
        return shown | about | {"step": step_at(self._desk, opened)}

    # What happens meanwhile: the hand-in runs in a process of its own, the explanations arrive as a file.

    def _follow(self, opened: Opened) -> None:
        self._hand_ins.send(opened)
        route, watching = opened.place.route, self._watching
        if view.waiting(self._view(opened)) and (route not in watching or watching[route].done()):
            with contextlib.suppress(RuntimeError):  # without an event loop nothing arrives
                watching[route] = asyncio.get_running_loop().create_task(self._watch(opened))

    async def _watch(self, opened: Opened) -> None:
        """Push what is new on the desk until nothing more is awaited."""
        folder = opened.place.desk / opened.place.assignment
        files = (
            opened.place.file(".feedback.json"),
            folder / "handed_in.json",
            opened.place.desk / "me.json",
        )
        seen = [stamp(file) for file in files]
        while view.waiting(self._view(opened)):
            seen = await changed(files, seen)
            self._push()

    def _push(self) -> None:
        """Show what is on the desk now, without being asked."""
        opened = self._opened.get(self._at)
        shown = [{"do": "show", "at": self._at}] if opened and opened.session.finished else []
        for request in ({"do": "home"}, *shown):
            reply = self.respond(request)
            if "ok" in reply:
                self.send({"push": request.get("at", ""), "view": reply["ok"]})


def home() -> Player:
    """Return the page of the desk the kernel runs on."""
    return Player(Desk(Path.cwd()))


def play(assignment: str, scenario: str) -> Player:
    """Return the page of one scenario; the kernel runs in the assignment's folder on the desk."""
    desk = Path.cwd().parent
    return Player(Desk(desk), Place(desk, assignment, scenario))
