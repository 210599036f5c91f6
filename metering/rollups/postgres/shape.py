"""Which tables and functions the rollups of a PostgreSQL store have, told line by line."""

from __future__ import annotations

from typing import Any

from psycopg import Connection

# What is said of a table is what its rows are made of: columns, what they may be, and indexes.
_SHAPE = """
    WITH ours AS (
        SELECT oid, relname FROM pg_class
        WHERE relkind IN ('r', 'p') AND relnamespace = current_schema()::regnamespace
              AND relname ~ '^(rollup|breakdown|distinct)_'
    )
    SELECT relname || '.' || attname || ' ' || format_type(atttypid, atttypmod)
           || CASE WHEN attnotnull THEN ' not null' ELSE '' END
           || CASE WHEN collname = 'C' THEN ' "C"' ELSE '' END
    FROM ours JOIN pg_attribute ON attrelid = ours.oid AND attnum > 0 AND NOT attisdropped
    LEFT JOIN pg_collation ON pg_collation.oid = attcollation
    UNION ALL
    SELECT relname || CASE WHEN indisunique THEN ' unique' ELSE ' index' END
           || substring(pg_get_indexdef(indexrelid) FROM ' [(].*[)]')
    FROM ours JOIN pg_index ON indrelid = ours.oid
    UNION ALL
    SELECT proname || '(' || pg_get_function_arguments(oid) || ') ' || md5(prosrc)
    FROM pg_proc WHERE proname ~ '^metered_' AND pronamespace = current_schema()::regnamespace
"""


def shape(connection: Connection[Any]) -> set[str]:
    """A line for each column, index and function."""
    return {line for (line,) in connection.execute(_SHAPE)}
