"""Reads the ClickHouse store in the order of storing. See postgres_order.py: a page asks the log first."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from clickhouse_connect.driver.client import Client

from events.store import archive, batch_order
from events.store.batch_order import BEGINNING, Batch, Behind, Found, Mark, Page, Span
from events.store.clickhouse import finding as finding
from events.store.clickhouse.batch import COLUMNS
from events.store.clickhouse.piles import Piles
from events.store.clickhouse.retention import ClickHouseRetention
from events.store.shelf import Shelf

_FOLLOWING = """
    SELECT number, min(first_time), max(last_time), max(events) FROM event_batch
    WHERE number >= {first:Int64} GROUP BY number ORDER BY number LIMIT {most:UInt32}
"""
_NEWEST = "SELECT max(number), count() FROM event_batch"
_AT = """
    SELECT min(number), count() FROM event_batch WHERE number IN (
        SELECT number FROM event_batch GROUP BY number
        HAVING min(stored_at) >= {instant:DateTime64(3, 'UTC')})
"""
_BEFORE = "SELECT max(number), count() FROM event_batch WHERE number < {number:Int64}"
_BEHIND = """
    SELECT sum(events), min(stored_at), count() FROM (
        SELECT max(events) AS events, min(stored_at) AS stored_at FROM event_batch
        WHERE number > {number:Int64} GROUP BY number)
"""
# As text: ClickHouse compares the second half of a UUID first.
_PAGE = """
    SELECT batch, {columns} FROM {table}
    WHERE batch BETWEEN {{first:UInt64}} AND {{last:UInt64}}
          AND toDate(time) BETWEEN {{first_day:Date}} AND {{last_day:Date}}
          AND time BETWEEN {{since:DateTime64(6, 'UTC')}} AND {{until:DateTime64(6, 'UTC')}}
          AND (batch, toString(id)) > ({{after:UInt64}}, {{event:String}}) {names}
    ORDER BY batch, toString(id) LIMIT {{most:UInt32}}
"""
_NAMES = "AND name IN {names:Array(String)}"


class Connects(Protocol):
    """A store, as far as it is needed here."""

    def connection(self) -> AbstractContextManager[Client]: ...

    def alone(self) -> AbstractContextManager[Any]: ...

    def command(self, statement: str) -> None: ...


@dataclass(frozen=True)
class ClickHouseOrder:
    """See Order. `shelf` has the archived files; `settings` are those of a consistent read."""

    store: Connects
    shelf: Shelf
    settings: Mapping[str, Any]

    def newest(self) -> int:
        [number, _] = self._row(_NEWEST)
        return int(number)

    def end(self) -> Mark:
        return self._mark(_NEWEST)

    def at(self, instant: datetime) -> Mark:
        known = batch_order.as_far_as_known(instant, datetime.now(UTC))
        [number, count] = self._row(_AT, instant=known)
        return self._mark(_BEFORE, number=number) if count else self.end()

    def behind(self, mark: Mark) -> Behind:
        [events, since, count] = self._row(_BEHIND, number=mark.number)
        return Behind(int(events), since if count else None)

    def page(self, after: Mark, *, names: Collection[str] | None, most: int) -> Page:
        first = after.number + after.is_whole
        rows = self._rows(_FOLLOWING, first=first, most=batch_order.MOST_BATCHES)
        batches = batch_order.chosen((Batch(*row) for row in rows), most=most)
        if not batches:
            return Page((), after)
        span = Span.of(batches, after)
        sources = [self._of_table("event", span, names, most)]
        sources.append(self._of_table("event_leaving", span, names, most))
        sources += self._in_files(span, names, most)
        return batch_order.page_of(batches, sources, most=most)

    def put_together(self, now: datetime) -> int:
        """Make few rows of many old ones; returns how many batches now stand for others, too."""
        return Piles(self.store, self.settings).make(now)

    def _in_files(
        self, span: Span, names: Collection[str] | None, most: int
    ) -> Iterator[list[Found]]:
        days = set(span.days)
        kept = ClickHouseRetention(self.store, self.shelf)
        for note in kept.notes():
            # A note may say "not finished" while its file is there, and the rows nowhere else.
            if note.day in days and (note.archived_at or archive.exists(kept.file(note))):
                yield batch_order.in_file(kept.file(note), span, names=names, most=most)

    def _of_table(
        self, table: str, span: Span, names: Collection[str] | None, most: int
    ) -> list[Found]:
        only = "" if names is None else _NAMES
        query = _PAGE.format(columns=", ".join(COLUMNS), table=table, names=only)
        rows = self._rows(
            query,
            first=span.first, last=span.last, since=span.since, until=span.until,
            first_day=span.days[0], last_day=span.days[-1],
            after=span.after.number, event=str(span.after.event), most=most,
            names=sorted(names or ()),
        )  # fmt: skip
        events = finding.events([row[1:] for row in rows])
        return [(row[0], event) for row, event in zip(rows, events, strict=True)]

    def _mark(self, query: str, **parameters: object) -> Mark:
        [number, count] = self._row(query, **parameters)
        return Mark(int(number)) if count else BEGINNING

    def _row(self, query: str, **parameters: object) -> Any:
        return self._rows(query, **parameters)[0]

    def _rows(self, query: str, **parameters: object) -> Any:
        with self.store.connection() as client:
            answer = client.query(query, parameters=parameters, settings=dict(self.settings))
            return answer.result_rows
