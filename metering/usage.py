"""What a workspace has used, read from the rollups: every number shown or billed is from here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from psycopg import sql

from events.recording import HasSchema
from events.store import get_store
from metering import periods, rollup
from metering.catalogue import Meter, get, meters
from metering.periods import Period

__all__ = ["Change", "Reading", "Snapshot", "current", "series", "snapshot"]


@dataclass(frozen=True)
class Reading:
    """One meter of a workspace: the value of its current period, and one for each recent day."""

    meter: Meter
    used: int
    period: Period
    by_day: Sequence[tuple[date, int]] = ()


@dataclass(frozen=True)
class Change:
    """What a meter gained (or lost) within one minute."""

    meter: Meter
    minute: datetime
    value: int


@dataclass(frozen=True)
class Snapshot:
    """All meters of a workspace at one moment, in the catalogue's order, and the last changes."""

    readings: Sequence[Reading]
    changes: Sequence[Change] = field(default=())


def current(tenant: HasSchema | str, meter_key: str, *, now: datetime | None = None) -> int:
    """The meter's value in its current period (now: aware, default the clock).

    Raises KeyError for an unknown meter, StoreUnavailable.
    """
    period = periods.current(get(meter_key).period, now=now or datetime.now(UTC))
    table = sql.Identifier(f"rollup_{rollup.finest_needed(period.start, period.end)}")
    query = sql.SQL(
        """SELECT coalesce(sum(value), 0) FROM {}
           WHERE tenant = %s AND meter = %s AND bucket >= %s AND bucket < %s"""
    ).format(table)
    with get_store().connection() as connection:
        row = connection.execute(query, [_schema(tenant), meter_key, *_range(period)]).fetchone()
    return int(row[0]) if row else 0


def series(
    tenant: HasSchema | str, meter_key: str, *, grain: rollup.Grain, start: datetime, end: datetime
) -> list[tuple[datetime, int]]:
    """What the meter gained in each minute, hour or day (UTC) from `start` until before `end`.

    Buckets without an event are left out. Raises StoreUnavailable.
    """
    query = sql.SQL(
        """SELECT bucket, value FROM {}
           WHERE tenant = %s AND meter = %s AND bucket >= %s AND bucket < %s ORDER BY bucket"""
    ).format(sql.Identifier(f"rollup_{grain}"))
    with get_store().connection() as connection:
        rows = connection.execute(query, [_schema(tenant), get(meter_key).key, start, end])
        return [(bucket, int(value)) for bucket, value in rows]


# One round trip for a whole page: the totals, the recent days, and the last minutes with a change.
_SNAPSHOT = """
    SELECT 'total', asked.meter, NULL::timestamptz, sum(day.value)
    FROM unnest(%(meters)s::text[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])
         AS asked (meter, start, stop)
    JOIN rollup_day AS day ON day.tenant = %(tenant)s AND day.meter = asked.meter
         AND day.bucket >= asked.start AND day.bucket < asked.stop
    GROUP BY asked.meter
  UNION ALL
    SELECT 'day', meter, bucket, value FROM rollup_day
    WHERE tenant = %(tenant)s AND meter = ANY(%(meters)s) AND bucket >= %(since)s
  UNION ALL
    (SELECT 'change', change.meter, change.bucket, change.value
     FROM unnest(%(meters)s::text[]) AS asked (meter)
     CROSS JOIN LATERAL (
         SELECT meter, bucket, value FROM rollup_minute
         WHERE tenant = %(tenant)s AND meter = asked.meter AND value <> 0
         ORDER BY bucket DESC LIMIT %(changes)s
     ) AS change
     ORDER BY change.bucket DESC, change.meter LIMIT %(changes)s)
"""


def snapshot(
    tenant: HasSchema | str, *, now: datetime | None = None, days: int = 30, changes: int = 8
) -> Snapshot:
    """All meters at once, with `days` daily values (today last) and the latest `changes`.

    A day's value is what was used on it; of a lifetime meter, what there was at its end. One
    query. Raises StoreUnavailable.
    """
    now = (now or datetime.now(UTC)).astimezone(UTC)
    first_day = now.date() - timedelta(days=days - 1)
    in_force = {key: periods.current(meter.period, now=now) for key, meter in meters().items()}
    ranges = [_range(period) for period in in_force.values()]
    asked = {
        "tenant": _schema(tenant),
        "meters": list(in_force),
        "starts": [start for start, _ in ranges],
        "ends": [end for _, end in ranges],
        "since": datetime.combine(first_day, time(), UTC),
        "changes": changes,
    }
    with get_store().connection() as connection:
        rows = connection.execute(_SNAPSHOT, asked).fetchall()
    totals = {key: int(value) for kind, key, _, value in rows if kind == "total"}
    by_day = {(key, at.date()): int(value) for kind, key, at, value in rows if kind == "day"}
    every_day = [first_day + timedelta(days=offset) for offset in range(days)]
    return Snapshot(
        readings=[
            Reading(
                meter=meters()[key],
                used=totals.get(key, 0),
                period=period,
                by_day=_daily(key, by_day, every_day, level=_level(period, totals.get(key, 0))),
            )
            for key, period in in_force.items()
        ],
        changes=[
            Change(meters()[key], at, int(value))
            for kind, key, at, value in rows
            if kind == "change"
        ],
    )


def _level(period: Period, total: int) -> int | None:
    return total if period.start is None else None


def _daily(
    key: str, gained: dict[tuple[str, date], int], days: list[date], *, level: int | None
) -> list[tuple[date, int]]:
    """Each day's gain; with a `level` of today, each day's level, found by going back from it."""
    gains = [(day, gained.get((key, day), 0)) for day in days]
    if level is None:
        return gains
    levels: list[tuple[date, int]] = []
    for day, gain in reversed(gains):
        levels.append((day, level))
        level -= gain
    return levels[::-1]


def _range(period: Period) -> tuple[str, str]:
    """The period's edges as PostgreSQL reads them."""
    return (
        period.start.isoformat() if period.start else "-infinity",
        period.end.isoformat() if period.end else "infinity",
    )


def _schema(tenant: HasSchema | str) -> str:
    return tenant if isinstance(tenant, str) else tenant.schema_name
