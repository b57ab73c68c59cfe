"""Say what is wrong with the scenarios, the policy files and what was published: everything in one run."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scenarios import (
    approval,
    boosters,
    confirmed,
    coverage,
    load,
    model,
    paths,
    publish,
    rules,
    slots,
    variants,
    writing,
)
from scenarios.errors import CourseError
from scenarios.language import Words
from scenarios.load import STAND_IN, SUPERVISOR, Document, Place, Problem, scenario_files

EXAMPLE = "python -m scenarios check --format json"
CODE = re.compile(r"\b[CG]\d\d\b")
"""The id of a clause or gap."""


@dataclass(slots=True)
class Report:
    """What a check found; counts are of files that could be read, ``decisions`` of those in scenarios."""

    scenarios: int = 0
    boosters: int = 0
    decisions: int = 0
    clauses: int = 0
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    writing: writing.Review = field(default_factory=writing.Review)
    covered: Mapping[str, coverage.Covered] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON data (CONTRACTS.md, Commands)."""
        return {
            "scenarios": self.scenarios,
            "boosters": self.boosters,
            "decisions": self.decisions,
            "clauses": self.clauses,
            "problems": [p.as_dict() for p in self.problems],
            "warnings": [p.as_dict() for p in self.warnings],
        }


def check() -> Report:
    """Check the policy files, the whole library and what was published."""
    report = Report()
    clauses = _policy(report, "clauses", "clauses")
    gaps = _policy(report, "gaps", "gaps", lambda gap: _gap(gap, clauses))
    contacts = _policy(report, "support", "contacts")
    _policy(report, "moments", "moments", lambda moment: _moment(moment, clauses, contacts))
    report.clauses = len(clauses)
    known = _confirmed(report)

    sound: list[tuple[Document, model.Scenario]] = []
    first: dict[str, str] = {}
    for path in scenario_files():
        document, scenario = examined(path, clauses, gaps)
        if scenario:
            if (other := first.setdefault(scenario.id, document.name)) != document.name:
                taken = f"{scenario.id} is the id of {other}, too; give one of them a new id"
                document.problems.append(document.problem(("id",), taken))
            if scenario.boosts:
                report.boosters += 1
            else:
                report.scenarios += 1
                report.decisions += sum(1 for _ in scenario.decisions())
            unwritten = [document.problem(*f) for f in rules.unwritten(document.data)]
            unnamed = [document.problem(*f) for f in rules.unnamed(scenario)]
            document.problems += sorted([*unwritten, *unnamed], key=lambda problem: problem.line)
            if not document.problems:
                sound.append((document, scenario))
            if not unwritten:  # nobody can review what is not there
                reviews = (
                    *approval.findings(document.data, scenario.audience, gaps),
                    *confirmed.findings(scenario, clauses, known),
                )
                document.problems += [document.problem(*f) for f in reviews]
        report.problems += document.problems
    report.problems += publish.problems()
    _writing(report, sound)
    report.covered = coverage.coverage(clauses, [coverage.gaps_open(d.data, s.audience) for d, s in sound])
    return report


def examined(
    path: Path, clauses: Mapping[str, Any], gaps: Mapping[str, Any]
) -> tuple[Document, model.Scenario | None]:
    """Return a library file with what keeps it from being played as it is, and its scenario.

    None instead of the scenario if the file does not pass the schema. What is still to be written, named, confirmed or
    approved keeps nobody from playing it.
    """
    document = Document(path)
    if not document.validate("scenario"):
        return document, None
    scenario = model.from_dict(document.data, audience=path.parent.name)
    found = (
        *_name(scenario, path),
        *_unique_steps(document.data),
        *slots.findings(document.data),
        *_in_each(scenario, clauses, gaps),
        *(boosters.findings(scenario, clauses) if scenario.boosts else ()),
    )
    document.problems += [document.problem(*f) for f in found]
    return document, scenario


def playable(scenario_id: str) -> Path:
    """Return the library file of a scenario that can be played as it is.

    Raises:
        CourseError: there is none, or what keeps it from being played, a line each as the check prints them.
    """
    path = load.find(scenario_id)
    document, _ = examined(path, load.clauses(), load.gaps())
    if document.problems:
        raise CourseError("\n".join(map(str, document.problems)))
    return path


def _writing(report: Report, sound: Sequence[tuple[Document, model.Scenario]]) -> None:
    """Add how the scenarios are written; those with a problem of another kind wait until it is mended."""
    report.writing = writing.review([scenario for _, scenario in sound], _words(report))
    for remark in report.writing.remarks:
        if remark.scenario is not None:
            found = sound[remark.scenario][0].problem(remark.place, remark.message)
        else:
            found = Problem("scenarios/library", 1, "", remark.message)
        (report.problems if remark.problem else report.warnings).append(found)


