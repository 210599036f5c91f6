"""Reads timelines of the PostgreSQL store.

Of each day's table, and of each person and browser that has something in it, an index gives the newest
events: `= ANY` of several ids would lose the index's order. The tables are asked by their names: planning a
query of the whole log, even for one day of it, takes longer than asking that day.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

import msgspec
import psycopg
from psycopg import Connection, Cursor
from psycopg.sql import SQL, Composable, Identifier
from psycopg.types.json import set_json_loads

from events.errors import StoreUnavailable
from events.event import Event
from events.store import partitions, presence, retention, timeline
from events.store.shelf import Readable, Shelf
from events.store.timeline import Day, Left, Question, TimelinePage
from events.store.timeline_pages import page_of

_AS_EVENT = SQL("id, name, time, received_at, tenant, person, anonymous_id, properties, context")
_TRIES = 5  # for a page whose days move to files meanwhile
_THERE = """
    SELECT relname FROM pg_class
    WHERE relname = ANY(%s) AND relispartition AND relnamespace = 'public'::regnamespace
"""
_LEFT = """
    SELECT day, part, archived_at IS NOT NULL FROM event_archive
    WHERE day = ANY(%s) ORDER BY day DESC, part
"""
_NEWEST = SQL("""
    (SELECT found.* FROM unnest({ids}) AS asked (id) CROSS JOIN LATERAL (
        SELECT {columns} FROM {table}
        WHERE {whose} {conditions}
        ORDER BY time DESC, id DESC LIMIT %(most)s) AS found)
""")
_OF_PERSON = SQL("person = asked.id")
_OF_BROWSER = SQL(
    "person IS NULL AND anonymous_id = asked.id"
    " AND hashtextextended(anonymous_id, 0) = hashtextextended(asked.id, 0)"
)
_CONDITIONS = {
    "names": SQL("AND name = ANY(%(names)s)"),
    "tenant": SQL("AND tenant = %(tenant)s"),
    "start": SQL("AND time >= %(start)s"),
    "end": SQL("AND time < %(end)s"),
    "before": SQL("AND time <= %(time)s AND (time, id) < (%(time)s, %(event)s)"),
}


class Connects(Protocol):
    """A store, as far as it is needed here."""

    def connection(self) -> AbstractContextManager[Connection[Any]]: ...


def page(store: Connects, shelf: Shelf, asked: Question) -> TimelinePage:
    """Raises StoreUnavailable, ArchiveFailed."""
    for _ in range(_TRIES):
        try:
            with store.connection() as connection:
                looked = timeline.look(PostgresTimeline(connection, shelf), asked)
        except psycopg.errors.UndefinedTable:
            continue  # a day has left the log, or has become a file, meanwhile
        return page_of(looked, asked)
    raise StoreUnavailable("Days have been moving to files all the time.")


@dataclass
class PostgresTimeline:
    """See timeline.Reads. `shelf` has the archived files."""

    connection: Connection[Any]
    shelf: Shelf
    at_first = 2

    def days(self, asked: Question) -> list[Day]:
        unknown = presence.unknown(self.connection, asked.last_day)
        ids = timeline.ids_of(asked)
        present = presence.present(self.connection, ids, asked.first_day, asked.last_day)
        return timeline.days_of(asked, present, unknown)

    def stored(self, days: Sequence[Day], asked: Question) -> list[Event]:
        names = {partitions.name(each.day): each for each in days}
        there = {name for (name,) in self.connection.execute(_THERE, [list(names)])}
        return self._of_tables([(name, day) for name, day in names.items() if name in there], asked)

    def left(self, days: Sequence[Day], asked: Question) -> Left:
        by_day = {each.day: each for each in days}
        leaving: list[tuple[str, Day]] = []
        files: dict[date, list[Readable]] = {}
        for day, part, is_archived in self.connection.execute(_LEFT, [list(by_day)]):
            if is_archived:
                files.setdefault(day, []).append(retention.file_of(self.shelf, day, part))
            else:
                leaving.append((retention.leaving_table(day, part), by_day[day]))
        return Left(self._of_tables(leaving, asked), files)

    def _of_tables(self, tables: Sequence[tuple[str, Day]], asked: Question) -> list[Event]:
        if not tables:
            return []
        said: dict[str, Any] = {
            "names": list(asked.names), "tenant": asked.tenant, "most": asked.most,
            "start": asked.start, "end": asked.end,
        }  # fmt: skip
        wanted = {key for key in ("names", "tenant", "start", "end") if said[key]}
        if asked.before:
            wanted.add("before")
            said |= {"time": asked.before.time, "event": asked.before.event}
        conditions = SQL(" ").join(_CONDITIONS[key] for key in sorted(wanted))
        parts = [part for name, day in tables for part in _of_day(name, day, conditions, said)]
        query = SQL("{each} ORDER BY time DESC, id DESC LIMIT %(most)s").format(
            each=SQL(" UNION ALL ").join(parts)
        )
        with self.connection.cursor(row_factory=_event) as cursor:
            set_json_loads(msgspec.json.decode, cursor)
            return cursor.execute(query, said, prepare=False).fetchall()


def _of_day(table: str, day: Day, conditions: Composable, said: dict[str, Any]) -> list[Composable]:
    """The parts of a day; their ids are added to what is said."""
    named = {
        "columns": _AS_EVENT, "table": Identifier(table), "conditions": conditions,
    }  # fmt: skip
    parts: list[Composable] = []
    for ids, kind, whose in (
        (day.persons, "uuid[]", _OF_PERSON),
        (day.browsers, "text[]", _OF_BROWSER),
    ):
        if ids:
            name = f"ids{len(said)}"
            said[name] = list(ids)
            parts.append(_NEWEST.format(ids=SQL(f"%({name})s::{kind}"), whose=whose, **named))
    return parts


def _event(_: Cursor[Any]) -> Callable[[Any], Event]:
    return lambda row: Event(*row)
