"""The plain-text route: every scenario as a page without script or widget, answered by typing numbers.

A Jupyter server extension on the trainee's server. It opens scenarios and commits answers through
``Opened``, as the player does; a page holds no state of its own.
"""

from __future__ import annotations

import base64
import hashlib
import logging
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.serverapp import ServerApp
from jupyter_server.utils import url_path_join
from markupsafe import Markup
from tornado import web

from scenarios import numbered, sheets, view
from scenarios.answers import LogChanged
from scenarios.desk import BOOSTERS, Desk, Json, Place
from scenarios.errors import CourseError, plainly
from scenarios.meanwhile import HandIns
from scenarios.model import Decision
from scenarios.opened import Opened, read_all
from scenarios.session import problem
from scenarios.steps import step_at

ROUTE = "course/plain"
TEMPLATES = Path(__file__).with_name("templates") / "plain"
STYLE = (TEMPLATES / "plain.css").read_text("utf-8")
POLICY = "; ".join(
    [
        "default-src 'none'",
        f"style-src 'sha256-{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'",
        "img-src 'self'",  # the icon that browsers ask for
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'self'",
    ]
)
UNKNOWN = "There is no such page in the course. Go back to the list of scenarios and choose one there."
EXPIRED = (
    "This page was open for too long, so nothing was saved just now. What was saved before is safe. "
    "Go back to the list of scenarios and go on from there."
)

log = logging.getLogger(__name__)


class Unclear(CourseError):
    """What was typed is no answer to the question; nothing was logged."""


class Page(JupyterHandler):
    """A page of the plain-text route; this one is what any unknown address leads to."""

    def initialize(self, desk: Desk, hand_ins: HandIns) -> None:
        """Take what all pages of a server share."""
        self.desk = desk
        self.hand_ins = hand_ins

    def remind(self, opened: Opened) -> None:
        """Hand in what waits on the desk; what did not go before waits until it is asked for."""
        if opened.place.assignment not in self.hand_ins.why:
            self.hand_ins.send(opened)

    @property
    def content_security_policy(self) -> str:
        """Nothing but the page itself: no script, no other address."""
        return POLICY

    def set_default_headers(self) -> None:
        """Keep every page out of caches: the next reader of this computer is somebody else."""
        super().set_default_headers()
        self.set_header("Cache-Control", "no-store")

    @web.authenticated
    def get(self, *_: str) -> None:
        """Say that there is no such page."""
        self.tell(UNKNOWN, 404)

    def decode_argument(self, value: bytes, name: str | None = None) -> str:
        """Take what was typed even if a byte of it is broken."""
        return value.decode("utf-8", "replace")

    def show(self, template: str, status: int, **shown: Any) -> None:
        """Answer with a page."""
        self.set_status(status)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(
            _environment()
            .get_template(f"{template}.html.j2")
            .render(
                root=url_path_join(self.base_url, ROUTE),
                course=url_path_join(self.base_url, "doc/tree/home.ipynb"),
                xsrf=self.xsrf_token.decode(),
                **shown,
            )
        )

    def tell(self, sentence: str, status: int) -> None:
        """Answer with one plain sentence, and with what was typed, so that it can be copied."""
        self.show("message", status, sentence=sentence, typed=self.typed())

    def typed(self) -> dict[str, str]:
        """Return what the trainee typed, by field name, with the line ends of the player's text boxes."""
        values = {
            name: self.get_body_argument(name, "", strip=False).replace("\r\n", "\n")
            for name in self.request.body_arguments
        }
        return {name: value for name, value in values.items() if name not in ("_xsrf", "do", "step")}

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Say in one plain sentence what did not work, instead of Jupyter's own error page."""
        known = {403: EXPIRED, 404: UNKNOWN, 405: UNKNOWN}
        error = kwargs.get("exc_info", (None, RuntimeError()))[1]
        self.tell(known.get(status_code) or plainly(error), status_code)

    def log_exception(self, kind: Any, error: Any, trace: Any) -> None:
        """Keep what the trainee is told anyway out of the server's log."""
        if not isinstance(error, CourseError):
            super().log_exception(kind, error, trace)


class ListPage(Page):
    """What the trainee has been given, and how far each scenario is."""

    @web.authenticated
    def get(self, *_: str) -> None:
        """Show the list."""
        progress, opened = read_all(self.desk.places())
        for each in opened:
            self.hand_ins.send(each)
        clauses = self.desk.policy()["clauses"]
        self.show("list", 200, home=view.home_view(self.desk.me(), progress, clauses, today=date.today()))


