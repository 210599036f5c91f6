"""The tables of a workspace's schema, asked of PostgreSQL; rows out and in as JSON that it makes itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg.sql import SQL, Composable, Identifier, Literal

BOOKKEEPING = frozenset({"django_migrations"})
_COLUMNS = """
    SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
           NOT a.attnotnull, a.atthasdef OR a.attidentity <> ''
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE n.nspname = %s AND c.relkind IN ('r', 'p') AND NOT c.relispartition
      AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
    ORDER BY c.relname, a.attnum
"""
_SEQUENCES = """
    SELECT c.relname, a.attname, pg_get_serial_sequence(format('%%I.%%I', n.nspname, c.relname), a.attname)
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE n.nspname = %s AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
      AND pg_get_serial_sequence(format('%%I.%%I', n.nspname, c.relname), a.attname) IS NOT NULL
"""


@dataclass(frozen=True)
class Column:
    """`type` as PostgreSQL writes it."""

    name: str
    type: str
    nullable: bool
    has_default: bool

    @property
    def is_needed(self) -> bool:
        """Whether an insert must give it a value."""
        return not self.nullable and not self.has_default


Tables = Mapping[str, Mapping[str, Column]]


def of(cursor: Any, schema: str) -> dict[str, dict[str, Column]]:
    """The tables of a schema with their columns; without Django's own bookkeeping."""
    cursor.execute(_COLUMNS, [schema])
    found: dict[str, dict[str, Column]] = {}
    for table, name, *rest in cursor.fetchall():
        if table not in BOOKKEEPING:
            found.setdefault(table, {})[name] = Column(name, *rest)
    return found


def migrations(cursor: Any, schema: str) -> list[str]:
    """Names of the migrations that a schema has had, of tenant apps and of shared ones."""
    query = SQL("SELECT app || '.' || name FROM {} ORDER BY 1")
    cursor.execute(query.format(Identifier(schema, "django_migrations")))
    return [name for (name,) in cursor.fetchall()]


def count(cursor: Any, schema: str, table: str) -> int:
    cursor.execute(SQL("SELECT count(*) FROM {}").format(Identifier(schema, table)))
    return int(cursor.fetchone()[0])


def lines(
    cursor: Any,
    schema: str,
    table: str,
    columns: Sequence[str],
    instead: Mapping[str, Composable],
) -> Iterator[bytes]:
    """Each row as one line of JSON, as it comes off the wire: memory holds a row, not a table.

    `instead` has expressions for columns that are not written as they are.
    """
    listed = [
        SQL("{} AS {}").format(instead.get(name, Identifier(name)), Identifier(name))
        for name in columns
    ]
    statement = SQL("COPY (SELECT to_jsonb(row)::text FROM (SELECT {} FROM {}) row) TO STDOUT")
    with cursor.copy(
        statement.format(SQL(", ").join(listed), Identifier(schema, table))
    ) as copying:
        for (line,) in copying.rows():
            yield line.encode()


def without_schema(schema: str, column: str) -> Composable:
    """A name in the storage without the workspace's folder; NULL where it is in no such folder."""
    return SQL("CASE WHEN starts_with({0}, {1}) THEN substr({0}, {2}) END").format(
        Identifier(column), Literal(f"{schema}/"), Literal(len(schema) + 2)
    )


def literal(value: Any) -> Composable:
    return Literal(value)


def insert(
    cursor: Any, schema: str, table: str, columns: Sequence[Column], rows: Sequence[bytes]
) -> None:
    """Rows of JSON objects, read by PostgreSQL itself. Raises django.db.DataError, IntegrityError."""
    chosen = [
        # JSON's null is SQL's NULL in a row; a column that allows none has meant the former.
        SQL("coalesce({}, 'null'::jsonb)").format(Identifier(column.name))
        if column.type == "jsonb" and not column.nullable
        else Identifier(column.name)
        for column in columns
    ]
    where = Identifier(schema, table)
    statement = SQL(
        "INSERT INTO {where} ({names}) OVERRIDING SYSTEM VALUE"
        " SELECT {chosen} FROM jsonb_populate_recordset(NULL::{where}, %s::jsonb)"
    ).format(
        where=where,
        names=SQL(", ").join(Identifier(column.name) for column in columns),
        chosen=SQL(", ").join(chosen),
    )
    cursor.execute(statement, [(b"[" + b",".join(rows) + b"]").decode()])


def settle_sequences(cursor: Any, schema: str) -> None:
    """The next number of each serial or identity column comes after the highest that is there."""
    cursor.execute(_SEQUENCES, [schema])
    for table, column, sequence in cursor.fetchall():
        query = SQL("SELECT setval({}, coalesce(max({}), 0) + 1, false) FROM {}")
        cursor.execute(
            query.format(Literal(sequence), Identifier(column), Identifier(schema, table))
        )
