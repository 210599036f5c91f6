"""Rollups compared with the raw events they were made of, some days at once; memory grows with neither."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice

from events.store import get_store
from metering.definitions.catalogue import meters
from metering.rollups import trust
from metering.rollups.chosen import rollups
from metering.rollups.protocol import Compared

AT_ONCE = 16  # days: rollups, which are in the order of workspaces, are read whole for each time
MOST = 200 * AT_ONCE  # differences of so many days


def days(start: datetime, end: datetime) -> Iterator[date]:
    """The days (UTC) that begin in a span and whose raw events are all there."""
    since = get_store().retention.raw_since()
    day = start.astimezone(UTC).date()
    while datetime(day.year, day.month, day.day, tzinfo=UTC) < end:
        if since is None or day >= since.date():
            yield day
        day += timedelta(days=1)


def spans(start: datetime, end: datetime) -> Iterator[tuple[date, date]]:
    """These days, some at once: the first and last of each time."""
    known = days(start, end)
    while some := list(islice(known, AT_ONCE)):
        yield some[0], some[-1]


def compared(first: date, last: date, *, tenant: str | None = None) -> list[Compared]:
    """Where rollups of these days are not what their raw events say: of meters whose rollups are in
    force, of at most MOST. Raises StoreUnavailable."""
    trusted = [meter for meter in meters().values() if trust.raw_from(meter.key) is None]
    if not trusted:
        return []
    return rollups().compared(first, last, meters=trusted, tenant=tenant, most=MOST)
