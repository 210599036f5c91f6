"""The PostgreSQL store: COPY into a staging table, then one transaction of named steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

import psycopg
from psycopg import Connection
from psycopg_pool import ConnectionPool

from events import projections
from events.circuit import Circuit
from events.errors import EventsUnstorable, StoreUnavailable
from events.event import Event
from events.store import copytext, migrations, partitions
from events.store.interface import Stored

_WAIT = 1.0  # seconds for a connection; the request path must not hang on its statistics
_ROWS = "arriving"  # the staging table of a connection: the batch, then what is new in it

_STAGE = f"CREATE TEMP TABLE IF NOT EXISTS {_ROWS} (LIKE event) ON COMMIT DELETE ROWS"
_COPY = f"COPY {_ROWS} ({copytext.COLUMNS}) FROM STDIN"
# In the order of the ids: two consumers with the same events wait for each other, not deadlock.
_DROP_KNOWN = f"""
    WITH claimed AS (
        INSERT INTO event_key (id, time) SELECT id, time FROM {_ROWS} ORDER BY id
        ON CONFLICT (id) DO NOTHING RETURNING id
    )
    DELETE FROM {_ROWS} AS row WHERE NOT EXISTS (SELECT FROM claimed WHERE claimed.id = row.id)
"""  # noqa: S608 (constants only)
_KEEP_RAW = f"INSERT INTO event ({copytext.COLUMNS}) SELECT {copytext.COLUMNS} FROM {_ROWS}"  # noqa: S608
_ADVANCE = """
    INSERT INTO event_reader AS known (reader, position, events, moved_at)
    VALUES (%s, %s, %s, now())
    ON CONFLICT (reader) DO UPDATE SET position = excluded.position,
        events = known.events + excluded.events, moved_at = excluded.moved_at
"""


class PostgresEventStore:
    """Events in a PostgreSQL database, with a pool of its own (not a Django database)."""

    def __init__(self, url: str, *, pool_size: int) -> None:
        self._pool = ConnectionPool(
            url,
            min_size=0,
            max_size=pool_size,
            timeout=_WAIT,
            max_idle=60,
            reconnect_timeout=1.0,  # else the pool's own pauses double up to minutes
            open=False,
            check=ConnectionPool.check_connection,
            kwargs={
                "connect_timeout": 2,
                "application_name": "plg events",
                "options": "-c timezone=UTC -c client_min_messages=warning",
            },
        )
        self._circuit = Circuit()
        self._days: set[date] = set()

    @contextmanager
    def connection(self) -> Iterator[Connection[Any]]:
        """A connection in a transaction: committed at the end, rolled back after an error."""
        if self._circuit.is_open:
            raise StoreUnavailable("The events database did not answer a moment ago.")
        try:
            self._pool.open()
            with self._pool.connection() as connection:
                self._circuit.succeeded()
                yield connection
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            if error.sqlstate is None:  # no word from the server; a deadlock is another matter
                self._circuit.failed()
            elif error.sqlstate.startswith("54"):  # a limit of the server: the same next time
                raise EventsUnstorable(str(error)) from error
            raise StoreUnavailable(str(error)) from error

    def migrate(self) -> list[str]:
        """Apply the missing SQL files, and make the partitions of the coming days."""
        with self.connection() as connection:
            applied = migrations.apply_all(connection)
            partitions.create(connection, partitions.ahead(datetime.now(UTC).date()))
        return applied

    def append(self, batch: Sequence[Event], *, reader: str = "", position: str = "") -> Stored:
        """Store a batch (up to some 10,000 events) in one transaction. See EventStore."""
        once = list({event.id: event for event in reversed(batch)}.values())
        self._prepare_days({event.time.date() for event in once})
        try:
            with self.connection() as connection:
                _stage(connection, once)
                new = len(once) - connection.execute(_DROP_KNOWN).rowcount
                if new:
                    connection.execute(_KEEP_RAW)
                    for projection in projections.registered():
                        projection.apply(connection, rows=_ROWS)
                if reader:
                    connection.execute(_ADVANCE, [reader, position, new])
        except (psycopg.DataError, psycopg.IntegrityError, psycopg.NotSupportedError) as error:
            self._days.clear()  # a partition may have been dropped under us: look again next time
            raise EventsUnstorable(" ".join(str(error).split())[:500]) from error
        return Stored(new=new, duplicates=len(batch) - new)

    def close(self) -> None:
        """Close the pool."""
        self._pool.close()

    def _prepare_days(self, days: set[date]) -> None:
        missing = days - self._days
        if missing:
            with self.connection() as connection:
                today = datetime.now(UTC).date()
                partitions.create(connection, missing | set(partitions.ahead(today)))
            self._days |= missing


def _stage(connection: Connection[Any], batch: Sequence[Event]) -> None:
    connection.execute(_STAGE)
    with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        copy.write(copytext.encode(batch))
