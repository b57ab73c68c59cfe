"""Run one of a package's commands: what ``python -m scenarios`` and ``python -m grading`` have in common."""

from __future__ import annotations

import argparse
import ast
import importlib
import os
import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from scenarios.errors import CourseError


def run(
    package: str, description: str | None, commands: Mapping[str, str], argv: Sequence[str] | None
) -> int:
    """Run one command and return the exit code; an error a person can mend is one line on stderr.

    Args:
        package: what stands behind ``python -m``.
        description: what the help begins with.
        commands: command -> module. The first line of its docstring is the help, its EXAMPLE is shown below it; it
            has ``add_arguments(parser)`` and ``run(args) -> exit code``. Only the one that is asked for is imported.
        argv: the command and its options; None: those of this process.
    """
    # It would build a grammar for jsonschema, for a second of every start, of a format that no schema here uses.
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    given = list(sys.argv[1:] if argv is None else argv)
    parser = argparse.ArgumentParser(prog=f"python -m {package}", description=description)
    parsers = parser.add_subparsers(required=True, metavar="command")
    for name, module_name in commands.items():
        summary = _summary(module_name)
        command = parsers.add_parser(name, help=summary, description=summary)
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
    except BrokenPipeError:  # who reads it has seen enough, as `head` has; what is left has nowhere to go
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        print(f"{error.filename or 'This computer'}: {error.strerror}.", file=sys.stderr)
        return 1
    return code


def _summary(module_name: str) -> str:
    """Return the first line of a module's docstring without importing it (pandas would take seconds)."""
    spec = find_spec(module_name)
    assert spec and spec.origin
    return (ast.get_docstring(ast.parse(Path(spec.origin).read_text("utf-8"))) or "").split("\n")[0]
