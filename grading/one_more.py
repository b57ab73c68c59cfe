"""One more step on the supervisor's desk: who has which clause to clear, and the two lines about a talk."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

import ipywidgets as widgets

from grading import talks
from grading.course import Course
from grading.ways import Step
from scenarios.errors import CourseError

CHOOSE = "Choose a person and a clause"


class OneMore:
    """The section (``box``, a widget): what is left, and a form where a talk is due.

    ``do`` starts some work and shows what came of it, as ``supervisor.Desk.do`` does.
    """

    def __init__(self, course: Course, do: Callable[[Callable[[], Any], str], None]) -> None:
        self.course = course
        self.list = widgets.HTML()
        self.whom = widgets.Dropdown(description="Talk with")
        self.said = _line("Talked about", "What it was about, without client details")
        self.agreed = _line("Agreed", "What will be done next time")
        self.button = widgets.Button(
            description="Record the talk", layout={"width": "auto", "height": "auto"}
        )
        self.button.on_click(lambda _: do(self._record, "Recording the talk …"))
        self.form = widgets.VBox([self.whom, self.said, self.agreed, widgets.HBox([self.button])])
        self.form.add_class("talk")
        self.box = widgets.VBox([self.list, self.form])
        self.box.add_class("one-more")

    def show(self, steps: Sequence[Step], titles: Mapping[str, str]) -> None:
        """Show what is left now; a form that is being filled in stays as it is."""
        rows = "".join(
            f"<tr><th scope='row'>{escape(step.person.name)}</th>"
            f"<td><span class='key'>{step.clause}</span>{escape(titles[step.clause])}</td><td>{_next(step)}</td></tr>"
            for step in steps
        )
        heads = "".join(f"<th scope='col'>{head}</th>" for head in ("Person", "Clause", "What is next"))
        self.list.value = (
            f"<h2>One more step</h2><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
        )
        self.box.layout.display = None if steps else "none"
        waiting = [step for step in steps if step.way.state == "talk"]
        of = Counter((step.person.name, step.clause) for step in waiting)
        due = {
            f"{s.person.name}{f' ({s.person.id})' * (of[s.person.name, s.clause] > 1)}: "
            f"{s.clause}, {titles[s.clause]}": s
            for s in waiting
        }
        options = ((CHOOSE, None), *due.items())
        if [label for label, _ in options] != [label for label, _ in self.whom.options]:
            chosen = self.whom.label
            self.whom.options = options
            self.whom.label = chosen if chosen in due else CHOOSE
        self.form.layout.display = None if due else "none"

    async def _record(self) -> str:
        step: Step | None = self.whom.value
        if not step:
            raise CourseError("Choose with whom you talked, and about which clause.")
        lines = self.said.value, self.agreed.value
        way = await asyncio.to_thread(talks.record, self.course, step.person, step.clause, *lines)
        self.said.value = self.agreed.value = ""
        what = (
            f"{step.clause} is cleared" if way.state == "cleared" else f"{step.clause} can be met again now"
        )
        return f"The talk with {step.person.name} is recorded. {what}."


def _line(description: str, placeholder: str) -> widgets.Text:
    return widgets.Text(description=description, placeholder=placeholder)


def _next(step: Step) -> str:
    """Return in words what is next."""
    way = step.way
    if way.state == "talk":
        again = "; then another short situation opens" if step.history.tries else ""
        return f"A talk with a supervisor{again}"
    if way.state == "waits" and way.opens:
        at = way.opens.astimezone()
        return f"A short situation, from {at:%B} {at.day}, {at:%H:%M} on"
    return "A short situation, which is open"
