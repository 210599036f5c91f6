"""Rollups by minute, hour and day: a function of the raw events, kept in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from psycopg import Connection, sql

from events import Event
from events.store import copytext
from metering.catalogue import Meter, meters

Grain = Literal["minute", "hour", "day"]
GRAINS: tuple[Grain, ...] = ("minute", "hour", "day")
Bucket = tuple[str, str, datetime]  # the workspace's schema name, the meter's key, the start (UTC)
Value = tuple[Decimal, int]  # the aggregated value, the number of events

# What each event adds to which meter. Numbers are summed as `numeric`: exact, in any order.
_METERED = sql.SQL(
    """SELECT row.tenant, meter.key AS meter, date_trunc({grain}, row.time, 'UTC') AS bucket,
              sum(CASE WHEN meter.property IS NULL THEN 1
                       ELSE (row.properties ->> meter.property)::numeric END) AS value,
              count(*) AS count
       FROM {rows} AS row
       JOIN unnest(%(keys)s::text[], %(events)s::text[], %(properties)s::text[])
            AS meter (key, event, property) ON meter.event = row.name
       WHERE row.tenant IS NOT NULL
       GROUP BY 1, 2, 3"""
)

# Buckets are updated in one order, so that two consumers wait for each other but never deadlock.
_ADD = sql.SQL(
    """INSERT INTO {rollup} AS kept (tenant, meter, bucket, value, count)
       SELECT tenant, meter, date_trunc({grain}, bucket, 'UTC'), sum(value), sum(count)
       FROM metered GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
       ON CONFLICT (tenant, meter, bucket) DO UPDATE
       SET value = kept.value + excluded.value, count = kept.count + excluded.count"""
)


class RollupProjection:
    """Registered with the event store: adds each newly stored batch to all rollups."""

    name = "metering"

    def sql(self, kind: str) -> Path:
        """The tables are the same in every store so far."""
        return Path(__file__).parent / "sql"

    def apply(self, session: Connection[Any], events: Sequence[Event]) -> None:
        """Sum the batch up by minute once, then add that to the three tables."""
        connection, rows = session, "arriving"
        connection.execute(
            "CREATE TEMP TABLE IF NOT EXISTS arriving (LIKE event) ON COMMIT DELETE ROWS"
        )
        with connection.cursor() as cursor, cursor.copy(copytext.INTO.format("arriving")) as copy:
            copy.write(b"".join(copytext.rows(events)))
        connection.execute(
            "CREATE TEMP TABLE IF NOT EXISTS metered (LIKE rollup_minute) ON COMMIT DELETE ROWS"
        )
        summed = connection.execute(
            sql.SQL("INSERT INTO metered ") + _metered(rows, "minute"), _definitions(meters())
        )
        if summed.rowcount == 0:
            return
        for grain in GRAINS:
            connection.execute(_ADD.format(rollup=_table(grain), grain=sql.Literal(grain)))


def recount(connection: Connection[Any], *, grain: Grain) -> dict[Bucket, Value]:
    """What the rollup must hold, counted again from the raw events of all workspaces."""
    return _by_bucket(connection.execute(_metered("event", grain), _definitions(meters())))


def stored(connection: Connection[Any], *, grain: Grain) -> dict[Bucket, Value]:
    """What the rollup does hold, for all workspaces."""
    select = sql.SQL("SELECT tenant, meter, bucket, value, count FROM {}").format(_table(grain))
    return _by_bucket(connection.execute(select))


def finest_needed(start: datetime | None, end: datetime | None) -> Grain:
    """The coarsest rollup whose buckets fit between these two instants (UTC) without a rest.

    Raises ValueError when one is not a whole minute.
    """
    edges = [edge for edge in (start, end) if edge is not None]
    if any(edge.second or edge.microsecond for edge in edges):
        raise ValueError("A period starts and ends at a whole minute.")
    if any(edge.minute for edge in edges):
        return "minute"
    return "hour" if any(edge.hour for edge in edges) else "day"


def _table(grain: Grain) -> sql.Identifier:
    return sql.Identifier(f"rollup_{grain}")


def _metered(rows: str, grain: Grain) -> sql.Composed:
    return _METERED.format(rows=sql.Identifier(rows), grain=sql.Literal(grain))


def _definitions(defined: Mapping[str, Meter]) -> dict[str, list[str | None]]:
    defined = {key: each for key, each in defined.items() if each.aggregation in ("count", "sum")}
    return {
        "keys": list(defined),
        "events": [meter.event for meter in defined.values()],
        "properties": [meter.property for meter in defined.values()],
    }


def _by_bucket(rows: Any) -> dict[Bucket, Value]:
    return {(tenant, meter, bucket): (value, count) for tenant, meter, bucket, value, count in rows}
