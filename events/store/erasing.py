"""Removes the events of a workspace, or of people, from a PostgreSQL store: raw, summed up, archived; or
lets them stay and makes people pseudonymous in them (rewriting.py).

Each day is a transaction of its own, and what is gone is gone: who is interrupted calls again.
Keys of events (`event_key`) stay for as long as a retry could come: random numbers that say nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, LiteralString, Protocol
from uuid import UUID

from psycopg import Connection
from psycopg.sql import SQL, Identifier

from events.store import archive, projections, pseudonyms
from events.store.archive import ArchiveFailed
from events.store.pseudonyms import Rewrite
from events.store.retention import _LOCK
from events.store.rewriting import Rewriting, in_files
from events.store.shelf import Kept, Shelf

_TABLES = """
    SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
    WHERE inhparent = 'event'::regclass
    UNION ALL SELECT relname FROM pg_class WHERE relname ~ '^event_leaving_[0-9]{8}_[0-9]+$'
    ORDER BY 1
"""
_NOTE = "UPDATE event_archive SET rows = %s, checksum = %s WHERE day = %s AND part = %s"
_TENANT = archive.COLUMNS.index("tenant")
_PERSON = archive.COLUMNS.index("person")
_BROWSER = archive.COLUMNS.index("anonymous_id")

Keep = Callable[[archive.Row], bool]


class Connects(Protocol):
    """A store, as far as it is needed here."""

    def connection(self) -> AbstractContextManager[Connection[Any]]: ...


@dataclass(frozen=True)
class Erased:
    """How many raw events, rows of projections, and events in archived files."""

    events: int = 0
    projected: int = 0
    archived: int = 0

    def __add__(self, other: Erased) -> Erased:
        return Erased(
            self.events + other.events,
            self.projected + other.projected,
            self.archived + other.archived,
        )


class Erasing(Protocol):
    """Safe to repeat. Raises StoreUnavailable, ArchiveFailed."""

    def workspace(self, tenant: str) -> Erased:
        """Remove everything of a workspace (its schema name)."""
        ...

    def people(self, persons: Collection[UUID], browsers: Collection[str]) -> Erased:
        """Remove what these people, or these browsers (anonymous ids), did outside of workspaces."""
        ...

    def pseudonymise(
        self,
        persons: Collection[UUID],
        browsers: Collection[str],
        words: Collection[str],
        *,
        rewrite: Rewrite,
    ) -> Erased:
        """Keep all events, inside of workspaces, too, and say of nobody any more: in raw events, files and
        projections these persons and browsers get ids at random, each one in all places, so that counts
        stay, of different people, too. Nobody can tell from the new id who it was.

        `rewrite` (pseudonyms.Rewrite) is handed the properties and the context of their events, and of
        those of others that mention one of `words` (as a whole value, or from six characters on anywhere
        in one). Returns how many were rewritten. Called again with the same after an interruption, it
        goes on with the same ids. What is stored later is not seen: call again then.
        At most pseudonyms.MOST_WORDS words (else ValueError).
        """
        ...


@dataclass(frozen=True)
class PostgresErasing:
    """See Erasing. `shelf` has the archived files."""

    store: Connects
    shelf: Shelf

    def workspace(self, tenant: str) -> Erased:
        with self._alone():
            events = self._delete("tenant = %s", [tenant])
            projected = sum(each.erase(tenant) for each in projections.registered())
            archived = self._rewrite(of_workspace(tenant))
        return Erased(events, projected, archived)

    def people(self, persons: Collection[UUID], browsers: Collection[str]) -> Erased:
        if not persons and not browsers:
            return Erased()
        where = "tenant IS NULL AND (person = ANY(%s) OR anonymous_id = ANY(%s))"
        with self._alone():
            events = self._delete(where, [list(persons), list(browsers)])
            return Erased(events, archived=self._rewrite(of_people(persons, browsers)))

    def pseudonymise(
        self,
        persons: Collection[UUID],
        browsers: Collection[str],
        words: Collection[str],
        *,
        rewrite: Rewrite,
    ) -> Erased:
        pseudonyms.check(words)
        if not persons and not browsers and not words:
            return Erased()
        rewriting = Rewriting(self.store)
        with self._alone():
            told = rewriting.begin(persons, browsers, words, rewrite)
            events = rewriting.raw(self._tables(), told)
            archived = in_files(archived_files(self.shelf), told, self._note)
            return Erased(events, rewriting.end(told), archived)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """No day leaves for a file meanwhile."""
        with self.store.connection() as guard:
            guard.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
            yield

    def _delete(self, where: LiteralString, parameters: list[Any]) -> int:
        gone = 0
        for table in self._tables():
            with self.store.connection() as connection:
                statement = SQL("DELETE FROM {} WHERE {}").format(Identifier(table), SQL(where))
                gone += connection.execute(statement, parameters).rowcount
        return gone

    def _tables(self) -> list[str]:
        with self.store.connection() as connection:
            return [table for (table,) in connection.execute(_TABLES)]

    def _rewrite(self, is_gone: Keep) -> int:
        gone = 0
        for file in archived_files(self.shelf):
            gone += archive.rewrite(file, without=is_gone)
            self._note(file)  # also after a crash between file and note
        return gone

    def _note(self, file: Kept) -> None:
        contents = archive.read_contents(file)
        with self.store.connection() as connection:
            said = [contents.rows, contents.checksum, contents.day, contents.part]
            connection.execute(_NOTE, said)


def archived_files(shelf: Shelf) -> list[Kept]:
    """All files of archived days. Raises ArchiveFailed."""
    try:
        return shelf.files()
    except OSError as error:
        raise ArchiveFailed(f"The files of archived days cannot be listed: {error}") from error


def of_workspace(tenant: str) -> Keep:
    """Whether a row of an archived file is the workspace's."""
    return lambda row: row[_TENANT] == tenant


def of_people(persons: Collection[UUID], browsers: Collection[str]) -> Keep:
    """Whether a row of an archived file is of these people, outside of workspaces."""
    ids, anonymous = {person.hex for person in persons}, set(browsers)
    return lambda row: row[_TENANT] is None and (row[_PERSON] in ids or row[_BROWSER] in anonymous)
