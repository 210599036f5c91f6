"""The ClickHouse store: exactly once without transactions.

A batch goes into several tables, each by an insert that is atomic by itself. What makes them one:

1. One process writes at a time (clickhouse_writer.py: a turn in Redis, with a lease).
2. Ids that are stored already are left out (`event_key`).
3. What is left is kept in Redis, byte by byte as it will be sent, with a number and a token.
4. The raw rows are inserted first, then keys and projections, each under a token of batch and table:
   the server drops a repeat. All rows carry the batch's number.
5. The batch is taken out of Redis, the turn is given back.

Whoever takes the next turn finishes first what it finds, before it looks at events of its own. The
crash points, what the tokens do not cover, and what a Redis that lost its last second means, are in
docs/decisions/0007-exactly-once-in-clickhouse.md.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal, Unpack
from uuid import UUID

import redis
import structlog
from clickhouse_connect.driver.client import Client

from events.errors import EventsUnstorable
from events.event import Event
from events.store import shelf, timeline
from events.store.clickhouse import finding, schema
from events.store.clickhouse.batch import ClickHouseBatch, Insert, Record, token_of
from events.store.clickhouse.client import ClickHouse
from events.store.clickhouse.erasing import ClickHouseErasing
from events.store.clickhouse.known import ids_known
from events.store.clickhouse.order import ClickHouseOrder
from events.store.clickhouse.presence import ClickHousePresence
from events.store.clickhouse.retention import ClickHouseRetention
from events.store.clickhouse.timeline import ClickHouseTimeline
from events.store.clickhouse.writer import Turn, Writer
from events.store.interface import Stored, Wanted
from events.store.timeline_pages import page_of

log = structlog.get_logger()

LEASE = 10.0  # seconds without a word from the writer, then another takes over
_AT_ONCE = 4  # inserts
_READING = {
    "date_time_input_format": "best_effort",  # ISO 8601 with a zone
    "input_format_json_read_objects_as_strings": 1,
    "input_format_skip_unknown_fields": 1,
    "input_format_tsv_empty_as_default": 1,
    "max_partitions_per_insert_block": 0,  # an import spans many days
    "async_insert": 0,  # an answer means stored
}
_QUORUM = {"insert_quorum": "auto", "insert_quorum_parallel": 0}


class ClickHouseEventStore:
    """Events in a ClickHouse database; the turn to write and the batch in hand in Redis."""

    kind: Literal["clickhouse"] = "clickhouse"

    def __init__(
        self,
        url: str,
        *,
        redis_client: redis.Redis,
        key: str,
        cluster: str = "",
        lease: float = LEASE,
    ) -> None:
        self._clickhouse = ClickHouse(url)
        self._writer = Writer(redis_client, key=key, lease=lease)
        self._cluster = cluster
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="clickhouse")

    @contextmanager
    def connection(self) -> Iterator[Client]:
        """A client of clickhouse-connect. See EventStore."""
        with self._clickhouse.connection() as client:
            yield client

    def migrate(self) -> list[str]:
        """Make the database and apply the missing SQL files."""
        self._clickhouse.make_database(schema.on_cluster(self._cluster))
        with self.connection() as client:
            return schema.apply_all(client, cluster=self._cluster)

    def append(self, batch: Sequence[Event], *, reader: str = "", position: str = "") -> Stored:
        """Store a batch in the steps that this module's docstring names. See EventStore."""
        once = {event.id.int: event for event in reversed(batch)}
        ordered = [once[number] for number in sorted(once)]
        with self._writer.turn() as turn:
            self._finish_unfinished(turn)
            with self.connection() as client:
                known = ids_known(client, ordered, self._consistent())
            new = [event for event in ordered if event.id.int not in known] if known else ordered
            if new:
                number = turn.done + 1
                encoding = self._threads.submit(Record.of, new, number, reader, position)
                added = ClickHouseBatch.of(new, number, reader, position)  # it may refuse a number
                record = encoding.result()
                turn.persist(record.encode())
                self._send_raw(turn, record)
                self._send_all(turn, record.token, added.inserts)
                turn.finish(number)
        return Stored(new=len(new), duplicates=len(batch) - len(new))

    @contextmanager
    def alone(self) -> Iterator[Turn]:
        """Keep all writers out, with no batch half-written. For work on what projections made.

        Call `turn.renew(at_once=True)` before a step that must not be taken after another writer
        took over.
        """
        with self._writer.turn() as turn:
            self._finish_unfinished(turn)
            with turn.kept():
                yield turn

    def command(self, statement: str) -> None:
        """A statement about tables; `{on_cluster}` and `{replicated}` in it are filled in."""
        clause = schema.on_cluster(self._cluster)
        with self.connection() as client:
            client.command(
                statement.format(
                    on_cluster=clause, replicated="Replicated" if self._cluster else ""
                )
            )

    def find(self, **wanted: Unpack[Wanted]) -> list[Event]:
        """Raw events. See EventStore."""
        with self.connection() as client:
            return finding.find(client, **wanted)

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
        reads = ClickHouseTimeline(self, shelf.chosen())
        return page_of(timeline.look(reads, asked), asked)

    def maintain(self, now: datetime) -> None:
        """Partitions come by themselves; ids too old to come again go, and old batches get few rows."""
        self.retention.forget_ids(now)
        self.order.put_together(now)
        ClickHousePresence(self, shelf.chosen()).catch_up()

    @property
    def order(self) -> ClickHouseOrder:
        """See EventStore."""
        return ClickHouseOrder(self, shelf.chosen(), settings=self._consistent())

    @property
    def retention(self) -> ClickHouseRetention:
        """What keeps this database at its size. See EventStore."""
        return ClickHouseRetention(self, shelf.chosen())

    @property
    def erasing(self) -> ClickHouseErasing:
        """See EventStore."""
        return ClickHouseErasing(self, shelf.chosen())

    def close(self) -> None:
        """Give back all connections."""
        self._threads.shutdown()
        self._clickhouse.close()

    def _send_raw(self, turn: Turn, record: Record) -> None:
        try:
            self._send_all(turn, record.token, record.raw())
        except EventsUnstorable:  # the server cannot read one block, and may have stored others
            self._complete_rest(turn, record.number, record.reader, record.position)
            turn.finish(record.number)
            raise

    def _send_all(self, turn: Turn, token: str, inserts: Sequence[Insert]) -> None:
        turn.renew()
        sent = [self._threads.submit(self._send, turn, each, token=token) for each in inserts]
        wait(sent)
        for each in sent:
            each.result()  # raises what the first of them raised

    def _send(self, turn: Turn, insert: Insert, *, token: str) -> None:
        turn.renew()
        name = f"{token}:{insert.table}:{insert.block}"
        settings: dict[str, Any] = {
            **_READING,
            "insert_deduplication_token": name,
            "query_id": name,
        }
        if self._cluster:
            settings |= _QUORUM
        with self.connection() as client:
            client.raw_insert(
                insert.table,
                column_names=insert.columns,
                insert_block=insert.body,
                settings=settings,
                fmt=insert.format,
                compression=insert.compression,
            )

    def _finish_unfinished(self, turn: Turn) -> None:
        """Complete what a dead writer left, by what Redis knows and, if unsure, by the store."""
        number = turn.done
        if turn.unfinished:
            record = Record.decode(turn.unfinished)
            log.warning("events_batch_unfinished", number=record.number, events=record.count)
            try:
                self._complete_raw(turn, record)
            except EventsUnstorable as error:  # its events still wait; they will be told apart
                log.error("events_batch_unstorable", number=record.number, error=str(error))
            self._complete_rest(turn, record.number, record.reader, record.position)
            number = max(number, record.number)
        if not turn.is_sure:
            if last := self._last("event"):
                log.info("events_batch_asked_of_store", known=number, stored=last)
                self._complete_rest(turn, last)
            # Raw rows may have been archived, and keys forgotten; where a batch was stays known.
            number = max(number, last, self._last("event_key"), self._last("event_batch"))
        if turn.unfinished or not turn.is_sure:
            turn.finish(number)

    def _complete_raw(self, turn: Turn, record: Record) -> None:
        """Repeat under the same token; what is missing then, under another."""
        if self._count("event", record.number) < record.count:
            self._send_all(turn, record.token, record.raw())
        if self._count("event", record.number) < record.count:
            with self.connection() as client:
                stored = {event.id for event in finding.of_batch(client, record.number)}
            self._send(turn, record.raw_without(stored), token=f"{record.token}:again")

    def _complete_rest(self, turn: Turn, number: int, reader: str = "", position: str = "") -> None:
        """Keys and projections are a function of the raw rows: the same two steps for them."""
        with self.connection() as client:
            stored = finding.of_batch(client, number)
        if not stored:
            return
        token = token_of(stored, number)
        added = ClickHouseBatch.of(stored, number, reader, position)
        for each_token in (token, f"{token}:again"):
            for each in added.inserts:
                self._send_missing(turn, each, number, token=each_token)

    def _send_missing(self, turn: Turn, insert: Insert, number: int, *, token: str) -> None:
        """Rows of a batch are in its partition, all or none, and no later batch is."""
        query = (
            f"SELECT _partition_id, max(batch) FROM {insert.table}"  # noqa: S608 (our own names)
            " WHERE _partition_id IN {ids:Array(String)} GROUP BY 1"
        )
        with self.connection() as client:
            found = client.query(
                query, parameters={"ids": list(insert.parts)}, settings=self._consistent()
            )
        last = {row[0]: row[1] for row in found.result_rows}
        missing = {name: body for name, body in insert.parts.items() if last.get(name, 0) < number}
        if missing:
            self._send(turn, replace(insert, parts=missing), token=token)

    def _count(self, table: str, number: int) -> int:
        return self._number(f"SELECT count() FROM {table} WHERE batch = {number}")  # noqa: S608

    def _last(self, table: str) -> int:
        return self._number(f"SELECT max(batch) FROM {table}")  # noqa: S608

    def _number(self, query: str) -> int:
        with self.connection() as client:
            return int(client.query(query, settings=self._consistent()).result_rows[0][0])

    def _consistent(self) -> dict[str, Any]:
        return {"select_sequential_consistency": 1} if self._cluster else {}
