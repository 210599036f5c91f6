"""Positions in a PostgreSQL database that Django does not know: of a warehouse, say."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, LiteralString

import psycopg

from events.postgres import is_away
from events.readers import rows
from events.readers.place import State
from events.readers.rows import Execute, SqlHold


@dataclass(frozen=True)
class PsycopgPlace:
    """The handler's session is a psycopg connection. The tables are made where they are missing."""

    url: str = field(repr=False)  # it has a password

    @contextmanager
    def held(
        self, reader: str, *, first: Callable[[], str], wait: bool = False
    ) -> Iterator[SqlHold | None]:
        """See Place."""
        with self._connected() as connection:
            execute = _execute(connection)
            try:
                hold = SqlHold.of(execute, connection, reader, first=first, wait=wait)
            except psycopg.errors.UndefinedTable:
                connection.rollback()
                connection.execute(rows.TABLES)
                hold = SqlHold.of(execute, connection, reader, first=first, wait=wait)
            yield hold

    def look(self, reader: str) -> tuple[State | None, int]:
        """See Place."""
        with self._connected() as connection:
            try:
                return rows.look(_execute(connection), reader)
            except psycopg.errors.UndefinedTable:
                return None, 0

    def is_away(self, error: Exception) -> bool:
        """See Place. A deadlock passes, too."""
        passes = isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
        return passes or is_away(error)

    def close(self) -> None:
        """See Place: each transaction has a connection of its own, and has closed it."""

    def _connected(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self.url, connect_timeout=5, application_name="plg readers")


def _execute(connection: psycopg.Connection[Any]) -> Execute:
    def execute(query: LiteralString, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        cursor = connection.execute(query, parameters)
        return cursor.fetchall() if cursor.description else []

    return execute
