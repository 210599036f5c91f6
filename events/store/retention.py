"""Raw events leave the PostgreSQL store by days: detached, archived, dropped, in steps that a crash
may come between.

1. One transaction detaches the day's partition and notes that it is leaving. From here on nobody
   writes to it; a late event of that day gets a new partition, and later a file of its own.
2. The table is written to a file, which is read again before it gets its name.
3. One transaction drops the table and notes the file.
Who comes next finds what is noted and not finished, and goes on from step 2.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Protocol

import structlog
from psycopg import Connection
from psycopg.sql import SQL, Identifier

from events.event import AHEAD, OLDEST
from events.store import archive, one_by_one, partitions
from events.store.archive import ArchiveFailed, Row
from events.store.shelf import Kept, Readable, Shelf

log = structlog.get_logger()

RESTORED_FOR = timedelta(days=7)  # how long a day that was brought back stays
_LOCK = 0x706C6766
_CHUNK = 10_000
_LEAVING = "SELECT day, part FROM event_archive WHERE archived_at IS NULL ORDER BY day, part"
_BROUGHT_BACK = "SELECT day FROM event_archive WHERE restored_at > now() - %s"
_NOTE = """
    INSERT INTO event_archive (day, part, file)
    SELECT %(day)s, coalesce(max(part), 0) + 1, '' FROM event_archive WHERE day = %(day)s
    RETURNING part
"""
_FINISH = """
    UPDATE event_archive SET file = %s, rows = %s, checksum = %s, archived_at = now()
    WHERE day = %s AND part = %s
"""
_EDGE = "SELECT max(day) FROM event_archive WHERE restored_at IS NULL"
_RETURNING = "CREATE TEMP TABLE returning_event (LIKE event INCLUDING DEFAULTS) ON COMMIT DROP"
_RETURN = """
    INSERT INTO event SELECT row.* FROM returning_event AS row WHERE NOT EXISTS (
        SELECT FROM event WHERE event.time = row.time AND event.id = row.id
        AND event.time >= %(start)s AND event.time < %(end)s)
"""
_KNOW_AGAIN = """
    INSERT INTO event_key (id, stored_at) SELECT id, received_at FROM returning_event
    ORDER BY id ON CONFLICT (id) DO NOTHING
"""
_NOTE_RETURN = """
    INSERT INTO event_archive (day, part, file, rows, checksum, archived_at, restored_at)
    VALUES (%s, %s, %s, %s, %s, now(), now())
    ON CONFLICT (day, part) DO UPDATE SET restored_at = now()
