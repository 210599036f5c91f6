"""Adds a batch to the rollups of a ClickHouse store: rows of parts, which the tables merge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import UUID

from events.store.clickhouse_batch import ClickHouseBatch
from metering.catalogue import Aggregation, meters
from metering.partials import BROKEN_DOWN, GRAINS, Breakdown, Grain, Partials, Total
from metering.values import TOTAL, Dims

# The column of a meter's numbers, by its aggregation; a unique count has none.
COLUMNS: Mapping[Aggregation, str] = {
    "count": "sum",
    "sum": "sum",
    "max": "max",
    "latest": "latest",
    "unique": "",
}
_NONE = (0, 0, (datetime(1970, 1, 1, tzinfo=UTC), "", 0))
_WHERE = ("tenant", "meter", "bucket")
_WHAT = ("sum", "max", "latest", "count", "late")


def partition(grain: Grain, bucket: int) -> str:
    """The name of the partition of this bucket (its start in seconds since 1970)."""
    return _month(bucket // 86400) if grain == "day" else _day(bucket // 86400)


def merge(batch: ClickHouseBatch, partials: Partials) -> None:
    """Add the batch's rows to every table."""
    aggregations = {key: meter.aggregation for key, meter in meters().items()}
    for grain in GRAINS:
        totals = partials.totals[grain]
        batch.insert(
            f"rollup_{grain}",
            (*_WHERE, *_WHAT),
            [(*row[:3], *_numbers(row, aggregations[row.meter])) for row in totals],
            partitions=[partition(grain, row.bucket) for row in totals],
        )
    for grain in BROKEN_DOWN:
        breakdowns = partials.breakdowns[grain]
        batch.insert(
            f"breakdown_{grain}",
            (*_WHERE, "key", "dims", *_WHAT),
            [
                (*row[:4], list(row.dims), *_numbers(row, aggregations[row.meter]))
                for row in breakdowns
            ],
            partitions=[partition(grain, row.bucket) for row in breakdowns],
        )
    dims = _dims(partials)
    for grain in GRAINS:
        values = partials.distinct[grain]
        batch.insert(
            f"distinct_{grain}",
            (*_WHERE, "key", "value", "dims"),
            [(*row, list(dims[row.key])) for row in values],
            partitions=[partition(grain, row.bucket) for row in values],
        )


def _numbers(row: Total | Breakdown, aggregation: Aggregation) -> tuple[Any, ...]:
    """The columns of _WHAT: the row's value in the one that is merged as it must be."""
    total, highest, latest = _NONE
    if aggregation in ("count", "sum"):
        total = row.value  # type: ignore[assignment]
    elif aggregation == "max":
        highest = row.value  # type: ignore[assignment]
    elif aggregation == "latest":
        latest = (row.at, row.event_id.hex if row.event_id else "", row.value)  # type: ignore[assignment]
    return total, highest, latest, row.count, row.late


def _dims(partials: Partials) -> dict[UUID, Dims]:
    """By key: what a distinct value is grouped by."""
    found: dict[UUID, Dims] = {TOTAL: ()}
    for rows in partials.breakdowns.values():
        found.update({row.key: row.dims for row in rows})
    return found


@cache
def _day(number: int) -> str:
    return datetime.fromtimestamp(number * 86400, UTC).strftime("%Y%m%d")


@cache
def _month(number: int) -> str:
    return _day(number)[:6]


def columns_of(table: str) -> Sequence[str]:
    """The columns of a rollup table, in order, without `batch`."""
    kind = table.partition("_")[0]
    if kind == "rollup":
        return (*_WHERE, *_WHAT)
    return (
        (*_WHERE, "key", "dims", *_WHAT)
        if kind == "breakdown"
        else (*_WHERE, "key", "value", "dims")
    )
