"""Notebooks made from the release: the only thing of a trainee's in them is fenced text."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Mapping
from typing import Any

from scenarios.model import Answer, Decision

WIDTH = 96
"""Columns of a fenced answer: formgrader does not wrap such text."""

_SLOT = re.compile('"\ue000([^\ue000]+)\ue000"')
_CONTROL = {n: None for n in (*range(32), 127) if n not in (9, 10)} | {13: "\n", 0x2028: "\n", 0x2029: "\n"}


class Notebook:
    """A released notebook with a slot for each decision and each text, cut once so that filling it is only joining."""

    def __init__(self, released: bytes, *, run: bool) -> None:
        """Cut a notebook; with ``run``, its grade cells look executed and take a score each."""
        nb = json.loads(released)
        self._before: dict[str, Any] = {}
        for count, cell in enumerate((c for c in nb["cells"] if c["cell_type"] == "code"), 1):
            cell["execution_count"], cell["outputs"] = (count if run else None), []
        for cell in nb["cells"]:
            of = cell["metadata"].get("nbgrader", {})
            if of.get("solution") and of.get("grade"):
                self._before[of["grade_id"]] = cell["source"]
                cell["source"] = f"\ue000{of['grade_id']}\ue000"
            elif cell["cell_type"] == "markdown":
                self._before[_text(cell["id"])] = cell["source"]
                cell["source"] = f"\ue000{_text(cell['id'])}\ue000"
            elif of.get("grade") and run:
                self._before[of["grade_id"]] = []
                cell["outputs"] = f"\ue000{of['grade_id']}\ue000"
        # Even places are the notebook's own text, odd ones the names of slots.
        self._parts = _SLOT.split(json.dumps(nb, ensure_ascii=False, indent=1) + "\n")
        self._run = {
            c["metadata"]["nbgrader"]["grade_id"]: c["execution_count"] for c in nb["cells"] if _runs(c)
        }

    def fill(
        self,
        written: Mapping[str, str],
        scores: Mapping[str, float] | None = None,
        told: Mapping[str, str] | None = None,
    ) -> bytes:
        """Return the notebook with free text (markdown) and scores by step; what is missing stays as released.

        ``told`` are texts of the course's own, by cell id, as the trainee reads them.
        """
        slots = self._before | dict(written)
        slots |= {_text(cell): source.splitlines(True) for cell, source in (told or {}).items()}
        for step, score in (scores or {}).items():
            if step in self._run:
                slots[step] = [_output(score, self._run[step])]
        parts = self._parts[:]
        parts[1::2] = [json.dumps(slots[name], ensure_ascii=False) for name in parts[1::2]]
        return "".join(parts).encode()


def _text(cell_id: str) -> str:
    """Return the name of a text's slot; no step is called so."""
    return f"#{cell_id}"


def _runs(cell: Mapping[str, Any]) -> bool:
    return cell["cell_type"] == "code" and bool(cell["metadata"].get("nbgrader", {}).get("grade"))


def _output(score: float, count: int) -> dict[str, Any]:
    data = {"text/plain": repr(score)}
    return {"data": data, "execution_count": count, "metadata": {}, "output_type": "execute_result"}


def fenced(decision: Decision, answer: Answer) -> str:
    """Return a written answer as markdown in which nothing works: a fence longer than any it holds."""
    if decision.kind == "form":
        text = "\n".join(f"{f.label}: {answer['fields'].get(f.id, '')}" for f in decision.fields)
    else:
        text = str(answer["text"])
    text = printable(text).strip("\n")
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    lines = (part for line in text.split("\n") for part in _wrapped(line))
    return "\n".join((fence, *lines, fence))


def _wrapped(line: str) -> list[str]:
    return textwrap.wrap(line, WIDTH, replace_whitespace=False, break_on_hyphens=False) or [""]


def printable(text: str) -> str:
    """Return text that every file, database and page can hold: no control characters, no half characters."""
    return text.encode("utf-8", "replace").decode().replace("\r\n", "\n").translate(_CONTROL)
