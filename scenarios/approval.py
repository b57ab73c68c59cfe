"""Record the clinical reviewer's approval of a scenario, for exactly the wording that was reviewed."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

from scenarios import edit, load, model, publish
from scenarios.errors import CourseError
from scenarios.load import Place
from scenarios.model import Scenario

EXAMPLE = 'python -m scenarios approve T01 --by "Amara Nwosu" --credential LCSW --seen 3f2a9c1b'
CODE = 8
"""So many characters of the fingerprint stand in the booklet."""


def code(fingerprint: str) -> str:
    """Return what the booklet prints of a fingerprint, so that a wording can be named by hand."""
    return fingerprint[:CODE]


def fingerprint(path: Path) -> str:
    """Return the SHA-256 of what there is to approve in a library file; CourseError if it cannot be read."""
    return publish.fingerprint(_resolved(path))


def worded(path: Path) -> tuple[Scenario, str]:
    """Return a library file as it would be published, and the code of its wording; CourseError if it cannot be read."""
    resolved = _resolved(path)
    return model.from_dict(resolved), code(publish.fingerprint(resolved))


def _resolved(path: Path) -> dict[str, Any]:
    return publish.resolve(load.read_data(path, "scenario"), path.parent.name, load.gaps())


def approve(path: Path, by: str, credential: str, on: date, seen: str = "") -> int:
    """Write an approval into a library file and return the version that it is for.

    A published version stays what it was, a draft; the approval then goes with the next one.

    Raises:
        CourseError: it is approved already, or its wording is not the one that was seen.
    """
    data, resolved = load.read_data(path, "scenario"), _resolved(path)
    sha256 = publish.fingerprint(resolved)
    if not sha256.startswith(seen):
        raise CourseError(
            f"{data['id']} was not approved: its wording is {code(sha256)} now, and what was reviewed is {seen}. "
            "Print it again with `make review-pack`."
        )
    if made := resolved["approved"]:
        raise CourseError(f"{data['id']} was approved in this wording by {made['by']} on {made['on']}.")
    version: int = next(v for v in count(data["version"]) if not publish.pinned_file(data["id"], v).exists())
    approval = {"by": by, "credential": credential, "on": on.isoformat(), "sha256": sha256}
    edit.replace(path, "scenario", {("approved",): approval, ("version",): version})
    return version


def findings(data: Mapping[str, Any], audience: str, gaps: Mapping[str, Any]) -> Iterator[tuple[Place, str]]:
    """Yield where a scenario carries an approval that was given to another wording, or to a key that a ruling moved."""
    if data["approved"] and not publish.resolve(data, audience, gaps)["approved"]:
        yield (
            ("approved",),
            "is not for this wording and its rulings, so it shows as a draft; have it reviewed and run "
            f"`python -m scenarios approve {data['id']} …`, or write approved: null",
        )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("scenario", metavar="ID", help="the scenario, as T01")
    parser.add_argument("--by", required=True, metavar="NAME", help="who approves it")
    parser.add_argument("--credential", required=True, metavar="TITLE", help="their license or degree")
    parser.add_argument(
        "--on", type=date.fromisoformat, default=date.today(), metavar="DAY", help="the day (default: today)"
    )
    parser.add_argument(
        "--seen",
        default="",
        metavar="CODE",
        help="the code in the booklet; refuse when the wording changed since",
    )


def run(args: argparse.Namespace) -> int:
    """Record the approval and say for what."""
    path = load.find(args.scenario)
    before = load.read_data(path, "scenario")["version"]
    version = approve(path, args.by, args.credential, args.on, args.seen)
    print(f"{args.scenario} version {version} is approved in the wording {code(fingerprint(path))}.")
    if version != before:
        print(
            f"Version {before} is published and stays a draft, so `version` was raised to {version}; "
            f"{publish.way_out(args.scenario)}."
        )
    return 0
