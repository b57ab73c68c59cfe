"""YAML to model, collecting every problem with file, line and key."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from scenarios import model, paths
from scenarios.errors import CourseError

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator, ValidationError

Place = Sequence[str | int]
"""A path into a document: keys and indexes, outermost first."""

SUPERVISOR = "supervisor"
"""Whom a moment calls when it means the reader's own supervisor."""
STAND_IN = "on-call-supervisor"
"""The contact for somebody of whom the roster names no supervisor."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something an author must mend: where (file relative to the content, line from 1, key) and what."""

    file: str
    line: int
    key: str
    message: str

    def __str__(self) -> str:
        key = f"{self.key}: " if self.key else ""
        return f"{self.file}:{self.line}: {key}{self.message}"

    def as_dict(self) -> dict[str, Any]:
        """Return the problem as JSON data."""
        return asdict(self)


class Document:
    """One YAML file: its data (dates as ISO strings) and, on demand, the line of any place in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.name = path.resolve().relative_to(paths.content()).as_posix()
        except ValueError:
            self.name = path.name
        self.data: Any = None
        self.text = ""
        self.problems: list[Problem] = []
        self._tree: Node | None = None
        try:
            self.text = path.read_bytes().decode("utf-8")
            self.data = _parsed(self.text)
        except FileNotFoundError:
            self._fail(1, "the file is missing; restore it or correct the name")
        except UnicodeDecodeError as error:
            self._fail(
                error.object.count(b"\n", 0, error.start) + 1, "not UTF-8 text; save the file as UTF-8"
            )
        except DuplicateKeyError as error:
            self._fail(_line(error), f"{str(error.problem).split(' with value')[0]}; keep only one of them")
        except MarkedYAMLError as error:
            self._fail(
                _line(error), f"not valid YAML: {error.problem}; mend the indentation, quotes or colons here"
            )
        except YAMLError as error:
            self._fail(1, f"not valid YAML: {str(error).splitlines()[0]}")

    def _fail(self, line: int, message: str) -> None:
        self.problems.append(Problem(self.name, line, "", message))

    def line(self, place: Place) -> int:
        """Return the line (from 1) of a place, or of its nearest parent that exists."""
        return self._find(place)[1] + 1

    def node(self, place: Place) -> Node:
        """Return the value at a place, or at its nearest parent that exists, with its marks in ``text``."""
        return self._find(place)[0]

    def _find(self, place: Place) -> tuple[Node, int]:
        if self._tree is None:
            self._tree = plain_yaml().compose(self.text)
        node, mark = self._tree, 0
        for part in place:
            if isinstance(node, MappingNode):
                pair = next(((k, v) for k, v in node.value if k.value == part), None)
                if not pair:
                    break
                mark, node = pair[0].start_mark.line, pair[1]
            elif isinstance(node, SequenceNode) and isinstance(part, int) and part < len(node.value):
                node = node.value[part]
                mark = node.start_mark.line
            else:
                break
        return node, mark

    def problem(self, place: Place, message: str) -> Problem:
        """Return a problem at a place."""
        return Problem(self.name, self.line(place), ".".join(map(str, place)), message)

    def validate(self, schema: str) -> bool:
        """Check the data against ``schema/<schema>.schema.json``; every violation becomes a problem."""
        if self.problems:
            return False
        for error in _validator(schema).iter_errors(self.data):
            for leaf in _leaves(error):
                place, message = _plain(leaf)
                self.problems.append(self.problem(place, message))
        return not self.problems


def plain_yaml() -> YAML:
    """Return YAML in which a date is text, for reading and for writing."""
    yaml = YAML(typ="safe", pure=True)
    resolvers = yaml.resolver.versioned_resolver
    # Dates stay the text the author wrote: formats are checked as text, and JSON has no dates.
    for first, rules in resolvers.items():
        resolvers[first] = [rule for rule in rules if rule[0] != "tag:yaml.org,2002:timestamp"]
    return yaml


@lru_cache(maxsize=64)
def _parsed(text: str) -> Any:
    """Return a file's data, not to be changed; one check asks for the same file up to three times."""
    return plain_yaml().load(text)


def _line(error: MarkedYAMLError) -> int:
    unclosed = "quoted scalar" in (
        error.context or ""
    )  # its end is the end of the file: useless to an author
    mark = error.context_mark if unclosed else error.problem_mark or error.context_mark
    return mark.line + 1 if mark else 1


@cache
def _validator(schema: str) -> Draft202012Validator:
    from jsonschema import Draft202012Validator  # takes a second to import; a grade cell needs none of it

    text = (Path(__file__).parent / "schema" / f"{schema}.schema.json").read_text("utf-8")
    return Draft202012Validator(json.loads(text), format_checker=Draft202012Validator.FORMAT_CHECKER)


