"""Indexes that a migration has added to the log, made for the days that were there before it.

One day after the other and CONCURRENTLY: nobody who writes or reads waits for more than a moment. New
days have them from the beginning (`LIKE event INCLUDING ALL`). Until a day has one, it is read without.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import psycopg
import structlog
from psycopg import Connection
from psycopg.sql import SQL, Identifier

from events.steps import step
from events.store.retention import _LOCK

log = structlog.get_logger()

_SECONDS = 600.0  # of one run; the next one goes on
# What stands behind the table's name in the statement that makes the index of a day.
_SHAPES = {
    "event_by_person": SQL("(person, time) WHERE person IS NOT NULL"),
    "event_by_browser": SQL(
        "(hashtextextended(anonymous_id, 0), time)"
        " WHERE person IS NULL AND anonymous_id IS NOT NULL"
    ),
}
_WITHOUT = """
    SELECT day.relname FROM pg_inherits AS of_log JOIN pg_class AS day ON day.oid = of_log.inhrelid
    WHERE of_log.inhparent = 'event'::regclass AND NOT EXISTS (
        SELECT FROM pg_inherits AS of_index JOIN pg_index ON indexrelid = of_index.inhrelid
        WHERE of_index.inhparent = to_regclass(%s) AND indrelid = day.oid)
    ORDER BY day.relname DESC
"""

_TRY = "SELECT pg_try_advisory_lock(%s)"


class Connects(Protocol):
    """A store, as far as it is needed here."""

    def connection(self) -> AbstractContextManager[Connection[Any]]: ...


@dataclass(frozen=True)
class DayIndexes:
    """Safe to repeat, by many at once, and after a crash: half an index is thrown away."""

    store: Connects

    def make_missing(self) -> int:
        """Newest days first; how many indexes were made."""
        give_up_at, made = time.monotonic() + _SECONDS, 0
        for index in _SHAPES:
            for day in self._days_without(index):
                if time.monotonic() > give_up_at:
                    return made
                made += self._make(index, day)
        return made

    def _days_without(self, index: str) -> list[str]:
        with self.store.connection() as connection:
            return [day for (day,) in connection.execute(_WITHOUT, [index])]

    def _make(self, index: str, day: str) -> bool:
        with self._alone() as connection:
            if connection is None or day not in self._days_without(index):
                return False
            name = Identifier(f"{day}_{index.removeprefix('event_')}")
            table, whole = Identifier(day), Identifier(index)
            connection.execute(SQL("DROP INDEX CONCURRENTLY IF EXISTS {}").format(name))
            made = SQL("CREATE INDEX CONCURRENTLY {} ON {} {}")
            connection.execute(made.format(name, table, _SHAPES[index]))
            step("day-indexes.made")
            connection.execute("SET lock_timeout = '400ms'")
            try:
                attached = SQL("ALTER INDEX {} ATTACH PARTITION {}")
                connection.execute(attached.format(whole, name))
            except psycopg.errors.LockNotAvailable:
                log.info("events_day_index_waits", day=day, index=index)
                return False
        return True

    @contextmanager
    def _alone(self) -> Iterator[Connection[Any] | None]:
        """A connection outside of transactions, while no day leaves for a file; None when one does.

        The lock is the session's: CONCURRENTLY would wait for a transaction beside it for ever.
        """
        with self.store.connection() as connection:
            connection.autocommit = True
            try:
                [is_alone] = connection.execute(_TRY, [_LOCK]).fetchone() or [False]
                yield connection if is_alone else None
            finally:
                if not connection.closed:
                    connection.execute("SELECT pg_advisory_unlock_all()")
                    connection.execute("RESET lock_timeout")
                    connection.autocommit = False