"""

_NOTE_PRESENCE = "INSERT INTO event_presence_todo (day, batch) VALUES (%s, 0)"


class Connects(Protocol):
    """A store, as far as it is needed here."""

    def connection(self) -> AbstractContextManager[Connection[Any]]: ...


@dataclass(frozen=True)
class Retention:
    """What keeps the store of one database at its size. `shelf` takes the files."""

    store: Connects
    shelf: Shelf

    def drop_before(self, day: date) -> list[str]:
        """Archive and drop the days before this one, and what an earlier run did not finish.

        Returns the files, in order; nothing when another process is at it. Raises ArchiveFailed, when
        the days that can be archived are.
        """
        with self.store.connection() as guard:  # held over all the transactions in between
            if guard.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK]).fetchone() != (True,):
                return []
            todo = self._todo(day)
            files = one_by_one.each(todo, self._archive, failing="events_day_not_archived")
        return [file for file in files if file is not None]

    def _todo(self, day: date) -> Iterator[tuple[date, int | None]]:
        """What an earlier run has begun, then the days that are due, but for those that it is about."""
        yield from self.leaving()
        failed = {each for each, _ in self.leaving()}
        yield from ((each, None) for each in self.due(day) if each not in failed)

    def _archive(self, leaving: tuple[date, int | None]) -> str | None:
        day, part = leaving
        if part is None:
            part = self.detach(day)
        return None if part is None else self.finish(day, part)

    def due(self, day: date) -> list[date]:
        """The days before this one that have a partition, without those just brought back."""
        with self.store.connection() as connection:
            rows = connection.execute(_BROUGHT_BACK, [RESTORED_FOR])
            kept = {brought for (brought,) in rows}
            return [each for each in partitions.days(connection) if each < day and each not in kept]

    def leaving(self) -> list[tuple[date, int]]:
        """(day, part) of what has left the log and is not archived yet."""
        with self.store.connection() as connection:
            return [(day, part) for day, part in connection.execute(_LEAVING)]

    def detach(self, day: date) -> int | None:
        """Step 1; returns the part. An empty partition is dropped at once: None."""
        with self.store.connection() as connection:
            connection.execute("SET LOCAL lock_timeout = '5s'")  # nobody waits longer behind us
            table = Identifier(partitions.name(day))
            connection.execute(SQL("ALTER TABLE event DETACH PARTITION {}").format(table))
            has_rows = SQL("SELECT EXISTS (SELECT FROM {})").format(table)
            if connection.execute(has_rows).fetchone() == (False,):
                connection.execute(SQL("DROP TABLE {}").format(table))
                return None
            [part] = connection.execute(_NOTE, {"day": day}).fetchone() or [0]
            leaving = Identifier(leaving_table(day, part))
            connection.execute(SQL("ALTER TABLE {} RENAME TO {}").format(table, leaving))
            return int(part)

    def finish(self, day: date, part: int) -> str:
        """Steps 2 and 3."""
        file = self.file(day, part)
        contents = archive.write(file, self._rows(leaving_table(day, part)), day=day, part=part)
        self.drop(contents, file)
        log.info("events_archived", day=str(day), rows=contents.rows, file=str(file))
        return str(file)

    def drop(self, contents: archive.Contents, file: Kept) -> None:
        """Step 3."""
        day, part = contents.day, contents.part
        with self.store.connection() as connection:
            connection.execute(SQL("DROP TABLE {}").format(Identifier(leaving_table(day, part))))
            found = [file.name, contents.rows, contents.checksum, day, part]
            connection.execute(_FINISH, found)

    def file(self, day: date, part: int) -> Kept:
        """Where the file of a day goes."""
        return file_of(self.shelf, day, part)

    def raw_since(self) -> datetime | None:
        """See EventStore."""
        with self.store.connection() as connection:
            [edge] = connection.execute(_EDGE).fetchone() or [None]
        return _midnight(edge + timedelta(days=1)) if edge else None

    def restore(self, file: Readable) -> int:
        """Bring the raw events of a file back; returns how many were missing. Safe to repeat.

        Projections have counted them, and are not told again. Raises ArchiveFailed.
        """
        contents = archive.read_contents(file)
        archive.verify(file, contents)
        day = contents.day
        with self.store.connection() as connection:
            partitions.create(connection, [day])
            connection.execute(_RETURNING)
            _copy_back(connection, file)
            span = {"start": _midnight(day), "end": _midnight(day + timedelta(days=1))}
            missing = connection.execute(_RETURN, span).rowcount
            connection.execute(_KNOW_AGAIN)
            noted = [day, contents.part, file.name, contents.rows, contents.checksum]
            connection.execute(_NOTE_RETURN, noted)
            connection.execute(_NOTE_PRESENCE, [day])
        log.info("events_restored", day=str(day), rows=missing, file=str(file))
        return missing

    def forget_ids(self, now: datetime) -> int:
        """Forget the ids of events that would be refused for their age; returns how many."""
        with self.store.connection() as connection:
            oldest = now - OLDEST - AHEAD - timedelta(days=1)
            return connection.execute(
                "DELETE FROM event_key WHERE stored_at < %s", [oldest]
            ).rowcount

    def _rows(self, table: str) -> Iterator[list[Row]]:
        query = SQL(
            "SELECT replace(id::text, '-', ''), time, received_at, replace(person::text, '-', ''),"
            " name, tenant, anonymous_id, properties::text, context::text, batch FROM {} ORDER BY time, id"
        ).format(Identifier(table))
        with (
            self.store.connection() as connection,
            connection.cursor("leaving") as cursor,  # on the server: a day may be large
        ):
            cursor.execute(query)
            while rows := cursor.fetchmany(_CHUNK):
                yield rows


def _copy_back(connection: Connection[Any], file: Readable) -> None:
    columns = ", ".join(archive.columns(file))
    statement = f"COPY returning_event ({columns}) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for rows in archive.read(file):
            for row in rows:
                copy.write_row(row)


def leaving_table(day: date, part: int) -> str:
    """Where the rows of a day are while they become a file."""
    return f"event_leaving_{day:%Y%m%d}_{part}"


def file_of(shelf: Shelf, day: date, part: int) -> Kept:
    """Where the file of a day goes."""
    return shelf.file(f"{day.year}/events-{day.isoformat()}-{part}.parquet")


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


__all__ = ["ArchiveFailed", "Retention"]
