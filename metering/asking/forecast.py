"""Where usage will be at the period's end, at the pace of the last days.

The method, which the page states: what was used since the day a week ago, divided by that time,
goes on until the end. It is a straight line, not a promise. Only what adds up (count and sum) is forecast,
and only after a workspace's first day. A meter that never starts again is looked at 30 days ahead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from metering.asking.query import Row
from metering.definitions.meter import Meter
from metering.periods import Period, windows

PACE_DAYS = 7
AHEAD = timedelta(days=30)
LEAST = timedelta(days=1)
METHOD = "At the pace of the last {days} days."


@dataclass(frozen=True)
class Forecast:
    """`value` at `until` (UTC), in the meter's unit; `a_day` is the pace, over `days` days.

    `passes_at` is when the limit is reached at that pace: None if not before `until`.
    """

    value: int
    until: datetime
    a_day: Decimal
    days: int
    passes_at: datetime | None = None

    @property
    def method(self) -> str:
        return METHOD.format(days=self.days) if self.days > 1 else "At the pace of the last day."


def looks_back(tenant_since: datetime, *, zone: ZoneInfo, now: datetime) -> datetime:
    """From when the pace is taken: a day a week ago, or as long as there was a workspace (UTC)."""
    day = now.astimezone(zone).date() - timedelta(days=PACE_DAYS)
    return max(windows.first_instant(day, tz=zone), tenant_since)


def total_since(by_day: Sequence[Row], since: datetime) -> Decimal:
    """The sum of the days that end after this instant, exact."""
    return sum((row.value for row in by_day if row.end and row.end > since), Decimal(0))


def of(
    meter: Meter, *, used: Decimal | int, recent: Decimal | int, since: datetime, period: Period,
    limit: int | None, now: datetime,
) -> Forecast | None:  # fmt: skip
    """The forecast, when `recent` was used since then; None where none can be made honestly."""
    elapsed = now - since
    if meter.aggregation not in ("count", "sum") or elapsed < LEAST:
        return None
    until = period.end or now + AHEAD
    # Multiplied first and divided last: a whole pace gives whole numbers.
    value = max(Decimal(0), used + recent * _seconds(until - now) / _seconds(elapsed))
    return Forecast(
        value=int(value.to_integral_value(ROUND_HALF_UP)),
        until=until,
        a_day=Decimal(recent) * 86_400 / _seconds(elapsed),
        days=elapsed // timedelta(days=1),
        passes_at=_passes(used, recent, limit, over=elapsed, now=now, until=until),
    )


def _passes(
    used: Decimal | int, recent: Decimal | int, limit: int | None, *, over: timedelta,
    now: datetime, until: datetime,
) -> datetime | None:  # fmt: skip
    if limit is None or used >= limit or recent <= 0:
        return None
    seconds = (limit - used) * _seconds(over) / recent
    if seconds > _seconds(until - now):
        return None
    return now + timedelta(seconds=float(seconds))


def _seconds(span: timedelta) -> Decimal:
    return Decimal(span // timedelta(milliseconds=1)) / 1000
