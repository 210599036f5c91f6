"""Reads timelines of the PostgreSQL store.

Of each day's partition, and of each person and browser that has something in it, an index gives the newest
events: `= ANY` of several ids would lose the index's order, and planning a query over all partitions
would take longer than asking some.
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
from psycopg.sql import SQL, Composable, Identifier, Literal
from psycopg.types.json import set_json_loads

from events.errors import StoreUnavailable
from events.event import Event
from events.store import presence, retention, timeline
from events.store.shelf import Readable, Shelf
from events.store.timeline import Day, Question, Seen

_AS_EVENT = SQL("id, name, time, received_at, tenant, person, anonymous_id, properties, context")
_TRIES = 5  # for a look whose days move to files meanwhile
_LEFT = """
    SELECT day, part, archived_at IS NOT NULL FROM event_archive
    WHERE day = ANY(%s) ORDER BY day DESC, part
"""
_NEWEST = SQL("""
    (SELECT found.* FROM unnest({ids}) AS asked (id) CROSS JOIN LATERAL (
        SELECT {columns} FROM {table}
        WHERE {whose} AND time >= {start} AND time < {end} {conditions}
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


@dataclass(frozen=True)
class PostgresTimeline:
    """See timeline.Reads. `shelf` has the archived files."""

    store: Connects
    shelf: Shelf
    at_first = 1

    def days(self, asked: Question) -> list[Day]:
        with self.store.connection() as connection:
            unknown = presence.unknown(connection, asked.last_day)
            ids = timeline.ids_of(asked)
            present = presence.present(connection, ids, asked.first_day, asked.last_day)
        return timeline.days_of(asked, present, unknown)

    def see(self, days: Sequence[Day], asked: Question) -> Seen:
        for _ in range(_TRIES):
            try:
                # The log first: a day that is detached in between is then seen twice, not missed.
                sources = [self._of_table("event", days, asked)]
                leaving, files = self._left(days)
                sources += [self._of_table(table, [day], asked) for table, day in leaving]
            except psycopg.errors.UndefinedTable:
                continue  # it has become a file
            return Seen(list(timeline.merged(sources))[: asked.most], files)
        raise StoreUnavailable("Days have been moving to files all the time.")

    def _left(
        self, days: Sequence[Day]
    ) -> tuple[list[tuple[str, Day]], dict[date, list[Readable]]]:
        """Tables of days that are being written to a file, and files."""
        kept = retention.Retention(self.store, self.shelf)
        by_day = {each.day: each for each in days}
        leaving: list[tuple[str, Day]] = []
        files: dict[date, list[Readable]] = {}
        with self.store.connection() as connection:
            left = connection.execute(_LEFT, [list(by_day)]).fetchall()
        for day, part, is_archived in left:
            if is_archived:
                files.setdefault(day, []).append(kept.file(day, part))
            else:
                leaving.append((retention.leaving_table(day, part), by_day[day]))
        return leaving, files

    def _of_table(self, table: str, days: Sequence[Day], asked: Question) -> list[Event]:
        said = {
            "names": list(asked.names), "tenant": asked.tenant, "most": asked.most,
            "start": asked.start, "end": asked.end,
        }  # fmt: skip
        wanted = {key for key in ("names", "tenant", "start", "end") if said[key]}
        if asked.before:
            wanted.add("before")
            said |= {"time": asked.before.time, "event": asked.before.event}
        conditions = SQL(" ").join(_CONDITIONS[key] for key in sorted(wanted))
        query = SQL("{each} ORDER BY time DESC, id DESC LIMIT %(most)s").format(
            each=SQL(" UNION ALL ").join(
                part for day in days for part in _of_day(table, day, conditions, said)
            )
        )
        with (
            self.store.connection() as connection,
            connection.cursor(row_factory=_event) as cursor,
        ):
            set_json_loads(msgspec.json.decode, cursor)
            # Its plan is made for these very days: all other partitions are left out at once.
            return cursor.execute(query, said, prepare=False).fetchall()


def _of_day(table: str, day: Day, conditions: Composable, said: dict[str, Any]) -> list[Composable]:
    """The parts of a day; their ids are added to what is said."""
    named = {
        "columns": _AS_EVENT, "table": Identifier(table), "conditions": conditions,
        "start": Literal(day.start), "end": Literal(day.end),
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
