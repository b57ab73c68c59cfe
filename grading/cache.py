"""nbgrader's cache of hand-ins, each trainee's apart: with what lies in it, feedback is found, and only one's own."""

from __future__ import annotations

from pathlib import Path

from nbgrader.exchange.default import ExchangeFetchFeedback, ExchangeSubmit
from nbgrader.utils import get_username


def _own(step: ExchangeSubmit | ExchangeFetchFeedback) -> str:
    """Return the folder of the trainee that a step is for, or of the account that runs it, as nbgrader does."""
    trainee = step.coursedir.student_id
    return str(Path(step.cache, get_username() if trainee == "*" else trainee))


class Submit(ExchangeSubmit):  # type: ignore[misc] # nbgrader has no types
    """nbgrader's, which keeps everybody's hand-ins and their secrets in one folder where a server is shared."""

    def init_dest(self) -> None:
        """Say where the hand-in and its copy go."""
        self.cache = _own(self)
        super().init_dest()


class FetchFeedback(ExchangeFetchFeedback):  # type: ignore[misc] # nbgrader has no types
    """nbgrader's, which brings the pages of everybody who handed in from the same cache."""

    def init_src(self) -> None:
        """Find the pages of what this trainee handed in."""
        self.cache = _own(self)
        super().init_src()
