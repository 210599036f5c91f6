"""When a meter's period begins and ends: the one place that decides it.

A month is a calendar month in UTC. Everything else takes the two instants from here, so a billing
period that starts at any instant changes only this module.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from metering.catalogue import PeriodKind


@dataclass(frozen=True)
class Period:
    """From `start` (included; None: ever) to `end` (not included; None: never ends), in UTC."""

    start: datetime | None
    end: datetime | None

    @property
    def key(self) -> str:
        """A name for this period that no other period has."""
        return "lifetime" if self.start is None else f"{self.start:%Y%m%dT%H%M%S}"


LIFETIME = Period(None, None)


def current(kind: PeriodKind, *, now: datetime) -> Period:
    """The period that `now` (aware) lies in."""
    if kind == "lifetime":
        return LIFETIME
    start = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    following = start.replace(month=start.month % 12 + 1, year=start.year + start.month // 12)
    return Period(start, following)
