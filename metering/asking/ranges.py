"""The spans of time that a person picks on a usage page, in the workspace's own days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from metering import periods
from metering.asking import series
from metering.asking.query import Question, Window
from metering.definitions.meter import Meter
from metering.periods import Period, windows
from tenants.models import Tenant

_DAYS = {"today": 1, "7d": 7, "30d": 30, "90d": 90}
_LABELS = {
    "today": "Today",
    "7d": "7 days",
    "30d": "30 days",
    "90d": "90 days",
    "period": "This period",
    "previous": "Last period",
}
HOURS_UP_TO = timedelta(days=8)


@dataclass(frozen=True)
class Range:
    """From `start` (included) to `end` (not included), UTC; `end` may lie ahead."""

    key: str
    start: datetime
    end: datetime
    zone: ZoneInfo

    @property
    def label(self) -> str:
        return _LABELS[self.key]

    @property
    def fits_hours(self) -> bool:
        """Whether it can be shown by the hour."""
        return self.end - self.start <= HOURS_UP_TO

    def question(self, meter: Meter, *, window: Window | None = None, **more: object) -> Question:
        """Ask for this span."""
        return Question(
            meter=meter.key,
            start=self.start,
            end=self.end,
            window=window,
            time_zone=self.zone.key,
            **more,  # type: ignore[arg-type]
        )

    def windows(self, window: Window) -> list[tuple[datetime, datetime]]:
        """Every day or hour of the span, those without an event too; the ends are cut to it."""
        return list(windows.split(self.start, self.end, window, tz=self.zone))


def keys(meter: Meter) -> list[str]:
    """The ranges of this meter; one that never starts again has no periods."""
    return [key for key in _LABELS if key in _DAYS or meter.period == "month"]


def default(meter: Meter) -> str:
    return "period" if meter.period == "month" else "30d"


def pick(tenant: Tenant, meter: Meter, key: str, *, now: datetime) -> Range:
    """The range of this name, or the default one for a name that there is not."""
    if key not in keys(meter):
        key = default(meter)
    zone = series.zone_of(tenant)
    if key in _DAYS:
        today = now.astimezone(zone).date()
        start = windows.first_instant(today - timedelta(days=_DAYS[key] - 1), tz=zone)
        end = windows.first_instant(today + timedelta(days=1), tz=zone)
        return Range(key, start, end, zone)
    period = periods.current("month", tenant=tenant, now=now)
    if key == "previous":
        period = periods.previous(period, tenant=tenant)
    return _of_period(key, period, zone)


def pick_window(chosen: Range, wanted: str) -> Window:
    """By hour where that was asked for and fits; a single day is shown by the hour anyway."""
    if chosen.fits_hours and (wanted == "hour" or chosen.key == "today"):
        return "hour"
    return "day"


def labels(meter: Meter) -> Mapping[str, str]:
    """What to call each range."""
    return {key: _LABELS[key] for key in keys(meter)}


def _of_period(key: str, period: Period, zone: ZoneInfo) -> Range:
    assert period.start and period.end  # noqa: S101, PT018
    return Range(key, period.start.astimezone(UTC), period.end.astimezone(UTC), zone)
