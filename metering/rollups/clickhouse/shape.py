"""Which tables the rollups of a ClickHouse store have, told line by line."""

from __future__ import annotations

from clickhouse_connect.driver.client import Client

_OURS = """
    database = currentDatabase() AND match({name}, '^(rollup|breakdown|distinct)_')
    AND NOT endsWith({name}, '_new')
"""  # a rebuild that was ended may have left those, and makes them anew
_SHAPE = f"""
    SELECT concat(table, '.', name, ' ', type) FROM system.columns
    WHERE {_OURS.format(name="table")}
    UNION ALL
    SELECT concat(name, ' ', replaceOne(engine, 'Replicated', ''), ' by ', sorting_key, ' in ',
                  partition_key)
    FROM system.tables WHERE {_OURS.format(name="name")}
"""  # noqa: S608 (our own names)


def shape(client: Client) -> set[str]:
    """A line for each column and table."""
    return {line for (line,) in client.query(_SHAPE).result_rows}
