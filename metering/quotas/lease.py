"""What a process holds of a limit, and how fast it spends it (leases.py)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from metering.definitions.limit import Limit


@dataclass(slots=True)
class Lease:
    """`rest` of `amount` may still be spent, until `ends` (monotonic) and within its period.

    `used` is what the counter knew when it gave the lease. Without an id it is no part of a
    counter: a meter that never refuses, while no counter can be asked.
    """

    id: str
    period: str
    limit: Limit
    used: int
    amount: int
    rest: int
    ends: float
    begins_at: float
    ends_at: float
    resets_at: datetime | None
    since: datetime | None

    @property
    def spent(self) -> int:
        return self.amount - self.rest


@dataclass(slots=True)
class Pace:
    """How fast a meter is used here: `units` since `since`."""

    since: float
    units: int = 0
