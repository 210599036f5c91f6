"""Writes rows into the rollups of a PostgreSQL store: new buckets, and more for those that are there.

Only whose turn it is writes (`merge`). That makes MERGE safe, which costs two thirds of
INSERT … ON CONFLICT: that locks each row, with a log record, before it updates it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from psycopg import Connection

from metering.definitions.catalogue import meters
from metering.definitions.meter import Aggregation
from metering.rollups.partials import Breakdown, Grain, Total
from metering.rollups.postgres.arrays import plain, texts

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


def add_totals(connection: Connection[Any], grain: Grain, rows: Iterable[Total]) -> None:
    """Rows of rollup_<grain>, ordered by meter. The value of a unique count is what is new."""
    for meter, of_meter in _by_meter(rows):
        aggregation = meters()[meter].aggregation
        tenants, _, buckets, *numbers = zip(*of_meter, strict=True)
        columns = _columns(aggregation, tenants, buckets, *numbers)
        _add(connection, f"rollup_{grain}", meter, aggregation, columns)


def add_breakdowns(connection: Connection[Any], grain: Grain, rows: Iterable[Breakdown]) -> None:
    """Rows of breakdown_<grain>, ordered by meter."""
    for meter, of_meter in _by_meter(rows):
        aggregation = meters()[meter].aggregation
        tenants, _, buckets, groups, dims, *numbers = zip(*of_meter, strict=True)
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


def _by_meter(rows: Iterable[Any]) -> Iterator[tuple[str, Iterator[Any]]]:
    return groupby(rows, key=itemgetter(1))
