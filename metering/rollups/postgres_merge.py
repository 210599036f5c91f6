"""Adds a batch to the rollups of a PostgreSQL store, in the transaction of its raw rows.

One consumer adds at a time: batches touch the same buckets anyway, so others would wait for its
commit at the first of them, and this way nobody deadlocks. It also makes MERGE safe, which costs
two thirds of INSERT … ON CONFLICT: that locks each row, with a log record, before it updates it.
Columns travel as array literals: psycopg's own adaptation of lists costs more than the update.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from psycopg import Connection

from metering.catalogue import Aggregation, meters
from metering.partials import BROKEN_DOWN, GRAINS, Breakdown, Grain, Partials, Total
from metering.rollups import postgres_definitions, postgres_distinct
from metering.rollups.postgres_arrays import plain, texts
from metering.rollups.postgres_distinct import Fresh
from metering.values import TOTAL

FENCE = 0x706C6766  # advisory locks (FENCE, day): a day is either rebuilt or added to
_TURN = 0x706C6768  # advisory lock: whose turn it is to add

# Without these the planner would read a whole table to find the buckets of a large batch.
_BEGIN = f"""
    SELECT pg_advisory_xact_lock({_TURN}), set_config('enable_hashjoin', 'off', true),
           set_config('enable_mergejoin', 'off', true), set_config('enable_seqscan', 'off', true)
"""
_FENCES = f"SELECT pg_advisory_xact_lock_shared({FENCE}, day) FROM unnest(%s::int[]) AS day"  # noqa: S608

# How a bucket that is there takes what comes.
_SUM = "value = kept.value + added.value"
_NEWER = "(added.at, added.event_id) > (kept.at, kept.event_id)"
_TAKES: dict[Aggregation, str] = {
    "count": _SUM,
    "sum": _SUM,
    "unique": _SUM,  # the values that are new in the bucket
    "max": "value = greatest(kept.value, added.value)",
    "latest": f"""value = CASE WHEN {_NEWER} THEN added.value ELSE kept.value END,
              at = greatest(kept.at, added.at),
              event_id = CASE WHEN {_NEWER} THEN added.event_id ELSE kept.event_id END""",
}
_ADD = """
    MERGE INTO {table} AS kept USING unnest({arrays}) AS added ({names})
       ON kept.tenant = added.tenant AND kept.meter = %s
          AND kept.bucket = to_timestamp(added.bucket){same}
    WHEN MATCHED THEN UPDATE
         SET {takes}, count = kept.count + added.count, late = kept.late + added.late
    WHEN NOT MATCHED THEN INSERT (meter, {columns}) VALUES (%s, {values})
"""
_Column = tuple[str, str, str]  # its name, its type, and the whole column as an array literal


def merge(connection: Connection[Any], partials: Partials) -> None:
    """Add the batch to every table, behind the fences of its days."""
    days = sorted({row.bucket // 86400 for row in partials.totals["day"]})
    if not days:
        return
    connection.execute(_BEGIN)
    postgres_definitions.adding(connection)
    connection.execute(_FENCES, ["{" + ",".join(map(str, days)) + "}"])
    fresh = postgres_distinct.see(connection, partials)
    with connection.pipeline():
        for grain in GRAINS:
            for totals in _by_meter(partials.totals[grain]):
                _add_totals(connection, grain, totals, fresh)
        for grain in BROKEN_DOWN:
            for breakdowns in _by_meter(partials.breakdowns[grain]):
                _add_breakdowns(connection, grain, breakdowns, fresh)


def _by_meter(rows: list[Any]) -> Iterator[list[Any]]:
    """They come ordered by meter."""
    return (list(found) for _, found in groupby(rows, key=itemgetter(1)))


def _add_totals(
    connection: Connection[Any], grain: Grain, rows: Sequence[Total], fresh: Fresh
) -> None:
    meter = rows[0].meter
    aggregation = meters()[meter].aggregation
    if aggregation == "unique":
        if grain == "minute":  # a minute's values are not kept, so nobody knows which are new in it
            return
        rows = [row._replace(value=fresh[grain][*row[:3], TOTAL]) for row in rows]
    tenants, _, buckets, *numbers = zip(*rows, strict=True)
    columns = _columns(aggregation, tenants, buckets, *numbers)
    _add(connection, f"rollup_{grain}", meter, aggregation, columns)


def _add_breakdowns(
    connection: Connection[Any], grain: Grain, rows: Sequence[Breakdown], fresh: Fresh
) -> None:
    meter = rows[0].meter
    aggregation = meters()[meter].aggregation
    if aggregation == "unique":
        rows = [row._replace(value=fresh[grain][row[:4]]) for row in rows]
    tenants, _, buckets, groups, dims, *numbers = zip(*rows, strict=True)
    columns = [
        *_columns(aggregation, tenants, buckets, *numbers),
        ("key", "uuid", plain(groups)),
        *[(f"dim{n}", "text", texts(each)) for n, each in enumerate(zip(*dims, strict=True))],
    ]
    _add(connection, f"breakdown_{grain}", meter, aggregation, columns)


def _columns(
    aggregation: Aggregation,
    tenants: Sequence[str],
    buckets: Sequence[int],
    values: Sequence[Any],
    counts: Sequence[int],
    lates: Sequence[int],
    ats: Sequence[Any],
    event_ids: Sequence[Any],
) -> list[_Column]:
    columns = [
        ("tenant", "text", texts(tenants)),
        ("bucket", "bigint", plain(buckets)),
        ("value", "numeric", plain(values)),
        ("count", "bigint", plain(counts)),
        ("late", "bigint", plain(lates)),
    ]
    if aggregation == "latest":
        columns += [
            ("at", "timestamptz", texts(map(str, ats))),
            ("event_id", "uuid", plain(event_ids)),
        ]
    return columns


def _add(
    connection: Connection[Any],
    table: str,
    meter: str,
    aggregation: Aggregation,
    columns: Sequence[_Column],
) -> None:
    names = [name for name, _, _ in columns]
    dims = [name for name in names if name.startswith("dim")]
    plain = [name for name in names if name not in dims]
    values = [
        f"to_timestamp(added.{name})" if name == "bucket" else f"added.{name}" for name in plain
    ]
    if dims:
        values.append(f"ARRAY[{', '.join(f'added.{name}' for name in dims)}]")
    statement = _ADD.format(
        table=table,
        arrays=", ".join(f"%s::{kind}[]" for _, kind, _ in columns),
        names=", ".join(names),
        same=" AND kept.key = added.key" if dims else "",
        takes=_TAKES[aggregation],
        columns=", ".join([*plain, "dims"] if dims else plain),
        values=", ".join(values),
    )
    connection.execute(statement, [*[literal for _, _, literal in columns], meter, meter])
