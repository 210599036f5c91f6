"""The PostgreSQL store: COPY into a staging table, then one transaction of named steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any, Literal, Unpack
from uuid import UUID

import psycopg
from psycopg import Connection
from psycopg_pool import ConnectionPool

from events import projections
from events.circuit import Circuit
from events.errors import EventsUnstorable, StoreUnavailable
from events.event import Event
from events.store import copytext, finding, migrations, partitions
from events.store.interface import Stored, Wanted

_WAIT = 1.0  # seconds for a connection; the request path must not hang on its statistics
_KNOWN = "SELECT id FROM event_key WHERE id = ANY(%s::uuid[])"
_CLAIM = "COPY event_key (id, time) FROM STDIN"
_ADVANCE = """
    INSERT INTO event_reader AS known (reader, position, events, moved_at)
    VALUES (%s, %s, %s, now())
    ON CONFLICT (reader) DO UPDATE SET position = excluded.position,
        events = known.events + excluded.events, moved_at = excluded.moved_at
"""


class PostgresEventStore:
    """Events in a PostgreSQL database, with a pool of its own (not a Django database)."""

    kind: Literal["postgres"] = "postgres"

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
        """Store a batch in one transaction. See EventStore."""
        once = {event.id: event for event in reversed(batch)}
        self._prepare_days({event.time.date() for event in once.values()})
        # In the order of the ids: two consumers with the same events wait for each other, not deadlock.
        ordered = [once[event_id] for event_id in sorted(once)]
        while True:
            try:
                new = self._store(ordered, reader, position)
                return Stored(new=new, duplicates=len(batch) - new)
            except (
                psycopg.errors.UniqueViolation
            ):  # another consumer stored one meanwhile: look again
                continue
            except (psycopg.DataError, psycopg.IntegrityError, psycopg.NotSupportedError) as error:
                self._days.clear()  # a partition may have been dropped under us: look again next time
                raise EventsUnstorable(" ".join(str(error).split())[:500]) from error

    def _store(self, ordered: Sequence[Event], reader: str, position: str) -> int:
        with self.connection() as connection:
            known = _known(connection, ordered)
            new = [event for event in ordered if event.id not in known] if known else ordered
            if new:
                _copy(connection, _CLAIM, copytext.keys(new))
                _copy(connection, copytext.INTO.format("event"), copytext.encode(new))
                for projection in projections.registered():
                    projection.apply(connection, new)
            if reader:
                connection.execute(_ADVANCE, [reader, position, len(new)])
        return len(new)

    def find(self, **wanted: Unpack[Wanted]) -> list[Event]:
        """Raw events. See EventStore."""
        with self.connection() as connection:
            return finding.find(connection, **wanted)

    def raw_since(self) -> datetime | None:
        """All raw events are here."""
        return None

    def drop_before(self, day: date) -> list[str]:
        """Nothing yet."""
        return []

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


def _known(connection: Connection[Any], batch: Sequence[Event]) -> set[UUID]:
    ids = "{" + ",".join([event.id.hex for event in batch]) + "}"
    return {event_id for (event_id,) in connection.execute(_KNOWN, [ids])}


def _copy(connection: Connection[Any], statement: str, rows: bytes) -> None:
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(rows)
