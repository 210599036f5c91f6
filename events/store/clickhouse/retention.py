"""Raw events leave the ClickHouse store by days: moved aside, archived, dropped, in steps that a crash
may come between.

1. While nobody writes, it is noted that the day is leaving, and its partition is moved aside. A late
   event of that day gets a new partition, and later a file of its own.
2. The partition is written to a file, which is read again before it gets its name.
3. The partition is dropped, and the file noted.
Who comes next finds what is noted and not finished, and goes on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from uuid import UUID

import structlog
from clickhouse_connect.driver.client import Client

from events.event import AHEAD, OLDEST
from events.store import archive, one_by_one
from events.store.archive import Row
from events.store.clickhouse import presence
from events.store.clickhouse.batch import RAW
from events.store.clickhouse.writer import Turn
from events.store.retention import RESTORED_FOR
from events.store.shelf import Kept, Readable, Shelf

log = structlog.get_logger()

_NOTE = ("day", "part", "file", "rows", "checksum", "archived_at", "restored_at", "version")
_AS_ARCHIVED = """
    SELECT replaceAll(toString(id), '-', ''), time, received_at,
           replaceAll(toString(person), '-', ''), name, nullIf(tenant, ''), anonymous_id,
           properties, context, toInt64(batch)
    FROM event_leaving WHERE toDate(time) = {day:Date} ORDER BY time, toString(id)
"""
_DAYS = """
    SELECT DISTINCT toDate(partition) FROM system.parts
    WHERE database = currentDatabase() AND table = {table:String} AND active AND rows > 0 ORDER BY 1
