"""What stands in every table of a server, as one checksum a schema."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

_TABLES = """
    SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname !~ '^(pg_|information_schema)' ORDER BY 1, 2
"""


def of(link: psycopg.Connection[Any]) -> dict[str, str]:
    """A line for each table of a schema: its name, how many rows, and MD5 of them in order."""
    found: dict[str, list[str]] = {}
    for schema, table in link.execute(_TABLES).fetchall():
        rows = sql.SQL(
            "SELECT count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {} t"
        ).format(sql.Identifier(schema, table))
        count, digest = link.execute(rows).fetchone() or (0, "")
        found.setdefault(schema, []).append(f"{table} {count} {digest}")
    return {schema: "\n".join(lines) for schema, lines in found.items()}
