"""The author's commands: ``python -m scenarios check``."""

from __future__ import annotations

import argparse
import ast
import importlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from scenarios.errors import CourseError

COMMANDS = {
    "rule": "scenarios.ruling",
    "questions": "scenarios.questions",
    "review-pack": "scenarios.booklet",
    "review": "scenarios.ratings",
    "approve": "scenarios.approval",
    "confirm": "scenarios.confirmed",
    "policy-diff": "scenarios.policy_diff",
    "coverage": "scenarios.coverage",
    "writing": "scenarios.proofread",
    "new": "scenarios.new",
    "preview": "scenarios.preview",
    "paths": "scenarios.stories",
}
"""Command -> module, as in ``grading.__main__``: the first line of its docstring is the help, its EXAMPLE stands below
it, and it has ``add_arguments(parser)`` and ``run(args) -> exit code``."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return the exit code."""
    # As in grading.__main__: a grammar that no schema here needs.
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    given = list(sys.argv[1:] if argv is None else argv)
    parser = argparse.ArgumentParser(prog="python -m scenarios", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")
    check = commands.add_parser(
        "check",
        help="say what is wrong with the scenarios and the policy files",
        description="Check every scenario, the policy files and what was published.",
        epilog="Example: python -m scenarios check --format json",
    )
    check.add_argument("--format", choices=("text", "json"), default="text", help="how to print the result")
    check.set_defaults(run=run_check)
    for name, module_name in COMMANDS.items():
        summary = _summary(module_name)
        command = commands.add_parser(name, help=summary, description=summary)
        if given[:1] == [name]:
            module = importlib.import_module(module_name)
            command.epilog = f"Example: {module.EXAMPLE}"
            module.add_arguments(command)
            command.set_defaults(run=module.run)
    args = parser.parse_args(given)
    try:
        code: int = args.run(args)
    except CourseError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{error.filename or 'This computer'}: {error.strerror}.", file=sys.stderr)
        return 1
    return code


def _summary(module_name: str) -> str:
    """Return the first line of a module's docstring without importing it."""
    path = Path(__file__).with_name(f"{module_name.rpartition('.')[2]}.py")
    return (ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").split("\n")[0]


def run_check(args: argparse.Namespace) -> int:
    """Print the check's report; exit code 1 with any problem."""
    from scenarios import coverage
    from scenarios.check import check

    report = check()
    if args.format == "json":
        print(json.dumps(report.as_dict(), indent=1, ensure_ascii=False))
    else:
        for problem in report.problems:
            print(problem)
        print(
            f"{report.scenarios} scenarios, {report.decisions} decisions, {report.clauses} clauses, "
            f"{len(report.problems)} problems"
        )
        print(
            f"Writing: {report.writing.summary}; {len(report.warnings)} warnings (python -m scenarios writing)"
        )
        print(f"Coverage: {coverage.summary(report.covered)} (python -m scenarios coverage)")
    return 1 if report.problems else 0


if __name__ == "__main__":
    sys.exit(main())
