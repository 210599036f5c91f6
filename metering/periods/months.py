"""Months as they follow from a workspace's cycles: when each begins, and when it ends.

The anchor's day is clamped to short months and comes back after them, as Stripe does it ("Billing
cycle"): from 31 January to 28 February to 31 March.
"""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

_CALENDAR = datetime(2000, 1, 1, tzinfo=UTC)


class Cycle(NamedTuple):
    """From `since` on, months begin at the instant of `anchor` (None: calendar months, UTC)."""

    since: datetime
    anchor: datetime | None


@dataclass(frozen=True)
class Period:
    """From `start` (included; None: ever) to `end` (not included; None: never ends), in UTC."""

    start: datetime | None
    end: datetime | None

    @property
    def key(self) -> str:
        """A name for this period that no other period of the workspace has."""
        return "lifetime" if self.start is None else f"{self.start:%Y%m%dT%H%M%S}"


@dataclass(frozen=True)
class Month(Period):
    """A period that begins and ends."""

    start: datetime
    end: datetime


def within(history: Sequence[Cycle], *, now: datetime) -> Month:
    """The month that `now` lies in, when these cycles (oldest first) followed each other."""
    now = now.astimezone(UTC)
    since, anchor, until = None, None, None
    for cycle in history:
        if cycle.since > now:
            until = cycle.since
            break
        since, anchor = cycle.since, cycle.anchor
    start, end = _month(anchor or _CALENDAR, now)
    return Month(
        start if since is None else max(start, since), end if until is None else min(end, until)
    )


def _month(anchor: datetime, now: datetime) -> tuple[datetime, datetime]:
    number = (now.year - anchor.year) * 12 + now.month - anchor.month
    start = _add(anchor, number)
    if start > now:
        number -= 1
        start = _add(anchor, number)
    return start, _add(anchor, number + 1)


def _add(anchor: datetime, months: int) -> datetime:
    """So many months later, on the anchor's day or the last one of the month."""
    years, month = divmod(anchor.month - 1 + months, 12)
    year, month = anchor.year + years, month + 1
    day = min(anchor.day, calendar.monthrange(year, month)[1])
    return anchor.replace(year=year, month=month, day=day)
