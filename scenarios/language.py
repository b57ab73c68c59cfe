"""Words and how hard they read: the spelling dictionary, the project's own words, the reading grade."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spellchecker import SpellChecker

WORD = re.compile(r"(?<![\w@])[^\W\d_]+(?:['’][^\W\d_]+)*(?!\w)")
"""A word, with its apostrophes; not a clause's id, a handle or a part of one."""
ENDING = re.compile(r"['’](s|d|ll|re|ve)?$")
"""What may follow any name or noun: Thuy's, what'll."""
SENTENCE = re.compile(r"[.!?…]+[\"”’')\]]*(?=\s|$)|\n\s*\n")
"""Where a sentence ends."""


@dataclass(frozen=True, slots=True)
class Words:
    """The words that the dictionary lacks: names as they are written, terms and clinical terms in any case."""

    names: frozenset[str] = frozenset()
    terms: frozenset[str] = frozenset()
    clinical: frozenset[str] = frozenset()

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Words:
        """Build it from the content of ``words.yml`` that passed the schema."""
        lower = ({word.lower() for word in data[key]} for key in ("terms", "clinical"))
        return cls(frozenset(data["names"]), *map(frozenset, lower))


@cache
def _dictionary() -> SpellChecker:
    from spellchecker import SpellChecker  # reads a US English dictionary of 7 MB: only who spells needs it

    return SpellChecker(language="en")


@cache
def _in_dictionary(word: str) -> bool:
    return bool(_dictionary().known([word]))


def misspelled(text: str, words: Words, names: Collection[str] = ()) -> Iterator[str]:
    """Yield the words, each once, that neither the US English dictionary nor the project knows."""
    for word in dict.fromkeys(WORD.findall(text)):
        whole, plain = word.replace("’", "'"), ENDING.sub("", word)
        named = {plain, plain.title() if plain.isupper() else plain}
        if named & words.names or named.intersection(names) or plain.lower() in words.terms | words.clinical:
            continue
        if not (_in_dictionary(whole) or _in_dictionary(plain)):
            yield word


def grade(text: str, words: Words) -> float:
    """Return the US school grade that a text asks for, clinical terms left out; 0 without a word.

    The Automated Readability Index, 4.71 letters/words + 0.5 words/sentences - 21.43 (Senter and Smith 1967,
    AMRL-TR-66-220). It counts letters, so it needs no syllable dictionary; those of the readability packages are
    downloaded when they run. For short everyday sentences it says about one grade less than Flesch and Kincaid.
    """
    counted = [word for word in WORD.findall(text) if word.lower() not in words.clinical]
    sentences = sum(bool(WORD.search(part)) for part in SENTENCE.split(text))
    if not counted:
        return 0.0
    letters = sum(character.isalpha() for word in counted for character in word)
    index: float = 4.71 * letters / len(counted) + 0.5 * len(counted) / sentences - 21.43
    return max(0.0, index)
