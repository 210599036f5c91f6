"""Makes people pseudonymous in a PostgreSQL store: raw events, files, projections.

Each day is a transaction of its own. The new ids are kept in `event_pseudonym` until all is done, so who is
interrupted calls again and goes on with the same; a row that is rewritten is not found any more.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID, uuid4

from psycopg import Connection
from psycopg.sql import SQL, Identifier

from events.steps import step
from events.store import archive, presence, projections
from events.store.pseudonyms import Pseudonyms, Rewrite, Rewritten, hashed
from events.store.shelf import Kept

_AT_ONCE = 500  # rows
_KEEP = """
    INSERT INTO event_pseudonym (of, id) SELECT * FROM unnest(%s::bytea[], %s::uuid[])
    ON CONFLICT (of) DO NOTHING
"""
_KEPT = "SELECT of, id FROM event_pseudonym WHERE of = ANY(%s)"
_FORGET = "DELETE FROM event_pseudonym WHERE of = ANY(%s)"
_CANDIDATES = SQL("""
    SELECT ctid::text, name, person, anonymous_id, properties::text, context::text FROM {table}
    WHERE person = ANY(%(persons)s) OR anonymous_id = ANY(%(browsers)s)
          OR properties::text LIKE ANY(%(patterns)s) OR context::text LIKE ANY(%(patterns)s)
    FOR UPDATE
""")
_CHANGE = SQL("""
    UPDATE {table} AS kept SET person = told.person, anonymous_id = told.anonymous_id,
           properties = told.properties::jsonb, context = told.context::jsonb
    FROM unnest(%s::text[], %s::uuid[], %s::text[], %s::text[], %s::text[])
         AS told (place, person, anonymous_id, properties, context)
    WHERE kept.ctid = told.place::tid
""")
_LIKE = str.maketrans({"\\": r"\\", "%": r"\%", "_": r"\_"})


class Connects(Protocol):
    """A store, as far as it is needed here."""

    def connection(self) -> AbstractContextManager[Connection[Any]]: ...


@dataclass(frozen=True)
class Rewriting:
    """In the order of its methods. Whoever calls keeps days from leaving for files meanwhile."""

    store: Connects

    def begin(
        self,
        persons: Collection[UUID],
        browsers: Collection[str],
        words: Collection[str],
        rewrite: Rewrite,
    ) -> Pseudonyms:
        """The new ids: those of an interrupted call, or fresh ones."""
        olds: list[UUID | str] = [*persons, *browsers]
        of = {old: hashed(old) for old in olds}
        with self.store.connection() as connection:
            connection.execute(_KEEP, [list(of.values()), [uuid4() for _ in olds]])
            ids = dict(connection.execute(_KEPT, [list(of.values())]).fetchall())
        step("pseudonymise.begun")
        return Pseudonyms(
            {old: ids[of[old]] for old in persons},
            {old: str(ids[of[old]]) for old in browsers},
            tuple(words),
            rewrite,
        )

    def raw(self, tables: Sequence[str], told: Pseudonyms) -> int:
        """All rows of these tables; how many were changed."""
        changed = 0
        for table in tables:
            with self.store.connection() as connection:
                changed += _rewrite(connection, table, told)
                step("pseudonymise.day-written")
            step("pseudonymise.day")
        return changed

    def end(self, told: Pseudonyms) -> int:
        """Projections, and whom there is something of; how many rows of projections."""
        projected = rename(told)
        step("pseudonymise.projected")
        with self.store.connection() as connection:
            presence.move(connection, told.ids)
            olds = [hashed(old) for old in told.ids]
            step("pseudonymise.ending")
            connection.execute(_FORGET, [olds])
        return projected


def in_files(files: Sequence[Kept], told: Pseudonyms, noted: Callable[[Kept], None]) -> int:
    """All rows of these files; how many were changed. `noted` is told of each file."""
    changed = 0
    for file in files:
        changed += archive.change(file, told.of_row)
        step("pseudonymise.file")
        noted(file)  # also after a crash between file and note
    return changed


def rename(told: Pseudonyms) -> int:
    """The projections' rows; how many."""
    return sum(each.rename(told.persons, told.browsers) for each in projections.registered())


def _rewrite(connection: Connection[Any], table: str, told: Pseudonyms) -> int:
    said = {
        "persons": list(told.persons),
        "browsers": list(told.browsers),
        "patterns": [f"%{needle.translate(_LIKE)}%" for needle in told.needles],
    }
    name, changed = Identifier(table), 0
    with connection.cursor("rewriting") as cursor:  # on the server: a day may be large
        cursor.execute(_CANDIDATES.format(table=name), said)
        for rows in _some(cursor.fetchmany):
            found = [(place, told.of(*row)) for place, *row in rows]
            news = [(place, new) for place, new in found if new is not None]
            if news:
                connection.execute(_CHANGE.format(table=name), _columns(news))
            changed += len(news)
    return changed


def _some(fetch: Callable[[int], list[Any]]) -> Iterator[list[Any]]:
    while rows := fetch(_AT_ONCE):
        yield rows


def _columns(news: Sequence[tuple[str, Rewritten]]) -> list[list[Any]]:
    return [
        [place for place, _ in news],
        [new.person for _, new in news],
        [new.anonymous_id for _, new in news],
        [new.properties for _, new in news],
        [new.context for _, new in news],
    ]