class ScenarioPage(Page):
    """One scenario: what happened so far, and the open decision in numbered form."""

    @web.authenticated
    def get(self, *route: str) -> None:
        """Show the scenario."""
        self._show("/".join(route))

    @web.authenticated
    def post(self, *route: str) -> None:
        """Go into the scenario, commit an answer, leave it out or hand in; then show where that leads."""
        place = self._place("/".join(route))
        try:
            opened = Opened.read(place)
            self._do(opened)
        except Exception as error:
            log.debug("not done", exc_info=True)
            self._show(place.route, error)
        else:  # what was posted is not posted again by a reload
            self.redirect(url_path_join(self.base_url, ROUTE, self._after(opened)), status=303)

    def _do(self, opened: Opened) -> None:
        do = self.get_body_argument("do", "")
        if do == "begin":
            opened.start()
        elif do == "answer":
            step = self.get_body_argument("step", "")
            answer: Json = {}
            if opened.session.decision and step == opened.session.path[-1].id:
                answer = read(opened.session.decision, self.typed())
                opened.start()
            opened.answer(step, answer)
        elif do == "reroute":
            opened.reroute()
        self.hand_ins.send(opened)

    def _after(self, opened: Opened) -> str:
        """Return where on which page to go on: elsewhere once the scenario was left out."""
        note, route = opened.session.scenario.note, opened.place.route
        if not (note and opened.session.rerouted):
            return f"{route}#now"
        progress, _ = read_all(self.desk.places())
        open_now = [at for at, row in progress.items() if row["state"] in ("new", "going")]
        return next((at for at in open_now if at.endswith(f"/{note.another_route}")), f"#{route}")

    def _place(self, route: str) -> Place:
        place = self.desk.places().get(route)
        if place is None:
            raise web.HTTPError(404)
        return place

    def _show(self, route: str, error: Exception | None = None) -> None:
        """Show a scenario as it is on the desk now; an error stands where the answer is typed."""
        typed, me = self.typed(), self.desk.me()
        place = self._place(route)
        opened = Opened.read(place)
        self.remind(opened)
        shown = view.scenario_view(
            opened.session,
            opened.data,
            handed_in=self.hand_ins.state(opened),
            feedback=place.feedback(),
            practice=opened.is_practice,
        )
        turn = shown["turns"][-1]
        is_here = self.get_body_argument("step", "") == turn["step"]
        fields = typed if is_here else drafted(turn)
        self.show(
            "scenario",
            _status(error),
            view=shown,
            me=me,
            route=route,
            is_booster=place.assignment == BOOSTERS,
            step=step_at(self.desk, opened),
            damaged=opened.damaged,
            problem=error and plainly(error),
            typed=fields,
            first=first_empty(turn, fields),
            unsaved={} if is_here else typed,
        )


def _status(error: Exception | None) -> int:
    if error is None:
        return 200
    if isinstance(error, Unclear):
        return 422
    return 409 if isinstance(error, LogChanged) else 500


def read(decision: Decision, typed: dict[str, str]) -> Json:
    """Return the answer typed into a decision's form.

    Raises:
        Unclear: it is no answer, in one plain sentence.
    """
    if decision.kind == "form":
        answer: Json = {"fields": {f.id: typed.get(field_name(f.id), "") for f in decision.fields}}
    elif decision.kind == "text":
        answer = {"text": typed.get("answer", "")}
    else:
        found = numbered.read(decision.kind, [o.id for o in decision.options], typed.get("answer", ""))
        if isinstance(found, str):
            raise Unclear(found)
        answer = dict(found)
    if why := problem(decision, answer):
        raise Unclear(why)
    return answer


def drafted(turn: Json) -> dict[str, str]:
    """Return what was written in the player and not yet committed, by field name."""
    draft = turn.get("draft") or {}
    fields = {field_name(name): text for name, text in draft.get("fields", {}).items()}
    return fields | ({"answer": draft["text"]} if "text" in draft else {})


def first_empty(turn: Json, typed: dict[str, str]) -> str | None:
    """Return the id of a form's field to write in next: the first that is needed and empty, else its first."""
    ids = [field["id"] for field in turn.get("fields", ())]
    needed = [field["id"] for field in turn.get("fields", ()) if field["required"]]
    empty = [name for name in needed if not typed.get(field_name(name), "").strip()]
    return next(iter([*empty, *ids]), None)


def field_name(field: str) -> str:
    """Return the name of a form's field in the page; none can be taken for one of the page's own."""
    return f"field-{field}"


@cache
def _environment() -> Environment:
    environment = sheets.environment(TEMPLATES)
    environment.globals |= {"style": Markup(STYLE), "field_name": field_name}
    environment.filters |= {
        "day": _day,
        "moment": _moment,
        "points": lambda number: f"{number:.2f}".rstrip("0").rstrip("."),
        "minutes": lambda count: f"{count} minute{'' if count == 1 else 's'}",
        "sentence": lambda text: text[:1].upper() + text[1:],
        "paragraphs": lambda text: [part for part in (text or "").split("\n\n") if part.strip()],
    }
    return environment


def _day(day: date) -> str:
    return f"{day:%B} {day.day}, {day.year}"


def _moment(iso: str) -> str:
    at = datetime.fromisoformat(iso).astimezone()
    return f"{_day(at)}, {at:%H:%M %Z}"


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    """Name the module that Jupyter loads."""
    return [{"module": __name__}]


def _load_jupyter_server_extension(server: ServerApp) -> None:
    """Add the pages to a trainee's server; its root is the desk."""
    desk = Desk(Path(server.root_dir))
    shared = {"desk": desk, "hand_ins": HandIns(lambda: desk.places().values())}
    root = url_path_join(server.web_app.settings["base_url"], ROUTE)
    server.web_app.add_handlers(  # type: ignore[no-untyped-call] # tornado ships this one without types
        ".*$",
        [
            (f"{root}/?", ListPage, shared),
            (f"{root}/([^/]+)/([^/]+)", ScenarioPage, shared),
            (f"{root}/.*", Page, shared),
        ],
    )
