"""Begin a new scenario: a commented file to fill in, in the library's folder of its audience."""

from __future__ import annotations

import argparse
import os
import re
from pathlib import Path

from jinja2 import Template

from scenarios import paths
from scenarios.errors import CourseError

EXAMPLE = "python -m scenarios new T40 --audience therapist"
HERE = Path(__file__).parent
SCHEMA, START = HERE / "schema" / "scenario.schema.json", HERE / "templates" / "scenario.yml.j2"


def new(scenario_id: str, audience: str) -> Path:
    """Write the start of a scenario and return its file.

    Raises:
        CourseError: no such audience, an ID that is none, does not fit or was used before; nothing is written.
    """
    if audience not in paths.AUDIENCES:
        raise CourseError(
            f"There is no audience {audience or 'without a name'}; write one of {', '.join(paths.AUDIENCES)}, "
            "as in make new-scenario ID=T40 AUDIENCE=therapist."
        )
    letter = paths.AUDIENCES[audience]
    if not re.fullmatch(rf"{letter}\d\d", scenario_id, re.ASCII):
        raise CourseError(
            f"{scenario_id or 'Nothing'} is no ID for the audience {audience}; "
            f"write {letter} and two figures, as {letter}40."
        )
    folders = {paths.library(): f"*/{scenario_id}[-.]*", paths.published(): f"{scenario_id}@*.yml"}
    for used in (found for folder, name in folders.items() for found in folder.glob(name)):
        raise CourseError(
            f"{scenario_id} was used before, in {used.relative_to(paths.content()).as_posix()}; "
            "choose another number. Nothing was changed."
        )
    path = paths.library() / audience / f"{scenario_id}-new.yml"
    path.parent.mkdir(parents=True, exist_ok=True)
    schema = Path(os.path.relpath(SCHEMA, path.parent)).as_posix()
    text = Template(START.read_text("utf-8"), keep_trailing_newline=True).render(
        id=scenario_id, schema=schema
    )
    with path.open("x", encoding="utf-8", newline="\n") as file:
        file.write(text)
    return path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("scenario", metavar="ID", help="its ID: T, F or S and two figures, never used before")
    parser.add_argument(
        "--audience", required=True, metavar="NAME", help=f"one of {', '.join(paths.AUDIENCES)}"
    )


def run(args: argparse.Namespace) -> int:
    """Write the file and say what to do next."""
    path = new(args.scenario, args.audience).relative_to(paths.content()).as_posix()
    print(f"{path} is there. Open it, and write your own words in the place of each [[ ]].")
    print(
        f"Name it after the story if you like, as {args.scenario}-a-friend-request.yml. docs/AUTHORS.md goes on from here."
    )
    return 0
