"""The supervisor's desk: the page behind ``notebooks/team_results.ipynb``.

What takes time runs in a thread while the page stays alive; widgets change only on the kernel's own loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import ipywidgets as widgets
from IPython.display import display

from grading.course import CENTER, TITLE, Course
from grading.one_more import OneMore
from grading.ways import Step
from scenarios.errors import CourseError

EACH = 10
"""People scored in one step of the progress bar."""
LOOK = 3.0
"""Seconds between two looks at whether something changed."""

Work = Callable[[], Awaitable[str]]

_shown: list[Desk] = []


def show() -> None:
    """Show the desk of this checkout's course; the one that a reloaded page showed before ends."""
    while _shown:
        _shown.pop().stop()
    desk = Desk(Course.here(), f"{base_url()}formgrader")
    _shown.append(desk)
    display(desk.page)  # type: ignore[no-untyped-call]
    desk.start()


def base_url() -> str:
    """Return the address prefix of the Jupyter server that started this kernel, ending in a slash."""
    from jupyter_core.paths import jupyter_runtime_dir

    try:
        info = json.loads((Path(jupyter_runtime_dir()) / f"jpserver-{os.getppid()}.json").read_text("utf-8"))
        return str(info["base_url"])
    except (OSError, ValueError, KeyError):
        return os.environ.get("JUPYTERHUB_SERVICE_PREFIX", "/")


@dataclass(frozen=True, slots=True)
class Shown:
    """What there is to show: the results as HTML, and what the buttons could do."""

    body: str
    pending: int
    unmarked: int
    unmarked_at: str
    unreleased: int
    problems: list[str]
    steps: list[Step]
    clauses: Mapping[str, str]


class Desk:
    """The page (``page``, a widget); ``start`` brings it to life on the running loop."""

    def __init__(self, course: Course, formgrader: str) -> None:
        self.course, self.formgrader = course, formgrader
        self.body, self.problems = widgets.HTML(), widgets.HTML(layout={"display": "none"})
        self.said, self.marking = widgets.HTML(), widgets.HTML(layout={"display": "none"})
        self.said.add_class("said")
        self.marking.add_class("marking")
        self.bar = widgets.IntProgress(layout={"width": "100%", "visibility": "hidden"})
        self.score = self._button("Collect and score", self._score)
        self.release = self._button("Release marks", self._release)
        tools = widgets.HBox([self.score, self.marking, self.release, self.said])
        tools.add_class("tools")
        self.questions = widgets.HTML()
        self.one_more = OneMore(course, self.do)
        above = [widgets.HTML(_head(course)), tools, self.bar, self.problems]
        parts = [*above, self.body, self.one_more.box, self.questions]
        self.page = widgets.VBox(parts)
        self.page.add_class("results")
        self.page.add_class("desk")
        self._tasks: set[asyncio.Task[None]] = set()
        self._state: object = None
        self._standing = ""
        self._found: list[str] = []
        self._busy = asyncio.Lock()

    def start(self) -> None:
        """Show the results, and show them again whenever they change."""
        self.do(self._open, "Reading the results …")
        self._keep(self._ask())
        self._keep(self._follow())

    def stop(self) -> None:
        """End what runs in the background; a step that writes is finished in its thread."""
        for task in self._tasks:
            task.cancel()

    @property
    def working(self) -> bool:
        """Whether something the page was told to do is still going on."""
        return self._busy.locked()

    def do(self, work: Work, saying: str) -> None:
        """Start some work; its last word, or what went wrong in one sentence, is shown beside the buttons."""
        self._keep(self._done(work, saying))

    async def _done(self, work: Work, saying: str) -> None:
        async with self._busy:
            self._say(saying)
            self._disable(True)
            try:
                said = await work()
                await self._refresh()
                self._say(said or self._standing)
            except CourseError as error:
                self._say(str(error), wrong=True)
            except Exception as error:  # the page stays usable, whatever a disk or a database does
                self._say(f"This did not work: {error}. Nothing was lost; please try again.", wrong=True)
            finally:
                self.bar.layout.visibility = "hidden"
                self._disable(False)

    def _disable(self, disabled: bool) -> None:
        for button in (self.score, self.release, self.one_more.button):
            button.disabled = disabled

    async def _open(self) -> str:
        return ""

    async def _score(self) -> str:
        from grading.autograde import grade
        from grading.feedback import give
        from grading.intake import collect
        from grading.marks import settle

        self._progress(0, 1)
        collected = await asyncio.to_thread(collect, self.course)
        problems, scored = collected.problems, 0
        people = sorted(folder.name for folder in self.course.submitted.glob("*"))
        for n in range(0, len(people), EACH):
            self._progress(n, len(people))
            graded = await asyncio.to_thread(grade, self.course, trainees=people[n : n + EACH])
            problems, scored = problems + graded.problems, scored + graded.graded
        self._progress(len(people), len(people))
        await asyncio.to_thread(settle, self.course)
        given = await asyncio.to_thread(give, self.course, changed=True)
        self._found = [*problems, *given.problems]
        return f"Collected and scored {_count(scored, 'hand-in')}." if scored else ""

    async def _release(self) -> str:
        from grading.feedback import give
        from grading.marks import release_marks

        people = {trainee for trainee, _ in await asyncio.to_thread(release_marks, self.course)}
        if not people:
            return "There was nothing new to release."
        await asyncio.to_thread(give, self.course, trainees=people)
        return f"Released. {_count(len(people), 'person', 'people')} can read the new marks now."

    async def _refresh(self) -> None:
        self._state = await asyncio.to_thread(self._look)
        shown = await asyncio.to_thread(_read, self.course, self.formgrader)
        self.body.value = shown.body
        self.one_more.show(shown.steps, shown.clauses)
        self._list(dict.fromkeys((*self._found, *shown.problems)))
        self.score.button_style = "primary" if shown.pending else ""
        self.marking.value = _link(shown)
        self.marking.layout.display = None if shown.unmarked else "none"
        self.release.description = f"Release {_count(shown.unreleased, 'new mark')}"
        self.release.layout.display = None if shown.unreleased else "none"
        waits = f"{_count(shown.pending, 'person', 'people')} handed in something that is not scored yet."
        self._standing = waits if shown.pending else "Everything handed in is scored."

    async def _ask(self) -> None:
        """Show what the policy leaves open, once; reading the whole library takes seconds, so the results come first."""
        async with self._busy:
            pass
        self.questions.value = await asyncio.to_thread(_questions)

    async def _follow(self) -> None:
        """Show what others did: the watcher that scores, and a supervisor's marks in formgrader."""
        while True:
            await asyncio.sleep(LOOK)
            # A button will say so, and the next look tries again.
            with contextlib.suppress(CourseError, OSError):
                if not self.working and await asyncio.to_thread(self._look) != self._state:
                    await self._again()

    async def _again(self) -> None:
        """Show the results anew; the last word on what a button did stays, unless there is news."""
        async with self._busy:
            before = self._standing
            await self._refresh()
            if self._standing != before:
                self._say(self._standing)

    def _look(self) -> object:
        """Return something that differs when the gradebook or what is handed in does."""
        from grading import gradebook

        inbound = self.course.inbound
        return gradebook.changes(self.course), inbound.stat().st_mtime_ns if inbound.exists() else None

    def _button(self, description: str, work: Work) -> widgets.Button:
        button = widgets.Button(description=description, layout={"width": "auto", "height": "auto"})
        button.on_click(lambda _: self.do(work, f"{description} …"))
        return button

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)  # the loop itself holds tasks only weakly
        task.add_done_callback(self._tasks.discard)

    def _progress(self, value: int, of: int) -> None:
        self.bar.max, self.bar.value = max(of, 1), value
        self.bar.layout.visibility = "visible"
        self._say(f"Scoring: {value} of {_count(of, 'person', 'people')}." if value else "Collecting …")

    def _say(self, sentence: str, *, wrong: bool = False) -> None:
        kind = ' class="wrong" role="alert"' if wrong else ' role="status"'
        self.said.value = f"<p{kind}>{escape(sentence)}</p>"

    def _list(self, problems: Iterable[str]) -> None:
        items = "".join(f"<li>{escape(problem)}</li>" for problem in problems)
        self.problems.value = f'<h2>Please look at this</h2><ul class="findings look">{items}</ul>'
        self.problems.layout.display = None if items else "none"


