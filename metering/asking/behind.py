"""The raw events behind a number, a page at a time: what a meter counted in a span, one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from events import Event
from events.store import get_store
from metering.definitions import reading
from metering.definitions.meter import Meter
from tenants.models import Tenant

A_PAGE = 50
_LOOKED_AT = 500  # events of one question; some are none that the meter counts
_QUESTIONS = 20  # of one page
_MOMENT = timedelta(microseconds=1)
Cursor = tuple[datetime, UUID]


@dataclass(frozen=True)
class Counted:
    """An event and what the meter takes from it: 1, a number, or (of "unique") a text."""

    event: Event
    counts: Decimal | str


@dataclass(frozen=True)
class Behind:
    """A page of them, the newest first; `following` is where the next one begins."""

    events: Sequence[Counted]
    following: Cursor | None


def behind(
    tenant: Tenant,
    meter: Meter,
    *,
    start: datetime | None,
    end: datetime,
    after: Cursor | None = None,
    most: int = A_PAGE,
) -> Behind:
    """The events of a workspace that a meter counted from `start` (None: ever) to `end`, in pages of
    `most`. What is archived is not found. Memory does not grow with the span. Raises StoreUnavailable.
    """
    counts = _counts(meter)
    found: list[Counted] = []
    for _ in range(_QUESTIONS):
        until = end if after is None else min(end, after[0] + _MOMENT)
        rows = get_store().find(
            tenant=tenant.schema_name,
            names=[meter.event],
            start=start,
            end=until,
            newest_first=True,
            limit=_LOOKED_AT,
        )
        rest = [row for row in rows if after is None or (row.time, row.id) < after]
        for row in rest:
            value = counts(row)
            after = (row.time, row.id)
            if value is not None:
                found.append(Counted(row, value))
                if len(found) > most:
                    last = found[most - 1].event
                    return Behind(found[:most], (last.time, last.id))
        if len(rows) < _LOOKED_AT or not rest:
            return Behind(found, None)
    return Behind(found, after)


def _counts(meter: Meter) -> Callable[[Event], Decimal | str | None]:
    passes, read = reading.filtering(meter), reading.reader(meter)

    def counts(event: Event) -> Decimal | str | None:
        if passes is not None and not passes(event.properties):
            return None
        return Decimal(1) if read is None else read(event)

    return counts
