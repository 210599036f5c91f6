"""Adds a batch to the rollups of a PostgreSQL store, in the transaction of its raw rows.

Everybody writes the tables in one order, and a table's rows in the order of its key: two consumers
wait for each other, but never deadlock. Columns travel as array literals: psycopg's own adaptation
of lists costs more than the update.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, TypeVar
from uuid import UUID

from psycopg import Connection

from metering.catalogue import meters
from metering.partials import BROKEN_DOWN, GRAINS, Breakdown, Distinct, Grain, Partials, Total
from metering.rollups import postgres_definitions
from metering.values import TOTAL

FENCE = 0x706C6766  # advisory locks (FENCE, day): a day is either rebuilt or added to

_FENCES = f"SELECT pg_advisory_xact_lock_shared({FENCE}, day) FROM unnest(%s::int[]) AS day"  # noqa: S608

# How a bucket that is there takes what comes; meters of one group share a statement.
_GROUPS: Sequence[tuple[Collection[str], str]] = (
    (("count", "sum", "unique"), "value = kept.value + excluded.value"),
    (("max",), "value = greatest(kept.value, excluded.value)"),
    (
        ("latest",),
        """value = CASE WHEN (excluded.at, excluded.event_id) > (kept.at, kept.event_id)
                        THEN excluded.value ELSE kept.value END,
           event_id = CASE WHEN (excluded.at, excluded.event_id) > (kept.at, kept.event_id)
                           THEN excluded.event_id ELSE kept.event_id END,
           at = greatest(excluded.at, kept.at)""",
    ),
)
_ADD = """
    INSERT INTO {table} AS kept ({columns})
    SELECT {chosen} FROM unnest({arrays}) AS added ({names})
    ON CONFLICT ({key}) DO UPDATE
    SET {takes}, count = kept.count + excluded.count, late = kept.late + excluded.late
"""
_SEE = """
    WITH seen AS (
        INSERT INTO distinct_{grain} (tenant, meter, bucket, key, value)
        SELECT tenant, meter, to_timestamp(bucket), key, value
        FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::uuid[], %s::text[])
             AS added (tenant, meter, bucket, key, value)
        ON CONFLICT DO NOTHING RETURNING tenant, meter, bucket, key
    )
    SELECT tenant, meter, extract(epoch FROM bucket)::bigint, key, count(*)
    FROM seen GROUP BY tenant, meter, bucket, key
