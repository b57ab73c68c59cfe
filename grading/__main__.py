"""The course's commands: from the scenarios' files to grades and reports."""

from __future__ import annotations

import argparse
import ast
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

from scenarios.errors import CourseError

COMMANDS = {
    "run": "grading.serve",
    "supervise": "grading.supervise",
    "policy": "grading.policy",
    "notebooks": "grading.notebooks",
    "release": "grading.release",
    "desk": "grading.desk",
    "submit": "grading.submit",
    "explain": "grading.preview",
    "collect": "grading.intake",
    "grade": "grading.autograde",
    "feedback": "grading.feedback",
    "watch": "grading.watch",
    "report": "grading.report",
    "export": "grading.export",
    "demo": "grading.demo",
}
"""Command -> module. Its docstring is the help, its EXAMPLE is shown below it; it has
``add_arguments(parser)`` and ``run(args) -> exit code``. Only the module of the command given is imported."""

WINDOWS = (
    "The course does not run on Windows itself, where nbgrader has no exchange; "
    "open it in a browser on the Center's server, or run it in the Windows Subsystem for Linux."
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code; an error a person can mend is one line on stderr."""
    # It would build a grammar for jsonschema, for a second of every start, of a format that no schema here uses.
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    given = list(sys.argv[1:] if argv is None else argv)
    if sys.platform == "win32":
        print(WINDOWS, file=sys.stderr)
        return 1
    parser = argparse.ArgumentParser(prog="python -m grading", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")
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
    """Return the first line of a module's docstring without importing it (pandas would take seconds)."""
    path = Path(__file__).with_name(f"{module_name.rpartition('.')[2]}.py")
    return (ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").split("\n")[0]


if __name__ == "__main__":
    sys.exit(main())
