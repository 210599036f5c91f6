"""Makes the rollups of a PostgreSQL store anew from its raw events, a day at a time.

A day is rebuilt behind its fence: batches that touch the day wait for its commit, and what they
then add is not yet in the raw events that the rebuild has seen. Nothing is lost or counted twice.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from psycopg import Connection

from metering.definitions.meter import Meter
from metering.definitions.values import TOTAL
from metering.rollups.partials import BROKEN_DOWN, GRAINS, Grain
from metering.rollups.postgres import raw
from metering.rollups.postgres.locks import close_fence
from metering.rollups.protocol import Bucket, Value

_COLUMNS = {
    "rollup": "tenant, meter, bucket, value, count, late, at, event_id",
    "breakdown": "tenant, meter, bucket, key, dims, value, count, late, at, event_id",
    "distinct": "tenant, meter, bucket, value, key, hours, dims",
}
TABLES = (
    *[f"rollup_{grain}" for grain in GRAINS],
    *[f"breakdown_{grain}" for grain in BROKEN_DOWN],
    "distinct_day",
)
_OF_DAY = "meter = ANY(%(meters)s) AND bucket >= %(start)s AND bucket < %(end)s"
_DAYS = """
    SELECT DISTINCT bucket::date FROM rollup_day WHERE meter = ANY(%(meters)s){tenant}
    UNION
    SELECT to_date(right(inhrelid::regclass::text, 8), 'YYYYMMDD') FROM pg_inherits
    WHERE inhparent = 'event'::regclass ORDER BY 1
"""


def rebuild(
    connection: Connection[Any], day: date, meters: Collection[Meter], tenant: str | None
) -> None:
    """Make all buckets of a day anew, in the connection's transaction."""
    close_fence(connection, day)
    within = _day(day, meters, tenant)
    raw.collect(connection, meters, start=within["start"], end=within["end"], tenant=tenant)
    condition = _OF_DAY + _of_tenant(tenant)
    for table in TABLES:
        connection.execute(f"DELETE FROM {table} WHERE {condition}", within)  # noqa: S608
    for meter in meters:
        for table, kind, select in _selects(meter):
            connection.execute(
                f"INSERT INTO {table} ({_COLUMNS[kind]}) {select}", {"meter": meter.key}
            )


def differences(
    connection: Connection[Any], day: date, meters: Collection[Meter], tenant: str | None
) -> int:
    """How many rows of the day a rebuild would make, drop or change.

    In one snapshot.
    """
    connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    within = _day(day, meters, tenant)
    raw.collect(connection, meters, start=within["start"], end=within["end"], tenant=tenant)
    condition = _OF_DAY + _of_tenant(tenant)
    found = 0
    for meter in meters:
        for table, kind, select in _selects(meter):
            columns = _COLUMNS[kind]
            kept = f"SELECT {columns} FROM {table} WHERE {condition}"  # noqa: S608
            count = f"""SELECT count(*) FROM (
                (({select}) EXCEPT ({kept})) UNION ALL (({kept}) EXCEPT ({select}))) AS different"""  # noqa: S608
            given = {**within, "meters": [meter.key], "meter": meter.key}
            row = connection.execute(count, given).fetchone()
            found += row[0] if row else 0
    return found


def drop(connection: Connection[Any], gone: Collection[str]) -> None:
    """Drop all buckets of these meters."""
    for table in TABLES:
        connection.execute(f"DELETE FROM {table} WHERE meter = ANY(%s)", [list(gone)])  # noqa: S608


def days(connection: Connection[Any], meters: Collection[str], tenant: str | None) -> list[date]:
    """The days with a partition of raw events, or with buckets of these meters."""
    statement = _DAYS.format(tenant=_of_tenant(tenant))
    rows = connection.execute(statement, {"meters": list(meters), "tenant": tenant})
    return [day for (day,) in rows]


def stored(
    connection: Connection[Any], grain: Grain, meters: Collection[Meter]
) -> dict[Bucket, Value]:
    """What the rollups of a grain hold, for all workspaces."""
    given = {"meters": [meter.key for meter in meters]}
    rows: dict[str, list[tuple[Any, ...]]] = {}
    for kind, columns in _COLUMNS.items():
        table = "distinct_day" if kind == "distinct" else f"{kind}_{grain}"
        if table in TABLES:
            select = f"SELECT {columns} FROM {table} WHERE meter = ANY(%(meters)s)"  # noqa: S608
            rows[kind] = connection.execute(select, given).fetchall()
    return _buckets(grain, rows)


def recount(
    connection: Connection[Any], grain: Grain, meters: Collection[Meter]
) -> dict[Bucket, Value]:
    """What the rollups of a grain must hold, counted again from all raw events."""
    raw.collect(connection, meters)
    rows: dict[str, list[tuple[Any, ...]]] = {}
    for meter in meters:
        for table, kind, select in _selects(meter):
            if table.endswith(f"_{grain}") or kind == "distinct":
                rows.setdefault(kind, []).extend(connection.execute(select, {"meter": meter.key}))
    return _buckets(grain, rows)


def _selects(meter: Meter) -> Iterator[tuple[str, str, str]]:
    """(table, its kind, SELECT of its rows from `metered`)."""
    for grain in GRAINS:
        if grain != "minute" or meter.aggregation != "unique":  # see merge
            yield f"rollup_{grain}", "rollup", raw.totals(meter, grain)
    for grain in BROKEN_DOWN if meter.group_by else ():
        yield f"breakdown_{grain}", "breakdown", raw.breakdowns(meter, grain)
    if meter.aggregation == "unique":
        yield "distinct_day", "distinct", raw.distinct(meter)


def _buckets(grain: Grain, rows: Mapping[str, list[tuple[Any, ...]]]) -> dict[Bucket, Value]:
    words = _words(grain, rows.get("distinct", []))
    found: dict[Bucket, Value] = {}
    for tenant, meter, bucket, *numbers in rows.get("rollup", []):
        seen = words.get((tenant, meter, bucket, TOTAL), set())
        found[Bucket(tenant, meter, bucket, None)] = _value(numbers, seen)
    for tenant, meter, bucket, key, dims, *numbers in rows.get("breakdown", []):
        seen = words.get((tenant, meter, bucket, key), set())
        found[Bucket(tenant, meter, bucket, tuple(dims))] = _value(numbers, seen)
    return found


def _value(numbers: Sequence[Any], seen: Collection[str]) -> Value:
    value, count, late, at, event_id = numbers
    return Value(Decimal(value), count, late, at, event_id, frozenset(seen))


def _words(grain: Grain, rows: Collection[tuple[Any, ...]]) -> dict[tuple[Any, ...], set[str]]:
    """The values of each bucket and breakdown, and of all breakdowns together."""
    words: dict[tuple[Any, ...], set[str]] = {}
    for tenant, meter, day, value, key, hours, _ in rows:
        buckets = [day]
        if grain == "hour":
            buckets = [day + timedelta(hours=hour) for hour in range(24) if hours >> hour & 1]
        for bucket in buckets:
            words.setdefault((tenant, meter, bucket, key), set()).add(value)
            words.setdefault((tenant, meter, bucket, TOTAL), set()).add(value)
    return words


def _day(day: date, meters: Collection[Meter], tenant: str | None) -> Mapping[str, Any]:
    start = datetime.combine(day, time(), UTC)
    return {
        "meters": [meter.key for meter in meters],
        "start": start,
        "end": start + timedelta(days=1),
        "tenant": tenant,
    }


def _of_tenant(tenant: str | None) -> str:
    return "" if tenant is None else " AND tenant = %(tenant)s"
