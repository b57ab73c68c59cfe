"""The course's commands: from the scenarios' files to grades and reports."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from scenarios import commands

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
    "talk": "grading.talks",
    "watch": "grading.watch",
    "report": "grading.report",
    "export": "grading.export",
    "demo": "grading.demo",
}
"""Command -> module, as ``commands.run`` wants them."""

WINDOWS = (
    "The course does not run on Windows itself, where nbgrader has no exchange; "
    "open it in a browser on the Center's server, or run it in the Windows Subsystem for Linux."
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code; an error a person can mend is one line on stderr."""
    if sys.platform == "win32":
        print(WINDOWS, file=sys.stderr)
        return 1
    return commands.run("grading", __doc__, COMMANDS, argv)


if __name__ == "__main__":
    sys.exit(main())
