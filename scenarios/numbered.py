"""Answers typed as numbers under a numbered list of options."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from scenarios.model import ANSWER_KEY, Answer, Kind

_NUMBER = re.compile(r"\(?(\d{1,4})[.):]?")
_BETWEEN = re.compile(r"(?:[\s,;、]|\boptions?\b|\band\b)+")


def read(kind: Kind, options: Sequence[str], typed: str) -> Answer | str:
    """Return the answer that was typed, or in one plain sentence why it cannot be taken.

    Args:
        kind: ``choice`` (one number), ``multiple`` (at least one) or ``order`` (all of them).
        options: the ids of the options, in the order in which they are numbered from 1.
        typed: e.g. ``2``, ``1, 3`` or ``2 1 3``; also ``2.``, ``2)``, ``option 2`` and full-width digits.
    """
    last = len(options)
    words = [word for word in _BETWEEN.split(unicodedata.normalize("NFKC", typed).casefold()) if word]
    if not words:
        return {
            "choice": f"Type the number of your answer, from 1 to {last}.",
            "multiple": f"Type at least one number, from 1 to {last}.",
        }.get(kind, f"Type all {last} numbers in your order, each once.")
    numbers: list[int] = []
    for word in words:
        match = _NUMBER.fullmatch(word)
        if not match:
            return f"“{word[:20]}” is not a number of the list. Type digits, from 1 to {last}."
        number = int(match[1])
        if not 1 <= number <= last:
            return f"There is no number {number} here; the list goes from 1 to {last}."
        if number in numbers:
            return f"You typed {number} more than once. Type each number once."
        numbers.append(number)
    if kind == "choice" and len(numbers) > 1:
        return f"Type one number only, from 1 to {last}."
    missing = [str(number) for number in range(1, last + 1) if number not in numbers]
    if kind == "order" and missing:
        return f"Still missing: {', '.join(missing)}. Type all {last} numbers in your order, each once."
    # What is ticked comes in the list's order, as from the player; only an order is the trainee's own.
    taken = [options[number - 1] for number in (numbers if kind == "order" else sorted(numbers))]
    return {ANSWER_KEY[kind]: taken[0] if kind == "choice" else taken}