def _leaves(error: ValidationError) -> Iterable[ValidationError]:
    """Yield the errors an author can act on: the causes inside an allOf or if/then, else the error itself."""
    if error.context and error.validator in ("allOf", "if"):
        for cause in error.context:
            yield from _leaves(cause)
    else:
        yield error


def _plain(error: ValidationError) -> tuple[list[str | int], str]:
    """Return the place and one plain sentence for a schema violation."""
    place: list[str | int] = list(error.absolute_path)
    value: Any = error.instance
    want: Any = error.validator_value
    schema: Any = error.schema
    shown = json.dumps(value, ensure_ascii=False, default=str)
    shown = shown if len(shown) <= 60 else shown[:57] + "…"
    if error.validator == "required":
        missing = [key for key in want if key not in value]
        return place, f"{', '.join(missing)} missing; add it"
    if error.validator in ("additionalProperties", "unevaluatedProperties") and isinstance(value, dict):
        known = set(schema.get("properties", {}))
        extra = [k for k in value if k not in known]
        if error.validator == "additionalProperties" and extra:
            return [*place, extra[0]], f"unknown key {', '.join(extra)}; known are {', '.join(sorted(known))}"
        return place, error.message
    if error.validator == "not":
        return place, "does not belong to this kind of decision; remove it"
    if error.validator == "pattern":
        return place, "is empty; write it" if want == "\\S" else f"{shown} does not have the form {want}"
    if error.validator in ("enum", "const"):
        allowed = want if error.validator == "enum" else [want]
        return place, f"{shown} is not one of {', '.join(map(str, allowed))}"
    if error.validator == "type":
        wanted = want if isinstance(want, str) else " or ".join(want)
        return place, f"{shown} is not of type {wanted}"
    if error.validator in ("minItems", "maxItems"):
        return (
            place,
            f"has {len(value)} entries; {'at least' if error.validator == 'minItems' else 'at most'} {want} belong here",
        )
    if error.validator == "format":
        return place, f"{shown} is not a day; write it as 2027-01-31"
    if error.validator == "oneOf":
        return place, "a step has exactly one of: decision, next (a bridge), ending: true"
    return place, error.message


def read_data(path: Path, schema: str) -> Any:
    """Return the validated data of a file, not to be changed; CourseError with its first problem.

    It is read again only when it changed: what grades a class asks for the same few files for everyone.
    """
    return _read_data(path, schema, changed(path))


def changed(path: Path) -> int:
    """Return when a file was last changed, in nanoseconds; 0 if it is not there."""
    return path.stat().st_mtime_ns if path.exists() else 0


@lru_cache(maxsize=64)  # the whole library and the policy
def _read_data(path: Path, schema: str, _changed: int) -> Any:
    document = Document(path)
    if not document.validate(schema):
        raise CourseError(str(document.problems[0]))
    return document.data


def clauses() -> dict[str, Mapping[str, Any]]:
    """Return the policy's clauses by id."""
    return {c["id"]: c for c in read_data(paths.policy() / "clauses.yml", "clauses")["clauses"]}


def gaps() -> dict[str, Mapping[str, Any]]:
    """Return the policy's gaps, with their rulings, by id."""
    return {g["id"]: g for g in read_data(paths.policy() / "gaps.yml", "gaps")["gaps"]}


def support() -> list[Mapping[str, str]]:
    """Return the support contacts shown in scenarios about suicide and danger."""
    contacts: list[Mapping[str, str]] = read_data(paths.policy() / "support.yml", "support")["contacts"]
    return contacts


def moments() -> list[Mapping[str, Any]]:
    """Return the worrying moments at work, each with three steps, whom to call and the clauses."""
    found: list[Mapping[str, Any]] = read_data(paths.policy() / "moments.yml", "moments")["moments"]
    return found


def scenario_files() -> list[Path]:
    """Return the library's files, boosters included, sorted by name."""
    return sorted(paths.library().glob("*/*.yml"), key=lambda path: path.name)


def scenario(path: Path) -> model.Scenario:
    """Return one scenario of the library; CourseError with its first problem."""
    return model.from_dict(read_data(path, "scenario"), audience=path.parent.name)


def find(scenario_id: str) -> Path:
    """Return the library file of a scenario; CourseError if there is none."""
    for path in scenario_files():
        if path.name.startswith(f"{scenario_id}-"):
            return path
    raise CourseError(
        f"There is no scenario {scenario_id or 'without an ID'} in scenarios/library; "
        f"known are {', '.join(p.name.split('-')[0] for p in scenario_files()) or 'none'}."
    )
