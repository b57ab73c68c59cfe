"""The author's commands: ``python -m scenarios check``."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from scenarios import commands

COMMANDS = {
    "check": "scenarios.check",
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
"""Command -> module, as ``commands.run`` wants them."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return the exit code."""
    return commands.run("scenarios", __doc__, COMMANDS, argv)


if __name__ == "__main__":
    sys.exit(main())
