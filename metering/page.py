"""What the usage page shows, ready for a template without logic."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from events.store import StoreUnavailable
from metering import limits, usage
from metering.catalogue import Limit
from metering.decision import decide
from metering.usage import Change, Reading
from metering.words import quantity, signed
from tenants.models import Tenant


@dataclass(frozen=True)
class Bar:
    """One day of a chart: `value` scales the bar, `display` is read."""

    label: str
    value: int
    display: str


@dataclass(frozen=True)
class Gauge:
    """One meter with its limit, its words and its month of bars."""

    key: str
    label: str
    unit: str
    description: str
    used: int
    limit: int | None
    note: str
    warning: str
    caption: str
    bars: Sequence[Bar]
    highest: int
    highest_label: str


@dataclass(frozen=True)
class ActivityLine:
    """A minute in which a meter changed."""

    label: str
    amount: str
    minute: datetime


@dataclass(frozen=True)
class UsagePage:
    """Everything on the page; `version` changes whenever something on it does."""

    gauges: Sequence[Gauge]
    activity: Sequence[ActivityLine]
    version: str
    is_available: bool = True

    @classmethod
    def of(cls, tenant: Tenant, *, now: datetime | None = None) -> UsagePage:
        """The page of a workspace at `now`; without the events database, one that says so."""
        now = now or datetime.now(UTC)
        try:
            found = usage.snapshot(tenant, now=now)
        except StoreUnavailable:
            return cls((), (), "unavailable", is_available=False)
        in_force = limits.of(tenant)
        gauges = [_gauge(reading, in_force[reading.meter.key]) for reading in found.readings]
        activity = [_activity_line(change) for change in found.changes]
        shown = repr((gauges, activity, f"{now:%Y-%m-%d %H:%M}"))  # "3 minutes ago" ages, too
        version = hashlib.blake2b(shown.encode(), digest_size=8).hexdigest()
        return cls(gauges, activity, version)

    @property
    def warnings(self) -> list[Gauge]:
        """The meters that are at or above their limit."""
        return [gauge for gauge in self.gauges if gauge.warning]


def _gauge(reading: Reading, limit: Limit) -> Gauge:
    meter = reading.meter
    bars = [_bar(reading, day, value) for day, value in reading.by_day]
    highest = max((bar.value for bar in bars), default=0)
    return Gauge(
        key=meter.key,
        label=meter.label,
        unit=meter.unit,
        description=meter.description,
        used=max(0, reading.used),
        limit=limit.value,
        note=_note(reading, limit),
        warning=_warning(reading, limit),
        caption="Each day" if reading.period.start else "At the end of each day",
        bars=bars,
        highest=highest,
        highest_label=f"up to {quantity(meter, highest)}" if highest else "nothing yet",
    )


def _bar(reading: Reading, day: date, value: int) -> Bar:
    return Bar(f"{day:%-d %b}", max(0, value), quantity(reading.meter, value))


def _note(reading: Reading, limit: Limit) -> str:
    parts = []
    if limit.value is not None:
        left = limit.value - reading.used
        if left > 0:
            parts.append(f"{quantity(reading.meter, left)} left")
        elif left == 0:
            parts.append("All used")
        else:
            parts.append(f"{quantity(reading.meter, -left)} over")
    if reading.period.end:
        parts.append(f"starts again on {reading.period.end:%-d %B}")
    return ", ".join(parts)


def _warning(reading: Reading, limit: Limit) -> str:
    """The words of a refusal, before somebody runs into it; and those of a soft limit passed."""
    if limit.value is None or reading.used < limit.value:
        return ""
    amount = 1 if limit.hard else 0
    decision = decide(
        reading.meter,
        limit=limit,
        used=reading.used,
        amount=amount,
        resets_at=reading.period.end,
    )
    return decision.reason


def _activity_line(change: Change) -> ActivityLine:
    return ActivityLine(
        label=change.meter.label, amount=signed(change.meter, change.value), minute=change.minute
    )
