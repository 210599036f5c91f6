"""Compares the raw events of a day with each grain of the rollups, for every workspace, in one scan."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from psycopg import Connection

from metering.definitions.meter import Meter
from metering.rollups.postgres import raw
from metering.rollups.protocol import Compared

_ADDS_UP = ("count", "sum")
_RAW = """
    counted AS MATERIALIZED (
        SELECT tenant, {columns} FROM event
        WHERE time >= %(start)s AND time < %(end)s AND tenant IS NOT NULL AND name = ANY(%(names)s)
              {tenant}
        GROUP BY tenant
    ),
    raw AS (
        SELECT tenant, told.* FROM counted,
               LATERAL (VALUES {values}) AS told (meter, value, count, adds_up, has_minutes)
        WHERE told.count > 0
    )
"""
_KEPT = """
    SELECT '{grain}' AS grain, tenant, meter, sum(value) AS value, sum(count) AS count
    FROM rollup_{grain}
    WHERE bucket >= %(start)s AND bucket < %(end)s AND meter = ANY(%(meters)s) {tenant}
    GROUP BY tenant, meter
"""
_DIFFERING = """
    WITH {raw}, kept AS ({kept}),
    expected AS (
        SELECT grain, raw.* FROM raw, unnest(%(grains)s::text[]) AS grain
        WHERE has_minutes OR grain <> 'minute'
    )
    SELECT grain, tenant, meter, expected.value, expected.count, kept.value, kept.count
    FROM expected FULL JOIN kept USING (grain, tenant, meter)
    WHERE expected.count IS DISTINCT FROM kept.count
       OR ((expected.adds_up OR grain = 'day') AND expected.value IS DISTINCT FROM kept.value)
    ORDER BY tenant, meter, grain LIMIT %(most)s
"""
_GRAINS = ("day", "hour", "minute")


def compared(
    connection: Connection[Any],
    day: date,
    meters: Collection[Meter],
    *,
    tenant: str | None,
    most: int,
) -> Iterator[Compared]:
    """Where a grain says otherwise than the raw events of the day; one statement, so one snapshot."""
    start = datetime.combine(day, time(), UTC)
    given = {
        "start": start,
        "end": start + timedelta(days=1),
        "names": list({meter.event for meter in meters}),
        "meters": [meter.key for meter in meters],
        "grains": list(_GRAINS),
        "tenant": tenant,
        "most": most,
    }
    only = "AND tenant = %(tenant)s" if tenant is not None else ""
    columns, values = [], []
    for number, meter in enumerate(meters):
        condition, value = raw.condition(meter), raw.value(meter)
        columns += [
            f"({value[0]} FILTER (WHERE {condition})){value[1]} AS v{number}",
            f"count(*) FILTER (WHERE {condition}) AS n{number}",
        ]
        adds_up = str(meter.aggregation in _ADDS_UP).upper()
        has_minutes = str(meter.aggregation != "unique").upper()  # different values have none
        told = (f"v{number}::numeric", f"n{number}", adds_up, has_minutes)
        values.append(f"({raw.quoted(meter.key)}, {', '.join(told)})")
    statement = _DIFFERING.format(
        raw=_RAW.format(columns=", ".join(columns), values=", ".join(values), tenant=only),
        kept=" UNION ALL ".join(_KEPT.format(grain=grain, tenant=only) for grain in _GRAINS),
    )
    for grain, schema, key, *said in connection.execute(statement, given).fetchall():
        yield Compared(schema, key, start, grain, *said)
