"""Puts other values in the place of some, in the rollups of a PostgreSQL store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from psycopg import Connection

from metering.rollups.partials import BROKEN_DOWN
from metering.rollups.postgres.locks import take_turn
from metering.rollups.renaming import Renamed

# A value that came again under its old name, after it was renamed, meets its new one.
_VALUES = """
    WITH gone AS (
        DELETE FROM distinct_day AS kept
        USING unnest(%(old)s::text[], %(new)s::text[]) AS told (old, new)
        WHERE kept.meter = %(meter)s AND kept.value = told.old
        RETURNING kept.*, told.new
    )
    INSERT INTO distinct_day AS kept (tenant, meter, bucket, value, key, hours, dims)
    SELECT tenant, meter, bucket, new, key, hours, dims FROM gone
    ON CONFLICT (tenant, meter, bucket, value, key)
    DO UPDATE SET hours = kept.hours | excluded.hours
"""
_DIMS = """
    UPDATE {table} AS kept SET dims = told.dims, key = metered_key(told.dims)
    FROM (
        SELECT each.ctid AS place,
               each.dims[:%(place)s - 1] || said.new || each.dims[%(place)s + 1:] AS dims
        FROM {table} AS each
        JOIN unnest(%(old)s::text[], %(new)s::text[]) AS said (old, new)
             ON each.dims[%(place)s] = said.old
        WHERE each.meter = %(meter)s
    ) AS told
    WHERE kept.ctid = told.place
"""


def rename(connection: Connection[Any], renamed: Sequence[Renamed]) -> int:
    """In the connection's transaction, while nobody adds; how many rows."""
    take_turn(connection)
    connection.execute("SET LOCAL enable_seqscan = on")  # all of a meter is looked through
    connection.execute("SET LOCAL enable_hashjoin = on")
    changed = 0
    for each in renamed:
        if each.values:
            said = {"old": list(each.values), "new": list(each.values.values())}
            changed += connection.execute(_VALUES, {"meter": each.meter, **said}).rowcount
        if each.dims:
            said = {"old": list(each.dims), "new": list(each.dims.values())}
            given = {"meter": each.meter, "place": each.place, **said}
            for table in (*(f"breakdown_{grain}" for grain in BROKEN_DOWN), "distinct_day"):
                changed += connection.execute(_DIMS.format(table=table), given).rowcount
    return changed
