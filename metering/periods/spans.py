"""When a meter's period begins and ends: the one place that decides it.

A month begins at the instant of the workspace's anchor (`cycles.py`) or, without one, with the
calendar month in UTC.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from events.recording import HasSchema
from metering.definitions.meter import PeriodKind
from metering.periods import cycles
from metering.periods.months import Period, within

_MOMENT = timedelta(microseconds=1)
LIFETIME = Period(None, None)


def current(kind: PeriodKind, *, tenant: HasSchema | str | None = None, now: datetime) -> Period:
    """The period of a workspace that `now` (aware) lies in; without one, the calendar month."""
    if kind == "lifetime":
        return LIFETIME
    return within(cycles.of(tenant) if tenant is not None else (), now=now)


def previous(period: Period, *, tenant: HasSchema | str | None = None) -> Period:
    """The month before this one. Raises ValueError for a lifetime, which has none before it."""
    if period.start is None:
        raise ValueError("Before a lifetime there was nothing.")
    return current("month", tenant=tenant, now=period.start - _MOMENT)


def following(period: Period, *, tenant: HasSchema | str | None = None) -> Period:
    """The month after this one. Raises ValueError for a lifetime, which never ends."""
    if period.end is None:
        raise ValueError("A lifetime does not end.")
    return current("month", tenant=tenant, now=period.end)
