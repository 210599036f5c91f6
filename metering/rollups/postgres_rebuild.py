"""Makes the rollups of a PostgreSQL store anew from its raw events, a day at a time.

A day is rebuilt behind its fence: batches that touch the day wait for its commit, and what they
then add is not yet in the raw events that the rebuild has seen. Nothing is lost or counted twice.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from psycopg import Connection

from metering.catalogue import Meter
from metering.partials import BROKEN_DOWN, GRAINS, Grain
from metering.rollups import postgres_raw
from metering.rollups.postgres_merge import FENCE
from metering.rollups.protocol import Bucket, Value
from metering.values import TOTAL

_EPOCH = date(1970, 1, 1).toordinal()
_COLUMNS = {
    "rollup": "tenant, meter, bucket, value, count, late, at, event_id",
    "breakdown": "tenant, meter, bucket, key, dims, value, count, late, at, event_id",
    "distinct": "tenant, meter, bucket, key, value",
}
TABLES = tuple(
    [f"rollup_{grain}" for grain in GRAINS]
    + [f"breakdown_{grain}" for grain in BROKEN_DOWN]
    + [f"distinct_{grain}" for grain in GRAINS]
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
    connection.execute("SELECT pg_advisory_xact_lock(%s, %s)", [FENCE, day.toordinal() - _EPOCH])
    within = _day(day, meters, tenant)
    postgres_raw.collect(
        connection, meters, start=within["start"], end=within["end"], tenant=tenant
    )
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
    """How many rows of the day a rebuild would make, drop or change."""
    connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    within = _day(day, meters, tenant)
    postgres_raw.collect(
        connection, meters, start=within["start"], end=within["end"], tenant=tenant
    )
    condition = _OF_DAY + _of_tenant(tenant)
    found = 0
    for meter in meters:
        for table, kind, select in _selects(meter):
            columns = _COLUMNS[kind]
            kept = f"SELECT {columns} FROM {table} WHERE {condition}"  # noqa: S608
            if kind == "distinct":
                nil = "'00000000-0000-0000-0000-000000000000'"
                kept += f" AND key {'<>' if 'metered_key' in select else '='} {nil}"
            count = f"""SELECT count(*) FROM (
                (({select}) EXCEPT ({kept})) UNION ALL (({kept}) EXCEPT ({select}))) AS different"""  # noqa: S608
            given = within | {"meters": [meter.key], "meter": meter.key}
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
    rows: list[tuple[Any, ...]] = []
    seen: list[tuple[Any, ...]] = []
    for kind in _COLUMNS:
        if f"{kind}_{grain}" in TABLES:
            select = f"SELECT {_COLUMNS[kind]} FROM {kind}_{grain} WHERE meter = ANY(%(meters)s)"  # noqa: S608
            (seen if kind == "distinct" else rows).extend(connection.execute(select, given))
    return _buckets(rows, seen)


def recount(
    connection: Connection[Any], grain: Grain, meters: Collection[Meter]
) -> dict[Bucket, Value]:
    """What the rollups of a grain must hold, counted again from all raw events."""
    postgres_raw.collect(connection, meters)
    rows: list[tuple[Any, ...]] = []
    seen: list[tuple[Any, ...]] = []
    for meter in meters:
        for table, kind, select in _selects(meter):
            if table.endswith(f"_{grain}"):
                found = connection.execute(select, {"meter": meter.key})
                (seen if kind == "distinct" else rows).extend(found)
    return _buckets(rows, seen)


def _selects(meter: Meter) -> Iterator[tuple[str, str, str]]:
    """(table, its kind, SELECT of its rows from `metered`)."""
    for grain in GRAINS:
        yield f"rollup_{grain}", "rollup", postgres_raw.totals(meter, grain)
        if meter.aggregation == "unique":
            select = postgres_raw.distinct(grain, broken_down=False)
            yield f"distinct_{grain}", "distinct", select
    for grain in BROKEN_DOWN if meter.group_by else ():
        yield f"breakdown_{grain}", "breakdown", postgres_raw.breakdowns(meter, grain)
        if meter.aggregation == "unique":
            select = postgres_raw.distinct(grain, broken_down=True)
            yield f"distinct_{grain}", "distinct", select


def _buckets(
    rows: Collection[tuple[Any, ...]], seen: Collection[tuple[Any, ...]]
) -> dict[Bucket, Value]:
    words: dict[tuple[Any, ...], set[str]] = {}
    for *where, value in seen:
        words.setdefault(tuple(where), set()).add(value)
    found: dict[Bucket, Value] = {}
    for tenant, meter, bucket, *rest in rows:
        key, dims = (TOTAL, None) if len(rest) == 5 else (rest[0], tuple(rest[1]))
        value, count, late, at, event_id = rest[-5:]
        distinct = frozenset(words.get((tenant, meter, bucket, key), ()))
        found[Bucket(tenant, meter, bucket, dims)] = Value(
            Decimal(value), count, late, at, event_id, distinct
        )
    return found


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
