"""The rules for slots and variants, pure; and how the other rules are asked about each variant."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, TypeVar

from scenarios import variants
from scenarios.model import Scenario
from scenarios.rules import Finding, texts

FIXED = ("title", "note", "approved")
"""What reads the same for everyone: lists and reports show it where no single trainee is meant."""

F = TypeVar("F")


def findings(data: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield what is wrong with the slots of a file that passed the schema."""
    given: Sequence[Mapping[str, str]] = data.get("variants", ())
    known = given[0] if given else {}
    for n, words in enumerate(given):
        if words.keys() != known.keys():
            yield (
                ("variants", n),
                f"has {_named(words)}, and variant 1 has {_named(known)}; give all the same slots",
            )
        elif words in given[:n]:
            yield ("variants", n), f"is the same as variant {given.index(words) + 1}; change it or remove it"
    used: set[str] = set()
    for key, part in data.items():
        for place, text in texts(part, (key,)):
            if message := _wrong(key, text, known):
                yield place, message
            used |= set(map(variants.slot, variants.SLOT.findall(text)))
    for name in known:
        if name not in used:
            yield ("variants", 0, name), f"no text has {{{name}}}; use it, or take it out of every variant"


def _wrong(key: str, text: str, known: Mapping[str, str]) -> str | None:
    """Return what is wrong with the braces of a text below a key of the file."""
    if not _braces(text):
        return None
    if key in FIXED:
        return "reads the same for everyone, so it has no slots; take out the braces"
    if key == "variants" or _braces(variants.SLOT.sub("", text)):
        return "braces belong around the slots of a text, and nowhere else; take them out"
    unknown = [name for name in variants.SLOT.findall(text) if variants.slot(name) not in known]
    return f"there is no slot {{{unknown[0]}}}; known are {_named(known)}" if unknown else None


def _braces(text: str) -> bool:
    return "{" in text or "}" in text


def _named(words: Iterable[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in words) or "none, as there are no variants"


def in_each(every: Sequence[Scenario], find: Callable[[Scenario], Iterable[F]]) -> Iterator[tuple[str, F]]:
    """Yield what is found in a scenario's variants (``variants.each``), each once, and before it ``where``."""
    findings = [list(find(one)) for one in every]
    for found in dict.fromkeys(chain.from_iterable(findings)):
        yield where([n for n, each in enumerate(findings, 1) if found in each], len(every)), found


def where(numbers: Iterable[int], of: int) -> str:
    """Return the variants that something was found in as the beginning of a message; nothing if it is all of them."""
    named = sorted(set(numbers))
    return "" if len(named) == of else f"variant{'s' * (len(named) > 1)} {' and '.join(map(str, named))}: "
