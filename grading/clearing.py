"""How a critical miss is cleared, pure: a day later by a booster, after a second miss by a talk and another booster.

The first score stays as it is; clearing is an event of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeVar

State = Literal["cleared", "open", "waits", "talk"]

DAY = timedelta(days=1)
"""So long after a miss was handed in the first booster waits: what was only just read is not yet understood."""


@dataclass(frozen=True, slots=True)
class Miss:
    """A first attempt that broke the clause, and when it was handed in."""

    assignment: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Try:
    """A booster of the clause that was open when it was finished, and whether both decisions were good."""

    booster: str
    at: datetime
    cleared: bool


@dataclass(frozen=True, slots=True)
class Talk:
    """A supervisor's conversation about the clause; it clears by itself only where there is no booster to meet."""

    at: datetime
    cleared: bool


Event = TypeVar("Event", Miss, Try, Talk)


@dataclass(frozen=True, slots=True)
class Way:
    """Where somebody stands with a clause they broke.

    cleared; open: ``booster`` can be met; waits: it can from ``opens`` on; talk: a supervisor comes first.
    """

    state: State
    booster: str | None = None
    opens: datetime | None = None


@dataclass(frozen=True, slots=True)
class History:
    """What happened to one person and one critical clause, and when; in any order."""

    misses: Sequence[Miss] = ()
    tries: Sequence[Try] = ()
    talks: Sequence[Talk] = ()

    def clears(self, assignment: str) -> bool:
        """Return whether the clause was cleared after all that this assignment's first attempts did to it."""
        at, missed = self._cleared_at, [miss.at for miss in self.misses if miss.assignment == assignment]
        return at is not None and all(at > miss for miss in missed)

    def way(self, boosters: Sequence[str], now: datetime) -> Way:
        """Return where the person stands; who has not missed the clause by then has nothing to clear.

        Args:
            boosters: the ids of the clause's boosters, in their order.
            now: nothing that happened later counts.
        """
        then = History(_by(now, self.misses), _by(now, self.tries), _by(now, self.talks))
        cleared, missed = then._cleared_at, max((miss.at for miss in then.misses), default=None)
        if missed is None or (cleared is not None and cleared > missed):
            return Way("cleared")
        failed = max((each.at for each in then.tries if not each.cleared), default=None)
        if cleared is not None and failed is not None and failed < cleared:
            failed = None  # it belongs to an earlier miss
        talked = max((talk.at for talk in then.talks), default=None)
        if not boosters or (failed and not (talked and talked > failed)):
            return Way("talk")
        following = _after(then.tries, boosters)
        opens = talked if failed and talked and talked > missed else missed + DAY
        return Way("open" if opens <= now else "waits", following, opens)

    @property
    def _cleared_at(self) -> datetime | None:
        events: tuple[Try | Talk, ...] = (*self.tries, *self.talks)
        return max((each.at for each in events if each.cleared), default=None)


def _by(now: datetime, events: Sequence[Event]) -> tuple[Event, ...]:
    return tuple(each for each in events if each.at <= now)


def _after(tries: Sequence[Try], boosters: Sequence[str]) -> str:
    """Return whose turn it is: they go round in their order, whatever was tried last."""
    last = max(tries, key=lambda each: each.at).booster if tries else ""
    return next((booster for booster in boosters if booster > last), boosters[0])