"""
_Row = TypeVar("_Row", Total, Breakdown)
_Fresh = dict[tuple[str, str, int, UUID], int]  # new values by bucket and key
_Column = tuple[str, str, str]  # its name, its type, and the whole column as an array literal


def merge(connection: Connection[Any], partials: Partials) -> None:
    """Add the batch to every table, behind the fences of its days."""
    days = sorted({row.bucket // 86400 for row in partials.totals["day"]})
    if not days:
        return
    postgres_definitions.adding(connection)
    connection.execute(_FENCES, ["{" + ",".join(map(str, days)) + "}"])
    for grain in GRAINS:
        fresh = _see(connection, grain, partials.distinct[grain])
        for aggregations, takes in _GROUPS:
            totals = _of(partials.totals[grain], aggregations)
            if totals:
                _add_totals(connection, grain, totals, takes, fresh)
            if grain in BROKEN_DOWN and (found := _of(partials.breakdowns[grain], aggregations)):
                _add_breakdowns(connection, grain, found, takes, fresh)


def _of(rows: list[_Row], aggregations: Collection[str]) -> list[_Row]:
    """Those of meters with one of these aggregations."""
    defined = meters()
    fitting = {key for key, meter in defined.items() if meter.aggregation in aggregations}
    if len(fitting) == len(defined):
        return rows
    return [row for row in rows if row.meter in fitting]


def _see(connection: Connection[Any], grain: Grain, rows: Sequence[Distinct]) -> _Fresh:
    """Keep the values; how many of them each bucket had not seen before."""
    if not rows:
        return {}
    tenants, keys, buckets, groups, values = zip(*rows, strict=True)
    columns = [_texts(tenants), _plain(keys), _plain(buckets), _plain(groups), _texts(values)]
    found = connection.execute(_SEE.format(grain=grain), columns)
    return {(tenant, meter, at, key): count for tenant, meter, at, key, count in found}


def _add_totals(
    connection: Connection[Any], grain: Grain, rows: list[Total], takes: str, fresh: _Fresh
) -> None:
    if fresh:
        rows = [
            row._replace(value=fresh.get((*row[:3], TOTAL), 0)) if _is_unique(row.meter) else row
            for row in rows
        ]
    tenants, keys, buckets, values, counts, lates, ats, event_ids = zip(*rows, strict=True)
    columns = [
        *_common(tenants, keys, buckets, values, counts, lates),
        *_whose(ats, event_ids, takes),
    ]
    _add(connection, f"rollup_{grain}", columns, key="tenant, meter, bucket", takes=takes)


def _add_breakdowns(
    connection: Connection[Any], grain: Grain, rows: list[Breakdown], takes: str, fresh: _Fresh
) -> None:
    if fresh:
        rows = [
            row._replace(value=fresh.get(row[:4], 0)) if _is_unique(row.meter) else row
            for row in rows
        ]
    tenants, keys, buckets, groups, dims, values, counts, lates, ats, event_ids = zip(
        *rows, strict=True
    )
    columns = [
        *_common(tenants, keys, buckets, values, counts, lates),
        ("key", "uuid", _plain(groups)),
        *_whose(ats, event_ids, takes),
    ]
    most = max(map(len, dims))
    padded = zip(*[each + (None,) * (most - len(each)) for each in dims], strict=True)
    split = [(f"dim{n}", "text", _texts(column)) for n, column in enumerate(padded)]
    lengths = ("dims", "int", _plain(map(len, dims)))
    _add(
        connection,
        f"breakdown_{grain}",
        [*columns, lengths, *split],
        key="tenant, meter, bucket, key",
        takes=takes,
    )


def _add(
    connection: Connection[Any], table: str, columns: list[_Column], *, key: str, takes: str
) -> None:
    names = [name for name, _, _ in columns]
    dims = [name for name in names if name.startswith("dim") and name != "dims"]
    kept = [name for name in names if name not in dims]
    chosen = {"bucket": "to_timestamp(bucket)", "dims": f"(ARRAY[{', '.join(dims)}])[1:dims]"}
    statement = _ADD.format(
        table=table,
        columns=", ".join(kept),
        chosen=", ".join(chosen.get(name, name) for name in kept),
        arrays=", ".join(f"%s::{kind}[]" for _, kind, _ in columns),
        names=", ".join(names),
        key=key,
        takes=takes,
    )
    connection.execute(statement, [literal for _, _, literal in columns])


def _common(
    tenants: Sequence[str],
    keys: Sequence[str],
    buckets: Sequence[int],
    values: Sequence[Any],
    counts: Sequence[int],
    lates: Sequence[int],
) -> list[_Column]:
    return [
        ("tenant", "text", _texts(tenants)),
        ("meter", "text", _plain(keys)),
        ("bucket", "bigint", _plain(buckets)),
        ("value", "numeric", _plain(values)),
        ("count", "bigint", _plain(counts)),
        ("late", "bigint", _plain(lates)),
    ]


def _whose(ats: Sequence[Any], event_ids: Sequence[Any], takes: str) -> list[_Column]:
    """Whose the latest value is, where anybody asks."""
    if "event_id" not in takes:
        return []
    return [("at", "timestamptz", _texts(map(str, ats))), ("event_id", "uuid", _plain(event_ids))]


def _is_unique(meter: str) -> bool:
    return meters()[meter].aggregation == "unique"


def _plain(values: Iterable[Any]) -> str:
    """An array literal of values that need no quotes: numbers, UUIDs, keys of meters."""
    return "{" + ",".join(map(str, values)) + "}"


def _texts(values: Iterable[str | None]) -> str:
    """An array literal of texts."""
    known: dict[str | None, str] = {None: "NULL"}  # the same workspace comes many times
    parts = []
    for value in values:
        quoted = known.get(value)
        if quoted is None and value is not None:
            escaped = value.replace("\\", "\\\\").replace('"', '\\"')
            quoted = known[value] = f'"{escaped}"'
        parts.append(quoted or "")
    return "{" + ",".join(parts) + "}"
