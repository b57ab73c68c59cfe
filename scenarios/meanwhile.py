"""What happens beside the conversation: the hand-in's helper process, and files that arrive on the desk."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import logging
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import ClassVar

from scenarios.desk import Json, Place, stamp
from scenarios.errors import CourseError, plainly
from scenarios.opened import Opened

PREVIEW = "_preview"
"""The assignment on the desk of an author's preview; none in ``assignments.yml`` can have that name."""
HAND_IN_SECONDS = 120
SOON, LATER, SOON_FOR = 1.0, 15.0, 180
"""Seconds between two looks at the desk: at first, and once ``SOON_FOR`` looks found nothing."""

log = logging.getLogger(__name__)


async def changed(files: Sequence[Path], seen: list[int]) -> list[int]:
    """Return the files' modification times once they differ from ``seen``; looks less often after a while."""
    for looks in itertools.count():
        now = [stamp(file) for file in files]
        if now != seen:
            break
        await asyncio.sleep(SOON if looks < SOON_FOR else LATER)
    return now


async def hand_in(desk: Path, assignment: str) -> str | None:
    """Hand an assignment in through the helper process; None, or in one plain sentence why it did not go.

    A preview goes nowhere: it is explained on its desk, as an assignment is once it was handed in.
    """
    what = ["explain"] if assignment == PREVIEW else ["submit", "--assignment", assignment]
    command = ["-m", "grading", *what, "--desk", str(desk), "--format", "json"]
    # PYTHONSAFEPATH: nothing that lies on the desk is imported by accident.
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=os.environ | {"PYTHONSAFEPATH": "1"},
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(), HAND_IN_SECONDS)
    except TimeoutError:
        process.kill()
        return "Handing in took too long; it will be tried again when you open the course."
    try:
        result = json.loads(out.decode().strip().splitlines()[-1])
        return None if result["handed_in"] else str(result["why"])
    except (ValueError, LookupError, TypeError):
        log.debug("hand-in: %s %s", out, err)
        return "Handing in did not work; it will be tried again when you open the course."


class HandIns:
    """The hand-ins of one desk: one helper at a time for an assignment, and why the last one did not go.

    ``places`` returns what may be handed in; ``told`` is called when a hand-in begins and when it has ended.
    """

    tasks: ClassVar[dict[tuple[Path, str], asyncio.Task[None]]] = {}
    """By desk and assignment; shared, for each reload of the page and each tab has a keeper of its own."""
    _sending: ClassVar[set[tuple[Path, str]]] = set()

    def __init__(
        self, places: Callable[[], Iterable[Place]], told: Callable[[], None] = lambda: None
    ) -> None:
        self._places, self._told = places, told
        self.why: dict[str, str] = {}

    def state(self, opened: Opened) -> Json:
        """Return what ``view.scenario_view`` says about a scenario's hand-in."""
        assignment = opened.place.assignment
        if not opened.session.finished:
            state = "no"
        elif opened.is_handed_in:
            state = "yes"
        else:
            state = "sending" if (opened.place.desk, assignment) in self._sending else "waiting"
        return {"state": state, "at": opened.place.handed_in()["at"], "why": self.why.get(assignment)}

    def send(self, opened: Opened) -> None:
        """Hand in what waits of an assignment beside the pages, unless that is being done; no loop, no hand-in."""
        what = opened.place.desk, opened.place.assignment
        task = self.tasks.get(what)
        if not opened.is_unsent or (task and not task.done()):
            return
        with contextlib.suppress(RuntimeError):
            loop = asyncio.get_running_loop()
            self.tasks[what] = loop.create_task(self._send(*what))

    async def _send(self, desk: Path, assignment: str) -> None:
        self.why.pop(assignment, None)
        self._sending.add((desk, assignment))
        self._told()
        why: str | None = None
        try:
            # Whatever is finished while the helper runs goes with the next run, unless a run takes nothing.
            noted, before = desk / assignment / "handed_in.json", -1
            while not why and self._unsent(assignment) and stamp(noted) != before:
                before = stamp(noted)
                why = await hand_in(desk, assignment)
        except (CourseError, OSError) as error:
            why = plainly(error)
        finally:
            self._sending.discard((desk, assignment))
        if why:
            self.why[assignment] = why
        self._told()  # while this task lasts no other begins: what did not go is not tried again at once

    def _unsent(self, assignment: str) -> bool:
        """Whether something waits to be handed in; a scenario that cannot be read holds up no other."""
        for place in self._places():
            if place.assignment == assignment:
                with contextlib.suppress(CourseError, OSError):
                    if Opened.read(place).is_unsent:
                        return True
        return False
