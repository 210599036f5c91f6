"""What the store needs once a day: partitions ahead, old days archived and dropped, old ids forgotten."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from events import conf
from events.store import get_store


def run(*, now: datetime | None = None) -> list[str]:
    """Do it; returns the files that were written. Safe to repeat, and by many at once.

    Raises StoreUnavailable, and ArchiveFailed, after which nothing is lost.
    """
    now = now or datetime.now(UTC)
    store = get_store()
    store.maintain(now)
    edge = keeps_from(now)
    return store.retention.drop_before(edge) if edge else []


def keeps_from(now: datetime) -> date | None:
    """The first day (UTC) whose raw events stay; None: all stay."""
    days = conf.retention_days()
    return now.date() - timedelta(days=days) if days else None
