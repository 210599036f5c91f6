"""Values by day or hour without gaps, in a workspace's own days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from metering.asking.query import Question, Row
from metering.definitions.meter import Meter
from metering.periods import windows

_EVER = datetime(2000, 1, 1, tzinfo=UTC)


def zone_of(tenant: Any) -> ZoneInfo:
    """The workspace's time zone."""
    return ZoneInfo(getattr(tenant, "time_zone", "UTC"))


def since(tenant: Any) -> datetime:
    """Since when there has been something to count."""
    return getattr(tenant, "created_at", _EVER)


def is_level(meter: Meter) -> bool:
    """Whether the meter says what exists now: the sum of all changes there ever were."""
    return meter.period == "lifetime" and meter.aggregation == "sum"


def by_day(meter: Meter, *, first: date, last: date, zone: ZoneInfo) -> Question:
    """Ask for the days from `first` to `last`, both included."""
    return Question(
        meter=meter.key,
        start=windows.first_instant(first, tz=zone),
        end=windows.first_instant(last + timedelta(days=1), tz=zone),
        window="day",
        time_zone=zone.key,
    )


def daily(
    rows: Sequence[Row], *, first: date, days: int, zone: ZoneInfo, level: int | None = None
) -> list[tuple[date, int]]:
    """Each day's value, 0 where nothing was; with a `level` at the end, each day's level."""
    found = {row.start.astimezone(zone).date(): int(row.value) for row in rows if row.start}
    values = [(day := first + timedelta(days=n), found.get(day, 0)) for n in range(days)]
    return values if level is None else _levels(values, level)


def _levels(gains: Sequence[tuple[date, int]], level: int) -> list[tuple[date, int]]:
    """Found by going back from the level at the end."""
    levels: list[tuple[date, int]] = []
    for day, gain in reversed(gains):
        levels.append((day, level))
        level -= gain
    return levels[::-1]
