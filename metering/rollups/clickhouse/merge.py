"""Adds a batch to the rollups of a ClickHouse store: rows of parts, which the tables merge."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from uuid import UUID

from events.store.clickhouse import ClickHouseBatch, escaped, number, quote
from metering.definitions.catalogue import meters
from metering.definitions.meter import Aggregation
from metering.definitions.values import TOTAL, Dims
from metering.rollups.partials import (
    BROKEN_DOWN,
    GRAINS,
    Breakdown,
    Distinct,
    Grain,
    Partials,
    Total,
)

# The column of a meter's numbers, by its aggregation; a unique count has none.
COLUMNS: Mapping[Aggregation, str] = {
    "count": "sum",
    "sum": "sum",
    "max": "max",
    "latest": "latest",
    "unique": "",
}
_WHERE = ("tenant", "meter", "bucket")
_WHAT = ("sum", "max", "latest", "count", "late")
_COLUMNS = {
    "rollup": (*_WHERE, *_WHAT),
    "breakdown": (*_WHERE, "key", "dims", *_WHAT),
    "distinct": (*_WHERE, "key", "value", "dims"),
}


def columns_of(table: str) -> Sequence[str]:
    """The columns of a rollup table, in order, without `batch`."""
    return _COLUMNS[table.partition("_")[0]]


def partition(grain: Grain, bucket: int) -> str:
    """The name of the partition of this bucket (its start in seconds since 1970)."""
    return _month(bucket // 86400) if grain == "day" else _day(bucket // 86400)


def merge(batch: ClickHouseBatch, partials: Partials) -> None:
    """Add the batch's rows to every table."""
    numbers = {key: _NUMBERS[meter.aggregation] for key, meter in meters().items()}
    dims = _dims(partials)
    for grain in GRAINS:
        totals = partials.totals[grain]
        _insert(batch, f"rollup_{grain}", grain, totals, _total_lines(totals, numbers))
    for grain in BROKEN_DOWN:
        groups = partials.breakdowns[grain]
        _insert(batch, f"breakdown_{grain}", grain, groups, _breakdown_lines(groups, numbers, dims))
    for grain in GRAINS:
        values = partials.distinct(grain, broken_down=False)
        if grain in BROKEN_DOWN:
            values += partials.distinct(grain, broken_down=True)
        _insert(batch, f"distinct_{grain}", grain, values, _distinct_lines(values, dims))


def _insert(
    batch: ClickHouseBatch,
    table: str,
    grain: Grain,
    rows: Sequence[Total] | Sequence[Breakdown] | Sequence[Distinct],
    lines: list[str],
) -> None:
    partitions = [partition(grain, row[2]) for row in rows]
    batch.insert_lines(table, columns_of(table), lines, partitions=partitions)


_Numbers = Mapping[str, Callable[[Total | Breakdown], str]]


def _total_lines(rows: Iterable[Total], numbers: _Numbers) -> list[str]:
    return [
        f"{escaped(row[0])}\t{row[1]}\t{row[2]}\t{numbers[row[1]](row)}\t{row[4]}\t{row[5]}"
        for row in rows
    ]


def _breakdown_lines(
    rows: Iterable[Breakdown], numbers: _Numbers, dims: Mapping[UUID, str]
) -> list[str]:
    return [
        f"{escaped(row[0])}\t{row[1]}\t{row[2]}\t{dims[row[3]]}"
        f"\t{numbers[row[1]](row)}\t{row[6]}\t{row[7]}"
        for row in rows
    ]


def _distinct_lines(rows: Iterable[Distinct], dims: Mapping[UUID, str]) -> list[str]:
    found = []
    for tenant, meter, bucket, key, value in rows:
        key_field, _, dims_field = dims[key].partition("\t")
        said = f"{key_field}\t{escaped(value)}\t{dims_field}"
        found.append(f"{escaped(tenant)}\t{meter}\t{bucket}\t{said}")
    return found


def _latest(row: Total | Breakdown) -> str:
    at, event_id = row.at, row.event_id
    if at is None or event_id is None:
        raise ValueError(f"The latest value of {row.meter} is nobody's.")
    when = at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    return f"\t\t('{when}','{event_id.hex}',{number(row.value)})"


# The columns sum, max and latest, of which a meter fills one.
_NUMBERS: Mapping[Aggregation, Callable[[Total | Breakdown], str]] = {
    "count": lambda row: f"{row.value}\t\t",
    "sum": lambda row: f"{number(row.value)}\t\t",
    "max": lambda row: f"\t{number(row.value)}\t",
    "latest": _latest,
    "unique": lambda row: "\t\t",
}


def _dims(partials: Partials) -> dict[UUID, str]:
    """By key: the fields key and dims."""
    found = {TOTAL: f"{TOTAL.hex}\t[]"}
    for rows in partials.breakdowns.values():
        for row in rows:
            if row[3] not in found:
                found[row[3]] = f"{row[3].hex}\t{_array(row[4])}"
    return found


def _array(dims: Dims) -> str:
    return f"[{','.join(['NULL' if value is None else quote(value) for value in dims])}]"


@cache
def _day(number_of_day: int) -> str:
    return datetime.fromtimestamp(number_of_day * 86400, UTC).strftime("%Y%m%d")


@cache
def _month(number_of_day: int) -> str:
    return _day(number_of_day)[:6]