"""


class Writes(Protocol):
    """A store, as far as it is needed here."""

    def connection(self) -> AbstractContextManager[Client]: ...

    def alone(self) -> AbstractContextManager[Turn]: ...


@dataclass(frozen=True)
class Note:
    """A row of event_archive."""

    day: date
    part: int
    file: str = ""
    rows: int = 0
    checksum: str = ""
    archived_at: datetime | None = None
    restored_at: datetime | None = None
    version: int = 0


@dataclass(frozen=True)
class ClickHouseRetention:
    """What keeps the store at its size. `shelf` takes the files."""

    store: Writes
    shelf: Shelf

    def drop_before(self, day: date) -> list[str]:
        """Archive and drop the days before this one; returns the files.

        Raises ArchiveFailed, when the days that can be archived are.
        """
        return one_by_one.each(self._todo(day), self._archive, failing="events_day_not_archived")

    def _todo(self, day: date) -> Iterator[Note | date]:
        """What an earlier run has begun, then the days that are due, but for those that it is about."""
        yield from self.leaving()
        failed = {note.day for note in self.leaving()}
        yield from (each for each in self.due(day) if each not in failed)

    def _archive(self, leaving: Note | date) -> str:
        return self.finish(leaving if isinstance(leaving, Note) else self.move(leaving))

    def due(self, day: date) -> list[date]:
        """The days before this one that have raw events, without those just brought back."""
        since = datetime.now(UTC) - RESTORED_FOR
        kept = {note.day for note in self.notes() if note.restored_at and note.restored_at > since}
        return [each for each in self._days("event") if each < day and each not in kept]

    def leaving(self) -> list[Note]:
        """What is noted and not finished."""
        return [note for note in self.notes() if note.archived_at is None]

    def move(self, day: date) -> Note:
        """Step 1."""
        with self.store.alone():
            parts = [note.part for note in self.notes() if note.day == day]
            note = Note(day, max(parts, default=0) + 1)
            self._write(note)
            self._move_aside(day)
        return note

    def finish(self, note: Note) -> str:
        """Steps 2 and 3."""
        file = self.file(note)
        with self.store.alone():
            if note.day not in self._days("event_leaving") and not archive.exists(file):
                self._move_aside(note.day)  # a crash came before it
        if note.day in self._days("event_leaving"):
            contents = archive.write(file, self._rows(note.day), day=note.day, part=note.part)
            self.drop(note.day)
        else:
            contents = archive.read_contents(file)
        self._write(replace(_told(note, file, contents), archived_at=datetime.now(UTC)))
        log.info("events_archived", day=str(note.day), rows=contents.rows, file=str(file))
        return str(file)

    def drop(self, day: date) -> None:
        """Step 3, without the note."""
        with self.store.connection() as client:
            client.command(f"ALTER TABLE event_leaving DROP PARTITION '{day}'")

    def file(self, note: Note) -> Kept:
        """Where the file of a day goes."""
        return self.shelf.file(f"{note.day.year}/events-{note.day}-{note.part}.parquet")

    def raw_since(self) -> datetime | None:
        """See EventStore."""
        gone = [note.day for note in self.notes() if note.restored_at is None]
        return _midnight(max(gone) + timedelta(days=1)) if gone else None

    def correct(self, file: Kept) -> None:
        """Note what a file holds now: rows were taken out of it."""
        contents = archive.read_contents(file)
        for note in self.notes():
            same = (note.rows, note.checksum) == (contents.rows, contents.checksum)
            if (note.day, note.part) == (contents.day, contents.part) and not same:
                self._write(_told(note, file, contents))

    def restore(self, file: Readable) -> int:
        """Bring the raw events of a file back; returns how many were missing. Safe to repeat.

        Projections have counted them, and are not told again. Raises ArchiveFailed.
        """
        contents = archive.read_contents(file)
        archive.verify(file, contents)
        missing = 0
        with self.store.alone():
            for rows in archive.read(file):
                missing += self._bring_back(contents.day, rows)
            known = [n for n in self.notes() if (n.day, n.part) == (contents.day, contents.part)]
            note = known[0] if known else Note(contents.day, contents.part)
            now = datetime.now(UTC)
            note = _told(note, file, contents)
            self._write(replace(note, archived_at=note.archived_at or now, restored_at=now))
        log.info("events_restored", day=str(contents.day), rows=missing, file=str(file))
        return missing

    def forget_ids(self, now: datetime) -> None:
        """Forget the ids of events that would be refused for their age, a month at a time."""
        oldest = now - OLDEST - AHEAD - timedelta(days=1)
        with self.store.connection() as client:
            rows = client.query("SELECT DISTINCT month FROM event_key").result_rows
            for (month,) in rows:
                if month < oldest.year * 100 + oldest.month:
                    client.command(f"ALTER TABLE event_key DROP PARTITION {month}")

    def _move_aside(self, day: date) -> None:
        with self.store.connection() as client:
            client.command(f"ALTER TABLE event MOVE PARTITION '{day}' TO TABLE event_leaving")

    def _rows(self, day: date) -> Iterator[list[Row]]:
        with (
            self.store.connection() as client,
            client.query_row_block_stream(_AS_ARCHIVED, parameters={"day": day}) as blocks,
        ):
            for block in blocks:
                yield [tuple(row) for row in block]

    def _bring_back(self, day: date, rows: list[Row]) -> int:
        """Those of these rows whose events are not there; their ids are known from here on."""
        with self.store.connection() as client:
            here = _among(client, "replaceAll(toString(id), '-', '')", _of_day(day), rows)
            lost = [
                dict(zip(archive.COLUMNS, row, strict=False)) for row in rows
            ]  # old files: no batch
            lost = [row for row in lost if row["id"] not in here]
            if lost:
                filled = [
                    [row["tenant"] or "" if name == "tenant" else row.get(name, 0) for name in RAW]
                    for row in lost
                ]
                client.insert("event", filled, column_names=RAW)
                presence.add(client, day, {_whose(row) for row in lost})
            known = _among(client, "lower(hex(id))", "event_key", rows)
            keys = [
                [bytes.fromhex(row[0]), row[2].year * 100 + row[2].month, 0]
                for row in rows
                if row[0] not in known
            ]
            if keys:
                client.insert("event_key", keys, column_names=["id", "month", "batch"])
        return len(lost)

    def _days(self, table: str) -> list[date]:
        with self.store.connection() as client:
            found = client.query(_DAYS, parameters={"table": table})
            return [day for (day,) in found.result_rows]

    def notes(self, *, among: Sequence[date] | None = None) -> list[Note]:
        """What is known of days that left, of all or of these, in order."""
        only = "" if among is None else "WHERE day IN {days:Array(Date)}"
        query = f"SELECT {', '.join(_NOTE)} FROM event_archive FINAL {only} ORDER BY day, part"  # noqa: S608
        with self.store.connection() as client:
            rows = client.query(query, parameters={"days": list(among or ())}).result_rows
        return [Note(*row) for row in rows]

    def _write(self, note: Note) -> None:
        row = [getattr(replace(note, version=note.version + 1), name) for name in _NOTE]
        with self.store.connection() as client:
            client.insert("event_archive", [row], column_names=_NOTE)


def _told(note: Note, file: Readable, contents: archive.Contents) -> Note:
    return replace(note, file=file.name, rows=contents.rows, checksum=contents.checksum)


def _whose(row: dict[str, object]) -> str | None:
    """As event_presence names them."""
    return str(UUID(str(row["person"]))) if row["person"] else row["anonymous_id"]  # type: ignore[return-value]


def _among(client: Client, column: str, table: str, rows: list[Row]) -> set[str]:
    """Which ids of these rows a table has, as 32 hex digits."""
    ids = ", ".join([f"'{row[0]}'" for row in rows])
    query = f"SELECT {column} AS word FROM {table} WHERE word IN ({ids})"  # noqa: S608
    found = client.query(query, settings={"max_query_size": len(query) + 1024})
    return {word for (word,) in found.result_rows}


def _of_day(day: date) -> str:
    return f"(SELECT id FROM event WHERE toDate(time) = '{day}')"  # noqa: S608


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
