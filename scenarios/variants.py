"""The variants of a scenario, pure: each trainee meets one of them, in which last year's answers read differently.

A text holds slots, as ``{name}``; a variant gives each of them its words. Nothing else varies: ids, points, clauses
and ways through the steps are those of the scenario. Which variant somebody meets is worked out anew wherever it is
needed, from the roster's id and the assignment, and is believed from no file of the trainee's.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar, cast

from scenarios.errors import CourseError
from scenarios.model import Scenario

if TYPE_CHECKING:
    from argparse import ArgumentParser

SLOT = re.compile(r"\{([A-Za-z][A-Za-z0-9-]*)\}")
"""A slot in a text; ``{Name}`` is ``{name}`` with a capital, for the beginning of a sentence."""

T = TypeVar("T")


def slot(written: str) -> str:
    """Return the slot that a text calls by this name."""
    return written[:1].lower() + written[1:]


def chosen(trainee: str, assignment: str, scenario: str, of: int) -> int:
    """Return which of ``of`` variants, counted from 1, a trainee meets in an assignment.

    That is the SHA-256 of the three ids, joined by line feeds, as a number modulo ``of``, plus 1: evenly spread, drawn
    anew for each assignment, and the same on every computer and in every version of Python.
    """
    digest = hashlib.sha256("\n".join((trainee, assignment, scenario)).encode()).digest()
    return int.from_bytes(digest, "big") % of + 1


def filled(value: T, words: Mapping[str, str]) -> T:
    """Return a text, or whatever holds texts, with its slots filled; a slot without words stays as it is."""
    return cast(T, _filled(value, words))


def _filled(value: Any, words: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return SLOT.sub(lambda found: _said(found[0], found[1], words), value) if "{" in value else value
    if isinstance(value, Mapping):
        return {key: _filled(item, words) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_filled(item, words) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{f.name: _filled(getattr(value, f.name), words) for f in fields(value)})
    return value


def _said(as_written: str, name: str, words: Mapping[str, str]) -> str:
    said = words.get(slot(name), as_written)
    return said[:1].upper() + said[1:] if name[0].isupper() else said


def add_argument(parser: ArgumentParser) -> None:
    """Declare the option of a command that shows one variant."""
    parser.add_argument(
        "--variant",
        type=int,
        default=1,
        metavar="N",
        help="which of its variants, if it has any (default: 1)",
    )


def each(scenario: Scenario) -> tuple[Scenario, ...]:
    """Return all variants of a scenario, their slots filled; the scenario itself if it has none."""
    bare = replace(scenario, variants=())
    return tuple(filled(bare, words) for words in scenario.variants) or (scenario,)


def nth(scenario: Scenario, number: int) -> Scenario:
    """Return one variant, counted from 1; CourseError if there are not so many."""
    every = each(scenario)
    if not 1 <= number <= len(every):
        has = f"{len(every)} variants" if scenario.variants else "no variants"
        raise CourseError(f"{scenario.id} has {has}, so there is no variant {number}.")
    return every[number - 1]


def met(every: Sequence[Scenario], trainee: str, assignment: str) -> Scenario:
    """Return the one of a scenario's variants (``each``) that a trainee meets; the first, if nobody is known."""
    return every[chosen(trainee, assignment, every[0].id, len(every)) - 1 if trainee else 0]


def together(scenario: Scenario) -> Scenario:
    """Return a scenario that tells all its variants at once, as ``Ana/Bea``: for what is said of everybody's answers."""
    words: dict[str, dict[str, None]] = {}
    for variant in scenario.variants:
        for name, said in variant.items():
            words.setdefault(name, {})[said] = None
    return filled(replace(scenario, variants=()), {name: "/".join(said) for name, said in words.items()})
