"""Adds a batch to the rollups of a PostgreSQL store, in the transaction of its raw rows.

One consumer adds at a time: batches touch the same buckets anyway, so others would wait for its
commit at the first of them, and this way nobody deadlocks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from psycopg import Connection

from metering.rollups.partials import (
    BROKEN_DOWN,
    GRAINS,
    MINUTES,
    Breakdown,
    Grain,
    Partials,
    Total,
)
from metering.rollups.postgres import definitions, distinct, rebuild
from metering.rollups.postgres.distinct import Fresh
from metering.rollups.postgres.locks import take_fences, take_turn
from metering.rollups.postgres.write import add_breakdowns, add_totals


def merge(connection: Connection[Any], partials: Partials) -> None:
    """Add the batch to every table, behind the fences of its days."""
    if not partials.sums:
        return
    take_turn(connection)
    definitions.adding(connection)
    days = {minute // (24 * 60) for each in partials.sums for _, minute in each.minutes}
    take_fences(connection, days)
    fresh = distinct.see(connection, partials)
    with connection.pipeline():
        for grain in GRAINS:
            add_totals(connection, grain, _totals(partials, grain, fresh))
        for grain in BROKEN_DOWN:
            add_breakdowns(connection, grain, _breakdowns(partials, grain, fresh))


def erase(connection: Connection[Any], tenant: str) -> int:
    """Remove what is kept of a workspace; returns how many rows."""
    take_turn(connection)
    gone = 0
    for table in rebuild.TABLES:
        statement = f"DELETE FROM {table} WHERE tenant = %s"  # noqa: S608 (our own names)
        gone += connection.execute(statement, [tenant]).rowcount
    return gone


def _totals(partials: Partials, grain: Grain, fresh: Mapping[str, Fresh]) -> Iterator[Total]:
    seconds = MINUTES[grain] * 60
    for row in partials.totals[grain]:
        if row.meter not in fresh:
            yield row
        elif grain != "minute":  # a minute's values are not kept: nobody knows which are new in it
            where = (row.tenant, row.bucket // seconds, None)
            yield row._replace(value=fresh[row.meter].of(grain)[where])


def _breakdowns(
    partials: Partials, grain: Grain, fresh: Mapping[str, Fresh]
) -> Iterator[Breakdown]:
    seconds = MINUTES[grain] * 60
    for row in partials.breakdowns[grain]:
        if row.meter not in fresh:
            yield row
        else:
            where = (row.tenant, row.bucket // seconds, row.dims)
            yield row._replace(value=fresh[row.meter].of(grain)[where])