def _words(report: Report) -> Words:
    """Return the project's own words; none without the file."""
    path = paths.library() / "words.yml"
    if not path.exists():
        return Words()
    document = Document(path)
    sound = document.validate("words")
    report.problems += document.problems
    return Words.from_dict(document.data) if sound else Words()


def _policy(
    report: Report,
    name: str,
    items: str,
    more: Callable[[Mapping[str, Any]], Iterator[rules.Finding]] = lambda _: iter(()),
) -> dict[str, dict[str, Any]]:
    """Read a policy file; return its items by id. ``more`` yields what the schema cannot say of one."""
    document = Document(paths.policy() / f"{name}.yml")
    found: dict[str, dict[str, Any]] = {}
    if document.validate(name):
        for index, item in enumerate(document.data[items]):
            if item["id"] in found:
                document.problems.append(document.problem((items, index, "id"), f"{item['id']} stands twice"))
            found[item["id"]] = item
            document.problems += [document.problem((items, index, *p), m) for p, m in more(item)]
    report.problems += document.problems
    return found


def _confirmed(report: Report) -> confirmed.Confirmed:
    """Return what was confirmed of the scenarios; nothing without the file."""
    if not confirmed.lock().exists():
        return {}
    document = Document(confirmed.lock())
    document.validate("confirmed")
    report.problems += document.problems
    return {} if document.problems else document.data["confirmed"]


def _clauses(item: Mapping[str, Any], clauses: Mapping[str, Any]) -> Iterator[rules.Finding]:
    for n, clause in enumerate(item["clauses"]):
        if clause not in clauses:
            yield ("clauses", n), f"{clause} is not in scenarios/policy/clauses.yml"


def _gap(item: Mapping[str, Any], clauses: Mapping[str, Any]) -> Iterator[rules.Finding]:
    """Yield what else must hold of a gap: its clauses exist, its ruling is one of those listed."""
    yield from _clauses(item, clauses)
    known = [r["id"] for r in item["rulings"]]
    if item["ruling"] and item["ruling"]["decision"] not in known:
        yield ("ruling", "decision"), f"{item['ruling']['decision']} is not one of {', '.join(known)}"


def _moment(
    item: Mapping[str, Any], clauses: Mapping[str, Any], contacts: Mapping[str, Any]
) -> Iterator[rules.Finding]:
    """Yield what else must hold of a moment: clauses and contacts exist, and its words are safe and plain."""
    yield from _clauses(item, clauses)
    for n, contact in enumerate(item["call"]):
        wanted = STAND_IN if contact == SUPERVISOR else contact
        if contacts and wanted not in contacts:  # a support.yml that cannot be read is a problem of its own
            yield ("call", n), f"{wanted} is not in scenarios/policy/support.yml"
    texts: list[tuple[Place, str]] = [((key,), item[key]) for key in ("title", "about")]
    texts += [(("steps", n, key), step[key]) for n, step in enumerate(item["steps"]) for key in ("do", "why")]
    for place, text in texts:
        if code := CODE.search(text):
            yield place, f"{code.group()} says nothing to a reader in a hurry; list it under clauses instead"
        yield from rules.unsafe(place, text)


def _in_each(
    scenario: model.Scenario, clauses: Mapping[str, Any], gaps: Mapping[str, Any]
) -> Iterator[rules.Finding]:
    """Yield what is wrong with a scenario in any of its variants."""
    every = variants.each(scenario)
    for where, (place, message) in slots.in_each(every, lambda one: rules.findings(one, clauses, gaps)):
        yield place, where + message


def _name(scenario: model.Scenario, path: Path) -> Iterator[rules.Finding]:
    if path.name.split("-")[0] != scenario.id:
        yield ("id",), f"the file's name must start with {scenario.id}-"
    if not scenario.boosts and paths.AUDIENCES.get(path.parent.name) != scenario.id[0]:
        yield ("id",), f"{scenario.id} does not belong in the folder {path.parent.name}"


def _unique_steps(data: dict[str, Any]) -> Iterator[rules.Finding]:
    ids = [step["id"] for step in data["steps"]]
    for index, step_id in enumerate(ids):
        if step_id in ids[:index]:
            yield ("steps", index, "id"), f"{step_id} stands twice; ids are unique in a file"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how to print the result")


def run(args: argparse.Namespace) -> int:
    """Print the check's report; exit code 1 with any problem."""
    report = check()
    if args.format == "json":
        print(json.dumps(report.as_dict(), indent=1, ensure_ascii=False))
    else:
        for problem in report.problems:
            print(problem)
        print(
            f"{report.scenarios} scenarios, {report.decisions} decisions, {report.boosters} boosters, "
            f"{report.clauses} clauses, {len(report.problems)} problems"
        )
        print(
            f"Writing: {report.writing.summary}; {len(report.warnings)} warnings (python -m scenarios writing)"
        )
        print(f"Coverage: {coverage.summary(report.covered)} (python -m scenarios coverage)")
    return 1 if report.problems else 0
