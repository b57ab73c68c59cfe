"""Open one scenario of the library in the player, as the file is now; nothing of it is recorded."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from scenarios import load, paths, publish, variants
from scenarios.check import playable
from scenarios.desk import Desk, Json, Place
from scenarios.errors import CourseError
from scenarios.meanwhile import PREVIEW
from scenarios.opened import Opened
from scenarios.player import Player

EXAMPLE = "python -m scenarios preview T01"


def lay(desk: Path, scenario_id: str, variant: int = 1) -> None:
    """Put a variant of a library file, as it would be published now, on a preview's desk.

    Raises:
        CourseError: it cannot be played as it is, or has no such variant; the desk stays as it was.
    """
    scenario, sha256 = publish.load_draft(playable(scenario_id))
    view = publish.trainee_view(variants.nth(scenario, variant), sha256)
    row = {key: view[key] for key in ("id", "version", "title", "minutes")}
    row |= {"note": bool(view["note"]), "approved": bool(view["approved"]), "marked": []}
    given = {"id": PREVIEW, "title": "Preview", "kind": "onboarding", "scenarios": [row]}
    me = {
        "variant": variant,
        "course": {"title": "Preview: nothing is handed in"},
        "support": [dict(contact) for contact in load.support()],
        "assignments": [given],
    }
    (desk / PREVIEW).mkdir(exist_ok=True)
    _write(desk / "me.json", me)
    _write(desk / PREVIEW / f"{scenario_id}.json", view)


def _write(path: Path, data: Json) -> None:
    path.write_text(json.dumps(data, ensure_ascii=False), "utf-8")


class Preview(Player):
    """The page of a draft. Whenever it is loaded, the draft is read anew; what was finished begins anew."""

    def __init__(self, place: Place, variant: int = 1) -> None:
        self._refused: CourseError | None = None
        try:
            lay(place.desk, place.scenario, variant)
            if Opened.read(place).session.finished:
                for suffix in (".answers.jsonl", ".feedback.json"):
                    place.file(suffix).unlink(missing_ok=True)
                (place.desk / PREVIEW / "handed_in.json").unlink(missing_ok=True)
        except CourseError as error:
            self._refused = error
        super().__init__(Desk(place.desk), place)

    def _do(self, request: Mapping[str, Any]) -> Json:
        if self._refused:
            raise self._refused
        if request.get("do") == "reroute":
            raise CourseError("Here a trainee leaves this scenario out and goes on elsewhere in the course.")
        return super()._do(request)


def page(scenario_id: str, variant: int = 1) -> Preview:
    """Return the page of the preview on whose desk the kernel runs."""
    return Preview(Place(Path.cwd(), PREVIEW, scenario_id), variant)


def notebook(scenario_id: str, variant: int = 1) -> Json:
    """Return a ``home.ipynb`` that shows the one scenario instead of the course."""
    cell: Json = {
        "cell_type": "code",
        "id": "course-player",
        "metadata": {"tags": ["course-player"]},
        "source": f'from scenarios.preview import page; page("{scenario_id}", {variant})',
        "execution_count": None,
        "outputs": [],
    }
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    metadata = {"course": {"front": "player"}, "kernelspec": kernel}
    return {"cells": [cell], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("scenario", metavar="ID", help="the scenario, as T01")
    variants.add_argument(parser)
    parser.add_argument("--port", type=int, default=8890, help="port on this machine (default: %(default)s)")
    parser.add_argument("--no-browser", action="store_true", help="only print the address, open nothing")


def run(args: argparse.Namespace) -> int:
    """Serve the scenario on a desk of its own until interrupted; then nothing is left of it."""
    from scenarios.lab.server import serve

    file = playable(args.scenario)
    path, of = file.relative_to(paths.content()).as_posix(), len(variants.each(load.scenario(file)))
    with TemporaryDirectory(prefix="preview-") as folder:
        desk = Path(folder) / "desk"
        desk.mkdir()
        lay(desk, args.scenario, args.variant)
        _write(desk / "home.ipynb", notebook(args.scenario, args.variant))
        # The kernel runs elsewhere, and what the server keeps goes with the desk.
        os.environ |= {"COURSE_CONTENT": str(paths.content()), "XDG_STATE_HOME": str(Path(folder) / "state")}
        which = f", variant {args.variant} of {of}" if of > 1 else ""
        print(
            f"This is {path} as it is now{which}.\n"
            "After a change, reload the page: you go on where you were, or begin anew if you had finished.\n"
            "Nothing is recorded. Ctrl-C ends the preview.",
            flush=True,
        )
        serve(desk, args.port, browser=not args.no_browser)
    return 0
