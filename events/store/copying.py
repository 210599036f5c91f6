"""Copies the raw events of another store into the one in use, oldest first.

What is stored there already is left out, so it may be interrupted and run again. Projections count
what is new on the way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from events.store import EventStore

_BATCH = 20_000
_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Copied:
    """What came of a day."""

    day: date
    new: int
    known: int


def copy(source: EventStore, target: EventStore) -> Iterator[Copied]:
    """Copy day after day (UTC). Raises StoreUnavailable, EventsUnstorable."""
    for day in _days(source):
        yield _copy_day(source, target, day)


def _copy_day(source: EventStore, target: EventStore, day: date) -> Copied:
    new = known = 0
    midnight = datetime.combine(day, time(), UTC)
    for hour in range(24):
        start = midnight + hour * _HOUR
        events = source.find(start=start, end=start + _HOUR)
        for first in range(0, len(events), _BATCH):
            stored = target.append(events[first : first + _BATCH])
            new, known = new + stored.new, known + stored.duplicates
    return Copied(day, new, known)


def _days(source: EventStore) -> Iterator[date]:
    """Those that have events."""
    oldest, newest = source.find(limit=1), source.find(limit=1, newest_first=True)
    if not oldest:
        return
    day, last = oldest[0].time.astimezone(UTC).date(), newest[0].time.astimezone(UTC).date()
    while day <= last:
        midnight = datetime.combine(day, time(), UTC)
        if source.find(start=midnight, end=midnight + timedelta(days=1), limit=1):
            yield day
        day += timedelta(days=1)
