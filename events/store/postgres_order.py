"""Reads the PostgreSQL store in the order of storing.

A page is asked of the log first and of what has left it afterwards: a day that is detached, archived
or brought back in between is then seen twice rather than not at all, and an id is taken once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import msgspec
import psycopg
from psycopg import Connection, Cursor
from psycopg.sql import SQL, Composable, Identifier
from psycopg.types.json import set_json_loads

from events.errors import StoreUnavailable
from events.event import Event
from events.store import batch_order, retention
from events.store.batch_order import BEGINNING, Batch, Behind, Found, Mark, Page, Span
from events.store.shelf import Shelf

_AS_EVENT = "id, name, time, received_at, tenant, person, anonymous_id, properties, context"
_TRIES = 5  # for a page whose days move to files while it is read
_NEWEST = "SELECT last_value FROM event_batch_number"
_FINISHED = "SELECT finished_event_batch()"
_FOLLOWING = """
    SELECT number, first_time, last_time, events FROM event_batch
    WHERE number >= %s AND number <= %s ORDER BY number LIMIT %s
"""
_END = "SELECT max(number) FROM event_batch WHERE number <= %s"
_AT = "SELECT min(number) FROM event_batch WHERE stored_at >= %s"
_BEFORE = "SELECT max(number) FROM event_batch WHERE number < %s"
_BEHIND = """
    SELECT coalesce(sum(events), 0)::bigint, min(stored_at) FROM event_batch WHERE number > %s
"""
_LEFT = """
    SELECT day, part, file, archived_at IS NOT NULL FROM event_archive
    WHERE day = ANY(%s) ORDER BY day, part
"""
_PAGE = SQL("""
    SELECT {columns}, batch FROM {table}
    WHERE batch BETWEEN %(first)s AND %(last)s AND time BETWEEN %(since)s AND %(until)s
          AND (batch, id) > (%(after)s, %(event)s) {names}
    ORDER BY batch, id LIMIT %(most)s
""")
# Batches of an hour that is a week ago become one row, as long as they are few events. `number` is
# that of the last, so that a mark inside stays where it is.
_PUT_TOGETHER = """
    WITH old AS (
        SELECT *, date_trunc('hour', stored_at) AS hour,
               (sum(events) OVER (ORDER BY number) - events)::bigint / %(events)s AS pile
        FROM event_batch WHERE number > 0 AND number <= %(finished)s AND stored_at < %(before)s
    ), piles AS (
        SELECT max(number) AS number, min(first_time) AS first_time, max(last_time) AS last_time,
               sum(events)::bigint AS events, min(stored_at) AS stored_at,
               array_agg(number) AS numbers
        FROM old GROUP BY hour, pile HAVING count(*) > 1
    ), gone AS (
        DELETE FROM event_batch USING piles
        WHERE event_batch.number = ANY(piles.numbers) AND event_batch.number <> piles.number
    )
    UPDATE event_batch SET first_time = piles.first_time, last_time = piles.last_time,
           events = piles.events, stored_at = piles.stored_at
    FROM piles WHERE event_batch.number = piles.number
"""


class Connects(Protocol):
    """A store, as far as it is needed here."""

    def connection(self) -> AbstractContextManager[Connection[Any]]: ...


@dataclass(frozen=True)
class PostgresOrder:
    """See Order. `shelf` has the archived files."""

    store: Connects
    shelf: Shelf

    def newest(self) -> int:
        return int(self._one(_NEWEST) or 0)

    def end(self) -> Mark:
        number = self._one(_END, self._one(_FINISHED))
        return BEGINNING if number is None else Mark(number)

    def at(self, instant: datetime) -> Mark:
        number = self._one(_AT, batch_order.as_far_as_known(instant, datetime.now(UTC)))
        if number is None:
            return self.end()
        before = self._one(_BEFORE, number)
        return BEGINNING if before is None else Mark(before)

    def behind(self, mark: Mark) -> Behind:
        with self.store.connection() as connection:
            rows = connection.execute(_BEHIND, [mark.number]).fetchone()
        events, since = rows or (0, None)
        return Behind(events, since)

    def page(self, after: Mark, *, names: Collection[str] | None, most: int) -> Page:
        batches = self._following(after, most)
        if not batches:
            return Page((), after)
        span = Span.of(batches, after)
        for _ in range(_TRIES):
            try:
                sources = [self._in_log(span, names, most), *self._elsewhere(span, names, most)]
            except psycopg.errors.UndefinedTable:
                continue  # it has become a file
            return batch_order.page_of(batches, sources, most=most)
        raise StoreUnavailable("Days have been moving to files all the time.")

    def put_together(self, now: datetime) -> int:
        """Make few rows of many old ones; returns how many batches now stand for others, too."""
        with self.store.connection() as connection:
            said = {
                "events": batch_order.PILE,
                "finished": self._one(_FINISHED),
                "before": now - batch_order.OLD,
            }
            return connection.execute(_PUT_TOGETHER, said).rowcount

    def _following(self, after: Mark, most: int) -> list[Batch]:
        first = after.number + after.is_whole
        with self.store.connection() as connection:
            # Two statements: what is looked at must be at least as new as what is known finished.
            [finished] = connection.execute(_FINISHED).fetchone() or [0]
            if finished < first:
                return []
            rows = connection.execute(_FOLLOWING, [first, finished, batch_order.MOST_BATCHES])
            return batch_order.chosen((Batch(*row) for row in rows), most=most)

    def _in_log(self, span: Span, names: Collection[str] | None, most: int) -> list[Found]:
        return self._of_table("event", span, names, most)

    def _elsewhere(
        self, span: Span, names: Collection[str] | None, most: int
    ) -> Iterator[list[Found]]:
        """What has left the log: days that are being written to a file, and files."""
        with self.store.connection() as connection:
            left = connection.execute(_LEFT, [span.days]).fetchall()
        kept = retention.Retention(self.store, self.shelf)
        for day, part, _, is_archived in left:
            if is_archived:
                file = kept.file(day, part)
                yield batch_order.in_file(file, span, names=names, most=most)
            else:
                yield self._of_table(retention.leaving_table(day, part), span, names, most)

    def _of_table(
        self, table: str, span: Span, names: Collection[str] | None, most: int
    ) -> list[Found]:
        said = {
            "first": span.first, "last": span.last, "since": span.since, "until": span.until,
            "after": span.after.number, "event": span.after.event, "most": most,
            "names": None if names is None else list(names),
        }  # fmt: skip
        only: Composable = SQL("") if names is None else SQL("AND name = ANY(%(names)s)")
        query = _PAGE.format(columns=SQL(_AS_EVENT), table=Identifier(table), names=only)
        with (
            self.store.connection() as connection,
            connection.cursor(row_factory=_found) as cursor,
        ):
            set_json_loads(msgspec.json.decode, cursor)
            return cursor.execute(query, said, prepare=False).fetchall()

    def _one(self, query: str, *parameters: object) -> Any:
        with self.store.connection() as connection:
            row = connection.execute(query, parameters).fetchone()
        return row[0] if row else None


def _found(_: Cursor[Any]) -> Callable[[Any], Found]:
    return lambda row: (row[9], Event(*row[:9]))
