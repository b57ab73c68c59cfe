"""The trainee's desk: the files beside ``home.ipynb`` and what they say."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scenarios import model, variants
from scenarios.answers import AnswerLog, read_bytes
from scenarios.errors import CourseError

MAX_JSON = 4 << 20
BOOSTERS = "boosters"
"""The folder of the boosters on a desk; no assignment in ``assignments.yml`` can have that name."""

Json = dict[str, Any]

NOBODY: Json = {
    "name": "",
    "course": {"title": "Staff training"},
    "seen_by": [],
    "support": [],
    "assignments": [],
    "boosters": [],
}
"""Who sits at a desk without a ``me.json``, as when an author tries a notebook."""


def read_json(path: Path) -> Json | None:
    """Read one of the desk's files; None if it is not there.

    Raises:
        CourseError: it is not a plain file that holds a JSON object.
    """
    try:
        data = json.loads(read_bytes(path, MAX_JSON))
    except FileNotFoundError:
        return None
    except (ValueError, RecursionError) as error:
        raise CourseError(
            f"{path.name} on your desk is damaged; ask your supervisor to have it renewed."
        ) from error
    if not isinstance(data, dict):
        raise CourseError(f"{path.name} on your desk is damaged; ask your supervisor to have it renewed.")
    return data


def stamp(path: Path) -> int:
    """Return a file's modification time in nanoseconds, 0 if it is not there."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


@dataclass(frozen=True)
class Place:
    """One scenario of one assignment on a desk, or a booster; ``attempt`` is the one of its log that counts."""

    desk: Path
    assignment: str
    scenario: str
    attempt: int = 1

    def file(self, suffix: str) -> Path:
        """Return the path of one of the scenario's files, e.g. ``.json`` or ``.answers.jsonl``."""
        return self.desk / self.assignment / f"{self.scenario}{suffix}"

    @property
    def route(self) -> str:
        """The place's address in the page, without its ``#/``."""
        return f"{self.assignment}/{self.scenario}"

    @property
    def trainee(self) -> str:
        """Whose desk this is; empty where nobody is known, as when an author tries a notebook."""
        return str((read_json(self.desk / "me.json") or {}).get("id", ""))

    def load(self) -> tuple[model.Scenario, Json]:
        """Return the scenario as the trainee may know it, in their variant, and the file's own content.

        Raises:
            CourseError: it is not on the desk, or damaged.
        """
        path = self.file(".json")
        data = read_json(path)
        if data is None:
            raise CourseError(
                f"{self.scenario} is not on your desk yet; ask your supervisor to release it to you."
            )
        try:
            scenario = model.from_trainee(data)
            if scenario.variants:  # else it makes no difference whose desk this is
                scenario = variants.met(variants.each(scenario), self.trainee, self.assignment)
            return scenario, data
        except (KeyError, TypeError, ValueError) as error:
            raise CourseError(
                f"{path.name} on your desk is damaged; ask your supervisor to have it renewed."
            ) from error

    def log(self) -> AnswerLog:
        """Return the scenario's answer log."""
        return AnswerLog(self.file(".answers.jsonl"))

    def feedback(self) -> Json | None:
        """Return the explanations, or None while there are none."""
        return read_json(self.file(".feedback.json"))

    def handed_in(self) -> Json:
        """Return ``{"at", "size"}`` of what was handed in last; size 0 if nothing was."""
        handed = (read_json(self.desk / self.assignment / "handed_in.json") or {}).get(self.scenario)
        return handed if isinstance(handed, dict) else {"at": None, "size": 0}


@dataclass(frozen=True)
class Desk:
    """The folder that is the trainee's server root."""

    root: Path

    def me(self) -> Json:
        """Return who the trainee is and what they have been given (``me.json``).

        Raises:
            CourseError: the file is damaged.
        """
        return {**NOBODY, **(read_json(self.root / "me.json") or {})}

    def policy(self) -> Json:
        """Return the clauses and the moments (``policy.json``), empty lists without the file.

        Raises:
            CourseError: the file is damaged.
        """
        return {"clauses": [], "moments": [], **(read_json(self.root / "policy.json") or {})}

    def places(self) -> dict[str, Place]:
        """Return the scenarios and boosters the trainee has been given, by route."""
        me = self.me()
        places = [
            Place(self.root, assignment["id"], scenario["id"])
            for assignment in me["assignments"]
            for scenario in assignment["scenarios"]
        ]
        met = [each for step in me["boosters"] for each in (*step["played"], step) if each["id"]]
        places += [Place(self.root, BOOSTERS, booster["id"], booster["attempt"]) for booster in met]
        return {place.route: place for place in places}
