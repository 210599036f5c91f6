"""What one human did, the newest first, also before anybody knew them: pages by time, on every store."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from events.store import TimelineMark as Mark
from events.store import TimelinePage, get_store
from identity.people.subjects import Human

A_PAGE = 50
MOST_PERSONS = 100  # of one human: with subjects.MOST_BROWSERS what the log takes at once


def page(
    of: Human, *, before: Mark | None = None, limit: int = A_PAGE, names: Collection[str] = (),
    tenant: str | None = None, start: datetime | None = None, end: datetime | None = None,
) -> TimelinePage:  # fmt: skip
    """A page of their events. Raises StoreUnavailable."""
    return get_store().timeline(
        of.persons[:MOST_PERSONS], of.browsers, before=before, limit=limit, names=names, tenant=tenant,
        start=start, end=end,
    )  # fmt: skip
