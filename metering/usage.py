"""What a workspace has used: the numbers that pages, limits and alerts share, from `query.ask`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from events.recording import HasSchema
from metering import forecast, periods, series
from metering.catalogue import Meter, get, meters
from metering.periods import Period
from metering.query import Question, Row, ask

__all__ = ["Change", "Reading", "Snapshot", "current", "snapshot", "totals"]

_MINUTES = timedelta(hours=1)  # how far back the last changes are told by the minute


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
    """What a meter gained (or lost) within a minute of the last hour, or an hour before that."""

    meter: Meter
    at: datetime
    value: int


@dataclass(frozen=True)
class Snapshot:
    """All meters of a workspace at one moment, in the catalogue's order, and the last changes."""

    readings: Sequence[Reading]
    changes: Sequence[Change] = field(default=())


def current(tenant: HasSchema | str, meter_key: str, *, now: datetime | None = None) -> Decimal:
    """The meter's exact value in its current period (now: aware, default the clock).

    Raises KeyError for an unknown meter, StoreUnavailable.
    """
    return totals(tenant, [meter_key], now=now)[meter_key]


def totals(
    tenant: HasSchema | str, keys: Collection[str], *, now: datetime | None = None
) -> dict[str, Decimal]:
    """The values of these meters in their current periods, in one round trip.

    Raises KeyError for an unknown meter, StoreUnavailable.
    """
    now = now or datetime.now(UTC)
    questions = [_total(get(key), period_of(tenant, get(key), now=now)) for key in keys]
    answers = ask(tenant, *questions, now=now)
    return {key: rows[0].value for key, rows in zip(keys, answers, strict=True)}


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
    first = now.astimezone(zone).date() - timedelta(days=days - 1)
    wanted = [meter for key, meter in meters().items() if only is None or key in only]
    in_force = {meter.key: period_of(tenant, meter, now=now) for meter in wanted}
    full_minute = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    hour_ago = full_minute - _MINUTES  # whole minutes: they come from the rollup
    questions: list[Question] = []
    for meter in wanted:
        questions += [
            _total(meter, in_force[meter.key]),
            series.by_day(meter, first=first, last=now.astimezone(zone).date(), zone=zone),
            forecast.question(meter, series.since(tenant), now=now),
            Question(meter=meter.key, start=hour_ago, end=full_minute, window="minute"),
        ]
    answers = iter(ask(tenant, *questions, now=now))
    readings, lines = [], []
    for meter in wanted:
        [total], by_day, by_hour, by_minute = (next(answers) for _ in range(4))
        period = in_force[meter.key]
        level = int(total.value) if series.is_level(meter) else None
        readings.append(
            Reading(
                meter=meter,
                used=int(total.value),
                period=period,
                by_day=series.daily(by_day, first=first, days=days, zone=zone, level=level),
                recent=forecast.total([row.value for row in by_hour]),
                since=forecast.looks_back(series.since(tenant), now=now),
            )
        )
        lines += _changes(meter, by_minute, by_hour, now=now)
    lines.sort(key=lambda change: (-change.at.timestamp(), change.meter.key))
    return Snapshot(readings, lines[:changes])


def _changes(
    meter: Meter, by_minute: Sequence[Row], by_hour: Sequence[Row], *, now: datetime
) -> list[Change]:
    """The last hour by the minute, what was before by the hour."""
    if meter.aggregation not in ("count", "sum"):
        return []
    before = [row for row in by_hour if row.end and row.end <= now - _MINUTES]
    return [
        Change(meter, row.start, int(row.value))
        for row in (*before, *by_minute)
        if row.start and row.value
    ]


def _total(meter: Meter, period: Period) -> Question:
    return Question(meter=meter.key, start=period.start, end=period.end)
