"""Compare two states of the policy: what changed, which decisions, assignments and roles it touches."""

from __future__ import annotations

import argparse
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from scenarios import load, paths, publish
from scenarios.confirmed import turns_on
from scenarios.errors import CourseError
from scenarios.model import Scenario
from scenarios.variants import together

EXAMPLE = (
    "python -m scenarios policy-diff clauses-2026.yml scenarios/policy/clauses.yml --texts 2026.txt 2027.txt"
)
WORDS = {
    "title": "renamed",
    "statement": "reworded",
    "condition": "another condition",
    "exception": "another exception",
    "follow_up": "another follow-up",
    "kind": "of another kind",
    "lines": "at other lines",
}
"""What is said of a clause whose part of that name differs; ``who`` and ``critical`` have words of their own."""
MOVED = (WORDS["lines"],)
"""A clause that only moved says what it said before."""

Clauses = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Change:
    """A clause that is not what it was, in words; ``who`` was or is bound by it."""

    id: str
    title: str
    what: tuple[str, ...]
    who: tuple[str, ...]
    critical: bool


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of the official text that differ, from ``at`` on in the old one and ``now_at`` in the new one."""

    at: int
    now_at: int
    old: list[str]
    new: list[str]


@dataclass(frozen=True, slots=True)
class Assignment:
    """What of an assignment matters here."""

    id: str
    title: str
    scenarios: tuple[Scenario, ...]


def changes(old: Clauses, new: Clauses) -> list[Change]:
    """Return the clauses that differ, by id."""
    found = []
    for clause in sorted(old.keys() | new.keys()):
        before, after = old.get(clause), new.get(clause)
        if what := _what(before, after):
            bound = {*(before or {}).get("who", ()), *(after or {}).get("who", ())}
            now = after or before or {}
            found.append(Change(clause, now["title"], what, tuple(sorted(bound)), now["critical"]))
    return found


def _what(old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> tuple[str, ...]:
    if not old or not new:
        return ("removed",) if old else ("added",)
    words = [word for part, word in WORDS.items() if old[part] != new[part]]
    if old["critical"] != new["critical"]:
        words.append("made critical" if new["critical"] else "no longer critical")
    words += [f"binds {who}, too" for who in new["who"] if who not in old["who"]]
    words += [f"no longer binds {who}" for who in old["who"] if who not in new["who"]]
    return tuple(words)


def differing(old: str, new: str) -> list[Lines]:
    """Return the lines in which two texts differ, spaces at their ends left aside."""
    before, after = ([line.rstrip() for line in text.splitlines()] for text in (old, new))
    return [
        Lines(a + 1, c + 1, before[a:b], after[c:d])
        for kind, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
        if kind != "equal"
    ]


def at_lines(clauses: Clauses, found: Iterable[Lines]) -> list[str]:
    """Return the clauses whose ``lines`` (as "16; 27-28") in the old text are among those that differ."""
    differ = [range(one.at, one.at + max(len(one.old), 1)) for one in found]
    return [
        clause
        for clause, data in clauses.items()
        if any(line in lines for line in _lines(data["lines"]) for lines in differ)
    ]


def _lines(written: str) -> Iterator[int]:
    for first, last in re.findall(r"(\d+)(?:-(\d+))?", written):
        yield from range(int(first), int(last or first) + 1)


def affected(
    found: Sequence[Change], library: Iterable[Scenario], assignments: Iterable[Assignment]
) -> dict[str, Any]:
    """Return what must be done about changed clauses, as JSON data.

    That is the decisions to review, the assignments that teach them, and the roles to train again: those that the
    clauses bind or bound.
    """
    changed = {change.id for change in found if change.what != MOVED}
    bound = {who for change in found if change.id in changed for who in change.who}
    roles = bound - {"center"}  # the Center itself takes no course
    return {
        "decisions": [
            {"scenario": scenario.id, "step": step, "prompt": decision.prompt, "clauses": sorted(about)}
            for scenario in library
            for step, decision in together(scenario).decisions()
            if (about := turns_on(decision) & changed)
        ],
        "assignments": [
            {"id": assignment.id, "title": assignment.title, "scenarios": touched}
            for assignment in assignments
            if (touched := [f"{s.id}@{s.version}" for s in assignment.scenarios if _about(s) & changed])
        ],
        "roles": sorted(roles),
    }


def _about(scenario: Scenario) -> set[str]:
    return {clause for _, decision in scenario.decisions() for clause in turns_on(decision)}


def taught() -> list[Assignment]:
    """Return the assignments with the scenario versions they pin, published or still in the library.

    ``grading/assignments.yml`` is read as data here: which scenarios go where is content, and asking ``grading`` for it
    would turn the dependency round. What is wrong with the file is said by ``grading`` (`make check`).

    Raises:
        CourseError: the file cannot be read.
    """
    document = load.Document(paths.assignments())
    try:
        return [
            Assignment(
                data["id"], data["title"], tuple(_pinned(s["id"], s["version"]) for s in data["scenarios"])
            )
            for data in document.data["assignments"]
        ]
    except (KeyError, TypeError) as error:
        raise CourseError(
            f"{document.name} is not a list of assignments; `make check` says where."
        ) from error


def _pinned(scenario: str, version: int) -> Scenario:
    if publish.pinned_file(scenario, version).exists():
        return publish.load_published(scenario, version)[0]
    return load.scenario(load.find(scenario))


def read_clauses(path: Path) -> Clauses:
    """Return the clauses of a file by id; CourseError with its first problem."""
    return {clause["id"]: clause for clause in load.read_data(path, "clauses")["clauses"]}


def compare_texts(files: Iterable[Path], clauses: Clauses) -> dict[str, Any]:
    """Return, as JSON data, how an old and a new official text differ and which clauses stood at those lines.

    A text's version is its SHA-256, as in ``make policy``.

    Raises:
        CourseError: one of them is not a UTF-8 text.
    """
    texts = []
    for path in files:
        try:
            texts.append(path.read_bytes().decode())
        except UnicodeDecodeError as error:
            raise CourseError(f"{path} is not UTF-8 text; save the policy as plain text (UTF-8).") from error
    found = differing(*texts)
    return {
        "versions": [hashlib.sha256(text.encode()).hexdigest() for text in texts],
        "lines": [asdict(one) for one in found],
        "clauses": at_lines(clauses, found),
    }


def as_text(data: Mapping[str, Any]) -> Iterator[str]:
    """Yield the comparison in lines to read."""
    if texts := data["texts"]:
        yield "Official text: version {:.12} became {:.12}".format(*texts["versions"])
        for one in texts["lines"]:
            yield from (f"  {number:>4} - {line}" for number, line in enumerate(one["old"], one["at"]))
            yield from (f"  {number:>4} + {line}" for number, line in enumerate(one["new"], one["now_at"]))
        if texts["clauses"]:
            yield f"Clauses at these lines, to hold against the new text: {', '.join(texts['clauses'])}"
    clauses = [f"{c['id']} {c['title']}: {', '.join(c['what'])}" for c in data["clauses"]]
    decisions = [
        f"{d['scenario']}/{d['step']} ({', '.join(d['clauses'])}): {d['prompt']}" for d in data["decisions"]
    ]
    assignments = [f"{a['id']} ({a['title']}): {', '.join(a['scenarios'])}" for a in data["assignments"]]
    for title, rows in (
        ("Clauses changed", clauses),
        ("Decisions to review", decisions),
        ("Assignments affected", assignments),
        ("Roles to train again", data["roles"]),
    ):
        yield f"{title}: {len(rows)}"
        yield from (f"  {row}" for row in rows)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("old", type=Path, metavar="OLD", help="a clauses.yml as it was")
    parser.add_argument("new", type=Path, metavar="NEW", help="a clauses.yml as it is now")
    parser.add_argument(
        "--texts",
        nargs=2,
        type=Path,
        metavar=("OLD.txt", "NEW.txt"),
        help="the official texts of the two dates",
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how to print the result")


def run(args: argparse.Namespace) -> int:
    """Print the comparison."""
    old, new = (read_clauses(path) for path in (args.old, args.new))
    found = changes(old, new)
    library = [load.scenario(path) for path in load.scenario_files()]
    data = {
        "clauses": [asdict(change) for change in found],
        **affected(found, library, taught()),
        "texts": compare_texts(args.texts, old) if args.texts else None,
    }
    as_json = args.format == "json"
    print(json.dumps(data, indent=1, ensure_ascii=False) if as_json else "\n".join(as_text(data)))
    return 0
