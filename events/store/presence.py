"""On which days whom the PostgreSQL store has events of, noted when a day is over, not while it is stored.

A timeline looks on unnoted days for everybody: the last ones, and those for which late events came. A
batch says of such a day, in its own transaction, that it is to be noted again (`mark`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from psycopg import Connection
from psycopg.sql import SQL, Identifier

from events.store import archived_rows, partitions, retention
from events.store.shelf import Shelf

# A day is noted when it is three days old; what is stored for one of two days ago marks it already.
_OVER = timedelta(days=3)
_MARKED = timedelta(days=2)
_MOST = 1_000  # days of one run
_AT_ONCE = 10_000  # ids of a file in one statement

_MARK = "INSERT INTO event_presence_todo (day, batch) SELECT unnest(%s::date[]), %s"
_UNKNOWN = """
    SELECT day FROM event_presence_todo UNION
    SELECT through.day + n FROM event_presence_through AS through,
           generate_series(1, %(last)s::date - through.day) AS n
"""
_PRESENT = """
    SELECT number, month, days
    FROM unnest(%(ids)s::text[]) WITH ORDINALITY AS asked (id, number)
    JOIN event_presence ON whose = hashtextextended(asked.id, 0)
    WHERE month <= %(last)s::date AND month > %(first)s::date - 31
"""
_TAKEN = "SELECT batch FROM event_presence_todo WHERE day = %s"
_NOTED = "DELETE FROM event_presence_todo WHERE day = %s AND batch = ANY(%s)"
_NOTE = SQL("""
    INSERT INTO event_presence AS known (whose, month, days)
    SELECT whose, date_trunc('month', %(day)s::date), 1 << (extract(day FROM %(day)s::date)::int - 1)
    FROM ({whose}) AS found (whose)
    ON CONFLICT (whose, month) DO UPDATE SET days = known.days | excluded.days
    WHERE known.days & excluded.days <> excluded.days
""")
_OF_TABLE = SQL("""
    SELECT DISTINCT hashtextextended(coalesce(person::text, anonymous_id), 0) FROM {table}
    WHERE person IS NOT NULL OR anonymous_id IS NOT NULL
""")
_OF_FILE = SQL("SELECT DISTINCT hashtextextended(id, 0) FROM unnest(%(ids)s::text[]) AS id")
_LEFT = """
    SELECT part, archived_at IS NOT NULL FROM event_archive WHERE day = %s ORDER BY part
"""
_MOVE = """
    WITH asked AS (
        SELECT hashtextextended(old, 0) AS old, hashtextextended(new, 0) AS new
        FROM unnest(%(old)s::text[], %(new)s::text[]) AS each (old, new)
    ), gone AS (
        DELETE FROM event_presence USING asked WHERE whose = asked.old
        RETURNING asked.new, month, days
    )
    INSERT INTO event_presence AS known (whose, month, days) SELECT new, month, days FROM gone
    ON CONFLICT (whose, month) DO UPDATE SET days = known.days | excluded.days
"""


class Connects(Protocol):
    """A store, as far as it is needed here."""

    def connection(self) -> AbstractContextManager[Connection[Any]]: ...


def mark(connection: Connection[Any], days: Iterable[date], *, today: date, batch: int) -> None:
    """Say that this batch has brought events of days that are noted already, or may be."""
    if late := [day for day in days if day <= today - _MARKED]:
        connection.execute(_MARK, [late, batch])


def unknown(connection: Connection[Any], last: date) -> list[date]:
    """The days of which nothing is noted, up to this one. To be asked before `present` is."""
    return [day for (day,) in connection.execute(_UNKNOWN, {"last": last})]


def present(
    connection: Connection[Any], ids: Collection[str], first: date, last: date
) -> list[tuple[int, date, int]]:
    """(number of the id from 1, month, its days as bits) of what is noted."""
    if not ids:
        return []
    first = max(first, date(1970, 1, 1))
    return connection.execute(_PRESENT, {"ids": list(ids), "first": first, "last": last}).fetchall()


def move(connection: Connection[Any], ids: Mapping[str, str]) -> None:
    """What is noted of these ids is from now on of others."""
    connection.execute(_MOVE, {"old": list(ids), "new": list(ids.values())})


@dataclass(frozen=True)
class Presence:
    """`shelf` has the archived files."""

    store: Connects
    shelf: Shelf

    def catch_up(self, now: datetime) -> int:
        """Note the days that are over, and those that were marked; how many. Each is a transaction.

        Nothing when days are leaving, or being erased, at the moment. Raises ArchiveFailed.
        """
        with self.store.connection() as guard:
            locked = "SELECT pg_try_advisory_xact_lock(%s)"
            if guard.execute(locked, [retention._LOCK]).fetchone() != (True,):
                return 0
            over = now.date() - _OVER
            with self.store.connection() as connection:
                days = sorted(day for day in unknown(connection, over) if day <= over)
            for day in days[:_MOST]:
                self._note(day)
        return len(days[:_MOST])

    def _note(self, day: date) -> None:
        with self.store.connection() as connection:
            # What is marked after this was read is noted another time.
            marks = [batch for (batch,) in connection.execute(_TAKEN, [day])]
            for table in self._tables(connection, day):
                query = _NOTE.format(whose=_OF_TABLE.format(table=Identifier(table)))
                connection.execute(query, {"day": day})
            self._note_files(connection, day)
            connection.execute(_NOTED, [day, marks])
            connection.execute(
                "UPDATE event_presence_through SET day = %s WHERE day = %s - 1", [day, day]
            )

    def _tables(self, connection: Connection[Any], day: date) -> list[str]:
        parts = [part for part, is_file in connection.execute(_LEFT, [day]) if not is_file]
        names = [partitions.name(day), *(retention.leaving_table(day, part) for part in parts)]
        there = "SELECT to_regclass(%s)"
        return [name for name in names if connection.execute(there, [name]).fetchone() != (None,)]

    def _note_files(self, connection: Connection[Any], day: date) -> None:
        for part in [part for part, is_file in connection.execute(_LEFT, [day]) if is_file]:
            ids = sorted(archived_rows.whose(retention.file_of(self.shelf, day, part)))
            query = _NOTE.format(whose=_OF_FILE)
            for first in range(0, len(ids), _AT_ONCE):
                connection.execute(query, {"day": day, "ids": ids[first : first + _AT_ONCE]})
