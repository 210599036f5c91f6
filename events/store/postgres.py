"""The PostgreSQL store: each batch is one transaction of two COPYs and its projections.

First the ids are claimed in `event_key`, whose primary key decides what is new; nearly always all
are. Only when one is not, which ends the attempt, the known ones are looked up and left out.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import partial
from typing import Any, Literal, Unpack
from uuid import UUID

import psycopg
from psycopg import Connection

from events.errors import EventsUnstorable, StoreUnavailable
from events.event import Event
from events.postgres import Pool, is_away
from events.store import (
    copytext,
    finding,
    migrations,
    partitions,
    postgres_timeline,
    presence,
    projections,
    shelf,
    timeline,
)
from events.store.day_indexes import DayIndexes
from events.store.erasing import PostgresErasing
from events.store.interface import Stored, Wanted
from events.store.postgres_order import PostgresOrder
from events.store.projections import Addition
from events.store.retention import Retention

_WAIT = 1.0  # seconds for a connection; the request path must not hang on its statistics
_KNOWN = "SELECT id FROM event_key WHERE id = ANY(%s::uuid[])"
_CLAIM = "COPY event_key (id) FROM STDIN"
_BEGIN = "SELECT begin_event_batch(%s, %s, %s)"
_MANY = 1_000  # events; what fewer add is worked out on the way
_CAREFUL = 100  # batches after one with a known id, in which known ids are looked for first
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
        self._pool = Pool(
            url,
            what="events",
            min_size=0,
            max_size=pool_size,
            timeout=_WAIT,
            max_idle=15,
            open=False,
            kwargs={
                "connect_timeout": 2,
                "application_name": "plg events",
                "options": "-c timezone=UTC -c client_min_messages=warning",
            },
        )
        self._days: set[date] = set()
        self._careful = 0
        self._beside = ThreadPoolExecutor(1, thread_name_prefix="events-projections")

    @contextmanager
    def connection(self) -> Iterator[Connection[Any]]:
        """A connection in a transaction: committed at the end, rolled back after an error."""
        try:
            self._pool.open()
            with self._pool.connection() as connection:
                yield connection
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            if error.sqlstate and error.sqlstate.startswith("54"):  # a limit: the same next time
                raise EventsUnstorable(str(error)) from error
            raise StoreUnavailable(str(error)) from error
        except psycopg.InternalError as error:
            if is_away(error):  # its transaction stood still for too long
                raise StoreUnavailable(str(error)) from error
            raise

    def migrate(self) -> list[str]:
        """Apply the missing SQL files, and make the partitions of the coming days."""
        with self.connection() as connection:
            applied = migrations.apply_all(connection)
            partitions.create(connection, partitions.ahead(datetime.now(UTC).date()))
        return applied

    def append(self, batch: Sequence[Event], *, reader: str = "", position: str = "") -> Stored:
        """Store a batch (up to some 10,000 events) in one transaction. See EventStore."""
        once = {event.id.int: event for event in reversed(batch)}
        # In the order of the ids: two consumers with the same events wait for each other, not deadlock.
        ordered = [once[number] for number in sorted(once)]
        self._prepare_days(_days(ordered))
        try:
            new = self._store_new(ordered, reader, position)
        except (psycopg.DataError, psycopg.IntegrityError, psycopg.NotSupportedError) as error:
            raise EventsUnstorable(" ".join(str(error).split())[:500]) from error
        return Stored(new=new, duplicates=len(batch) - new)

    def _store_new(self, ordered: Sequence[Event], reader: str, position: str) -> int:
        """Try until nobody interferes; returns how many events were new."""
        has_looked = False
        while True:
            try:
                return self._try_to_store(ordered, reader, position)
            except psycopg.errors.UniqueViolation as error:
                if error.diag.table_name != "event_key":
                    raise
                self._careful = _CAREFUL  # some are known, perhaps only since a moment
            except psycopg.errors.CheckViolation:
                if has_looked:
                    raise
                has_looked = True
                self._days.clear()  # a partition was archived under us
                self._prepare_days(_days(ordered))

    def _try_to_store(self, ordered: Sequence[Event], reader: str, position: str) -> int:
        with self.connection() as connection:
            known = _known(connection, ordered) if self._careful else ()
            new = [event for event in ordered if event.id not in known] if known else ordered
            if new:
                additions = self._prepare(new)
                copytext.send(connection, _CLAIM, [copytext.ids(new, separator=b"\n")])
                number = _begin(connection, new)
                rows = copytext.rows(new, batch=number)
                copytext.copy(connection, "event", rows, columns=copytext.WITH_BATCH)
                today = datetime.now(UTC).date()
                presence.mark(connection, _days(new), today=today, batch=number)
                for add in additions():
                    add(connection)
            if reader:
                connection.execute(_ADVANCE, [reader, position, len(new)])
        self._careful = _CAREFUL if known else max(0, self._careful - 1)
        return len(new)

    def _prepare(self, new: Sequence[Event]) -> Callable[[], list[Addition]]:
        """What projections add. Of a large batch a thread works it out while the rows are sent: this
        one waits for the server most of that time."""
        if len(new) < _MANY:
            return partial(projections.prepare, new)
        return self._beside.submit(projections.prepare, new).result

    def find(self, **wanted: Unpack[Wanted]) -> list[Event]:
        """Raw events. See EventStore."""
        with self.connection() as connection:
            return finding.find(connection, **wanted)

    def timeline(
        self,
        persons: Collection[UUID],
        browsers: Collection[str],
        *,
        before: timeline.Mark | None,
        limit: int,
        **wanted: Unpack[timeline.Only],
    ) -> timeline.TimelinePage:
        """The events of one human, newest first. See EventStore."""
        asked = timeline.asked(persons, browsers, before, limit, **wanted)
        return postgres_timeline.page(self, shelf.chosen(), asked)

    def maintain(self, now: datetime) -> None:
        """What must be done each day: partitions of the coming days; ids too old to come again; whom
        there is something of, on which days."""
        with self.connection() as connection:
            partitions.create(connection, partitions.ahead(now.date()))
        self.retention.forget_ids(now)
        self.order.put_together(now)
        DayIndexes(self).make_missing()
        presence.Presence(self, shelf.chosen()).catch_up(now)

    @property
    def order(self) -> PostgresOrder:
        """See EventStore."""
        return PostgresOrder(self, shelf.chosen())

    @property
    def retention(self) -> Retention:
        """What keeps this database at its size. See EventStore."""
        return Retention(self, shelf.chosen())

    @property
    def erasing(self) -> PostgresErasing:
        """See EventStore."""
        return PostgresErasing(self, shelf.chosen())

    def close(self) -> None:
        """Close the pool."""
        self._pool.close()
        self._beside.shutdown(wait=False)

    def _prepare_days(self, days: set[date]) -> None:
        missing = days - self._days
        if missing:
            with self.connection() as connection:
                today = datetime.now(UTC).date()
                partitions.create(connection, missing | set(partitions.ahead(today)))
            self._days |= missing


def _begin(connection: Connection[Any], new: Sequence[Event]) -> int:
    """The number of the batch, by which readers find it once it is committed."""
    first, last = _span(new)
    [number] = connection.execute(_BEGIN, [first, last, len(new)]).fetchone() or [0]
    return int(number)


def _span(events: Sequence[Event]) -> tuple[datetime, datetime]:
    """The first and the last time of some events."""
    times = [event.time for event in events]
    return min(times), max(times)


def _days(events: Sequence[Event]) -> set[date]:
    """The days (UTC) of some events; nearly always all are of one."""
    if not events:
        return set()
    first, last = _span(events)
    if first.date() == last.date():
        return {first.date()}
    return {event.time.date() for event in events}


def _known(connection: Connection[Any], batch: Sequence[Event]) -> set[UUID]:
    ids = copytext.ids(batch, separator=b",").decode()
    connection.execute("SET LOCAL enable_seqscan = off")  # the planner would read all keys
    return {event_id for (event_id,) in connection.execute(_KNOWN, [f"{{{ids}}}"])}
