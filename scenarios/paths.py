"""Where the course's content is found."""

from __future__ import annotations

import os
from pathlib import Path

AUDIENCES = {"therapist": "T", "front-desk": "F", "supervisor": "S"}
"""The library's folders, one an audience -> the first letter of its scenarios' ids. Boosters lie beside them."""


def content() -> Path:
    """Return the folder that holds ``scenarios/``, ``notebooks/`` and ``grading/`` content.

    ``COURSE_CONTENT`` names it; without it, it is the checkout this package was imported from.
    """
    return Path(os.environ.get("COURSE_CONTENT") or Path(__file__).parents[1]).resolve()


def library() -> Path:
    """Return the folder of the scenarios that authors edit."""
    return content() / "scenarios" / "library"


def policy() -> Path:
    """Return the folder of the clauses, gaps and support contacts."""
    return content() / "scenarios" / "policy"


def published() -> Path:
    """Return the folder of the pinned scenario versions."""
    return content() / "scenarios" / "published"


def written() -> Path:
    """Return the folder of what a running course writes: ``COURSE_ROOT`` or ``.course`` in the content."""
    return Path(os.environ.get("COURSE_ROOT") or content() / ".course").resolve()


def assignments() -> Path:
    """Return the file that says which scenarios are given to whom; ``grading`` owns it."""
    return content() / "grading" / "assignments.yml"
