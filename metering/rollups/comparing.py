"""Rollups compared with the raw events they were made of, day by day; memory does not grow with either."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from events.store import get_store
from metering.definitions.catalogue import meters
from metering.rollups import trust
from metering.rollups.chosen import rollups
from metering.rollups.protocol import Compared

MOST_A_DAY = 200


def days(start: datetime, end: datetime) -> Iterator[date]:
    """The days (UTC) that begin in a span and whose raw events are all there."""
    since = get_store().retention.raw_since()
    day = start.astimezone(UTC).date()
    while datetime(day.year, day.month, day.day, tzinfo=UTC) < end:
        if since is None or day >= since.date():
            yield day
        day += timedelta(days=1)


def compared(day: date, *, tenant: str | None = None) -> list[Compared]:
    """Where rollups of a day are not what its raw events say: of meters whose rollups are in force, of
    at most MOST_A_DAY. Raises StoreUnavailable."""
    trusted = [meter for meter in meters().values() if trust.raw_from(meter.key) is None]
    if not trusted:
        return []
    return rollups().compared(day, meters=trusted, tenant=tenant, most=MOST_A_DAY)
