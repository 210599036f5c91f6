"""What a workspace has used: the numbers that pages, limits and alerts share, from `query.ask`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from events.recording import HasSchema
from metering import periods
from metering.asking import forecast, series
from metering.asking.query import Question, Row, ask, ask_stored
from metering.definitions.catalogue import get, meters
from metering.definitions.meter import Meter
from metering.periods import Period

__all__ = ["Change", "Reading", "Snapshot", "current", "levels", "snapshot", "totals"]

_BY_MINUTE = timedelta(minutes=60)  # how far back the last changes are told by the minute
_BY_HOUR = timedelta(hours=24)  # and by the hour


@dataclass(frozen=True)
class Reading:
    """One meter of a workspace: the value of its current period, and one for each recent day.

    `recent` is what was used `since` then, for a forecast.
    """

    meter: Meter
    used: int
    period: Period
    by_day: Sequence[tuple[date, int]] = ()
    recent: Decimal = Decimal(0)
    since: datetime | None = None


@dataclass(frozen=True)
class Change:
    """What a meter gained (or lost) from `at` to `until`: in one of the last minutes, or in an hour
    before them."""

    meter: Meter
    at: datetime
    value: int
    until: datetime

    @property
    def is_minute(self) -> bool:
        return self.until - self.at <= timedelta(minutes=1)


@dataclass(frozen=True)
class Snapshot:
    """All meters of a workspace at one moment, in the catalogue's order, and the last changes."""

    readings: Sequence[Reading]
    changes: Sequence[Change] = field(default=())


def current(
    tenant: HasSchema | str, meter_key: str, *, now: datetime | None = None,
    with_waiting: bool = False,
) -> Decimal:  # fmt: skip
    """The meter's exact value in its current period (now: aware, default the clock).

    Raises KeyError for an unknown meter, StoreUnavailable.
    """
    return totals(tenant, [meter_key], now=now, with_waiting=with_waiting)[meter_key]


def totals(
    tenant: HasSchema | str, keys: Collection[str], *, now: datetime | None = None,
    with_waiting: bool = False,
) -> dict[str, Decimal]:  # fmt: skip
    """The values of these meters in their current periods, in one round trip.

    What is stored; `with_waiting`, for what people see, also what was accepted and is on its way.
    Raises KeyError for an unknown meter, StoreUnavailable.
    """
    now = now or datetime.now(UTC)
    wanted = {key: (get(key), period_of(tenant, get(key), now=now)) for key in keys}
    asking = ask if with_waiting else ask_stored
    answers = asking(tenant, *(_total(*each) for each in wanted.values()), now=now)
    return {key: rows[0].value for key, rows in zip(wanted, answers, strict=True)}


def levels(
    tenant: HasSchema | str, *, now: datetime | None = None, only: Collection[str] | None = None
) -> list[Reading]:
    """All meters (or `only` these) without their history, in the catalogue's order.

    One round trip, for a page that is not about usage. Raises StoreUnavailable.
    """
    now = now or datetime.now(UTC)
    wanted = [meter for key, meter in meters().items() if only is None or key in only]
    values = totals(tenant, [meter.key for meter in wanted], now=now, with_waiting=True)
    return [
        Reading(meter, int(values[meter.key]), period_of(tenant, meter, now=now))
        for meter in wanted
    ]


def period_of(tenant: HasSchema | str, meter: Meter, *, now: datetime) -> Period:
    """The current period of a meter in this workspace."""
    return periods.current(meter.period, tenant=tenant, now=now)


def snapshot(
    tenant: HasSchema, *, now: datetime | None = None, days: int = 30, changes: int = 8,
    only: Collection[str] | None = None,
) -> Snapshot:  # fmt: skip
    """All meters at once (or `only` these), with `days` daily values (today last) and the latest
    `changes`.

    A day is the workspace's (`time_zone`); its value is what was used on it, or, of a sum that
    never starts again, what there was at its end. One round trip. Raises StoreUnavailable.
    """
    now = (now or datetime.now(UTC)).astimezone(UTC)
    zone = series.zone_of(tenant)
    today = now.astimezone(zone).date()
    asked_days = max(days, forecast.PACE_DAYS + 1)
    wanted = [meter for key, meter in meters().items() if only is None or key in only]
    in_force = {meter.key: period_of(tenant, meter, now=now) for meter in wanted}
    told = [meter for meter in wanted if changes and _is_told(meter)]
    first = today - timedelta(days=asked_days - 1)
    answers = iter(
        ask(
            tenant,
            *(_total(meter, in_force[meter.key]) for meter in wanted),
            *(series.by_day(meter, first=first, last=today, zone=zone) for meter in wanted),
            *(question for meter in told for question in _last(meter, now=now)),
            now=now,
        )
    )
    totals = {meter.key: next(answers)[0].value for meter in wanted}
    since = forecast.looks_back(series.since(tenant), zone=zone, now=now)
    readings = []
    for meter in wanted:
        by_day, used = next(answers), int(totals[meter.key])
        level = used if series.is_level(meter) else None
        every_day = series.daily(by_day, first=first, days=asked_days, zone=zone, level=level)
        readings.append(
            Reading(
                meter=meter,
                used=used,
                period=in_force[meter.key],
                by_day=every_day[-days:],
                recent=forecast.total_since(by_day, since),
                since=since,
            )
        )
    lines = [change for meter in told for change in _changes(meter, next(answers), next(answers))]
    lines.sort(key=lambda change: (-change.at.timestamp(), change.meter.key))
    return Snapshot(readings, lines[:changes])


def _is_told(meter: Meter) -> bool:
    """Whether its changes are news: they add up, and are not told beside another meter."""
    return meter.aggregation in ("count", "sum") and meter.beside is None


def _last(meter: Meter, *, now: datetime) -> tuple[Question, Question]:
    """The last minutes, and the hours before: whole ones, which come from the rollups."""
    minute = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    begin = minute - _BY_MINUTE
    return (
        Question(meter=meter.key, start=begin, end=minute, window="minute"),
        Question(meter=meter.key, start=begin - _BY_HOUR, end=begin, window="hour"),
    )


def _changes(meter: Meter, by_minute: Sequence[Row], by_hour: Sequence[Row]) -> list[Change]:
    return [
        Change(meter, row.start, int(row.value), row.end)
        for row in (*by_minute, *by_hour)
        if row.start and row.end and row.value
    ]


def _total(meter: Meter, period: Period) -> Question:
    return Question(meter=meter.key, start=period.start, end=period.end)