def _read(course: Course, formgrader: str) -> Shown:
    from grading.desk import present
    from grading.marks import unreleased
    from grading.pending import pending, problems
    from grading.report import body
    from grading.results import load_results
    from grading.ways import steps

    results = load_results(course)
    people = results.people
    waiting = results.waiting()
    place = waiting.iloc[0] if len(waiting) else None
    return Shown(
        body=f'<div class="parts">{body(results, formgrader)}</div>',
        pending=len(pending(course)),
        unmarked=len(waiting),
        unmarked_at="" if place is None else f"{formgrader}/gradebook/{place.assignment}/{place.scenario}",
        unreleased=unreleased(course),
        problems=problems(course),
        steps=steps(results.histories, [person for person in people.values() if present(people, person.id)]),
        clauses={clause: data["title"] for clause, data in results.clauses.items()},
    )


def _questions() -> str:
    """Return the section with the open questions for the Center, or what is wrong with the content's files."""
    from scenarios.questions import asked
    from scenarios.sheets import sheet

    try:
        return sheet("question-section", questions=asked())
    except CourseError as error:
        return f'<p class="wrong">{escape(str(error))}</p>'


def _link(shown: Shown) -> str:
    """Return the link to the free text that has waited longest."""
    answers = _count(shown.unmarked, "written answer")
    return f'<a class="button" href="{shown.unmarked_at}" target="_blank" rel="noopener">Mark {answers}</a>'


def _head(course: Course) -> str:
    """Return the style sheet and the page's title."""
    from grading.report import banner, css

    title = f'<p class="eyebrow">{escape(CENTER)} · {escape(TITLE)}</p><h1>Team results</h1>'
    return f"<style>{css()}</style><header>{title}{banner(course)}</header>"


def _count(n: int, one: str, many: str = "") -> str:
    return f"{n} {one if n == 1 else many or one + 's'}"
