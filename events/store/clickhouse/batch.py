"""A batch on its way to ClickHouse: what goes into which table, in which bytes, under which token."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Any, Literal
from uuid import UUID

import lz4.frame
import msgspec

from events.errors import EventsUnstorable
from events.event import Event
from events.store import projections
from events.store.clickhouse import presence
from events.store.clickhouse.literals import ESCAPES, quote

# Sums are kept as Decimal(76, 30): at most 30 decimal places, and room in front of the point for ten
# thousand million batches of the largest sum. What does not fit is refused, never rounded.
SCALE = 30
LARGEST = Decimal(10) ** 36

_encoder = msgspec.json.Encoder(uuid_format="hex")
_LARGEST = int(LARGEST)

COLUMNS = (
    "id", "name", "time", "received_at", "tenant", "person", "anonymous_id", "properties", "context",
)  # fmt: skip
RAW = (*COLUMNS, "batch")
_BLOCK = 25_000  # raw rows of one insert; the server reads the inserts of a batch side by side


@dataclass(frozen=True)
class Insert:
    """One INSERT: the rows of a table, encoded, by partition. One partition is all or nothing."""

    table: str
    columns: Sequence[str]
    format: Literal["JSONCompactEachRow", "RowBinary", "TabSeparated"]
    parts: Mapping[str, bytes]
    compression: str | None = None
    block: int = 0  # of several inserts of a batch into one table

    @property
    def body(self) -> bytes:
        """All rows."""
        bodies = list(self.parts.values())
        return bodies[0] if len(bodies) == 1 else b"".join(bodies)


@dataclass(frozen=True)
class Record:
    """What is persisted before anything is sent: the raw rows as the very bytes of their inserts."""

    number: int
    token: str
    count: int
    reader: str
    position: str
    blocks: Sequence[bytes]

    @classmethod
    def of(cls, events: Sequence[Event], number: int, reader: str, position: str) -> Record:
        """These events, in the order of their ids, as batch `number`. Raises EventsUnstorable."""
        blocks = [
            _block(events[start : start + _BLOCK], number)
            for start in range(0, len(events), _BLOCK)
        ]
        return cls(number, token_of(events, number), len(events), reader, position, blocks)

    def encode(self) -> bytes:
        """A line of JSON, then the blocks."""
        fields = {key: getattr(self, key) for key in self.__dataclass_fields__ if key != "blocks"}
        head = json.dumps(fields | {"sizes": [len(block) for block in self.blocks]})
        return b"".join([head.encode(), b"\n", *self.blocks])

    @classmethod
    def decode(cls, record: bytes) -> Record:
        """The record of these bytes."""
        head, rest = record.split(b"\n", 1)
        fields = json.loads(head)
        ends = list(accumulate(fields.pop("sizes"), initial=0))
        blocks = [rest[start:end] for start, end in pairwise(ends)]
        return cls(blocks=blocks, **fields)

    def raw(self) -> list[Insert]:
        """All raw rows."""
        return [
            Insert("event", RAW, "JSONCompactEachRow", {"": body}, "lz4", block)
            for block, body in enumerate(self.blocks)
        ]

    def raw_without(self, ids: set[UUID]) -> Insert:
        """The raw rows of other ids than these."""
        lines = [line for body in self.blocks for line in lz4.frame.decompress(body).split(b"\n")]
        rest = [line for line in lines if line and UUID(json.loads(line)[0]) not in ids]
        return Insert("event", RAW, "JSONCompactEachRow", {"": b"\n".join(rest)})


def _block(events: Sequence[Event], number: int) -> bytes:
    rows = (  # one at a time: thousands of tuples at once would keep the garbage collector busy
        (e.id, e.name, e.time, e.received_at, e.tenant, e.person, e.anonymous_id, e.properties,
         e.context, number)
        for e in events
    )  # fmt: skip
    try:
        return lz4.frame.compress(_encoder.encode_lines(rows))
    except (ValueError, OverflowError, TypeError) as error:
        raise EventsUnstorable(str(error)) from error


def token_of(events: Sequence[Event], number: int) -> str:
    """The token of a batch, the same for its events and for its rows in the store, in any order."""
    ids = [event.id.int for event in events]
    return f"{number}-{len(ids)}-{min(ids):032x}-{max(ids):032x}"


@dataclass
class ClickHouseBatch:
    """What projections add to a batch. They call `insert`; nothing is sent before all have.

    Every table has a column `batch`, filled here: SimpleAggregateFunction(max, UInt64), because the
    tables merge rows. It tells after a crash whether this batch's rows are in.
    """

    kind = "clickhouse"
    number: int
    inserts: list[Insert] = field(default_factory=list)

    @classmethod
    def of(
        cls, events: Sequence[Event], number: int, reader: str, position: str
    ) -> ClickHouseBatch:
        """What raw rows bring with them: keys, projections, how far their reader has come."""
        batch = cls(number)
        batch.add_keys(events)
        batch.add_place(events)
        batch.add_presence(events)
        for add in projections.prepare(events):
            add(batch)
        if reader:
            batch.add_reader(reader, position, len(events))
        return batch

    def insert(
        self,
        table: str,
        columns: Sequence[str],
        rows: Sequence[Sequence[Any]],
        *,
        partitions: Sequence[str] | None = None,
    ) -> None:
        """Add rows, once a table: text, numbers, UUIDs, aware datetimes, None; lists for arrays,
        tuples for tuples.

        `partitions` names each row's partition as ClickHouse does (`_partition_id`); None: the
        table has none. Raises EventsUnstorable for a number that does not fit (SCALE, LARGEST).
        """
        lines = ["\t".join([_text(value) for value in row]) for row in rows]
        self.insert_lines(table, columns, lines, partitions=partitions)

    def insert_lines(
        self,
        table: str,
        columns: Sequence[str],
        lines: Sequence[str],
        *,
        partitions: Sequence[str] | None = None,
    ) -> None:
        """The same for rows that are tab-separated text already; an empty field is the default."""
        if not lines:
            return
        end = f"\t{self.number}\n"
        parts: dict[str, list[str]] = {}
        if partitions is None or len(set(partitions)) == 1:
            parts[partitions[0] if partitions else "all"] = [*lines, ""]
        else:
            for name, line in zip(partitions, lines, strict=True):
                parts.setdefault(name, []).append(line)
            for of_part in parts.values():
                of_part.append("")
        encoded = {name: end.join(of_part).encode() for name, of_part in parts.items()}
        self.inserts.append(Insert(table, (*columns, "batch"), "TabSeparated", encoded))

    def add_keys(self, events: Sequence[Event]) -> None:
        """The ids of the batch, by which the next ones are known."""
        told = max([event.received_at for event in events])
        month = told.year * 100 + told.month
        end = month.to_bytes(4, "little") + self.number.to_bytes(8, "little")
        rows = b"".join([event.id.int.to_bytes(16, "big") + end for event in events])
        columns = ("id", "month", "batch")
        self.inserts.append(Insert("event_key", columns, "RowBinary", {str(month): rows}))

    def add_place(self, events: Sequence[Event]) -> None:
        """Where its events are: with this row the batch can be read (clickhouse_order.py)."""
        times = [event.time for event in events]
        row = (self.number, min(times), max(times), len(events), datetime.now(UTC))
        columns = ("number", "first_time", "last_time", "events", "stored_at")
        self.insert("event_batch", columns, [row])

    def add_presence(self, events: Sequence[Event]) -> None:
        """On which days whom it has events of (clickhouse/presence.py)."""
        self.insert("event_presence", presence.COLUMNS, presence.rows(events))

    def add_reader(self, reader: str, position: str, count: int) -> None:
        """How far a reader has come with this batch."""
        row = (reader, position, count, datetime.now(UTC).replace(microsecond=0))
        self.insert("event_reader", ("reader", "position", "events", "moved_at"), [row])


@lru_cache(maxsize=20_000)
def escaped(text: str) -> str:
    """A text as a field of tab-separated text."""
    return text.translate(ESCAPES)


def number(value: int | Decimal) -> str:
    """A number as a field. Raises EventsUnstorable for one that no sum can hold."""
    if type(value) is int and -_LARGEST < value < _LARGEST:
        return str(value)
    return _number(Decimal(value))


def _text(value: Any) -> str:
    """A value as tab-separated text: https://clickhouse.com/docs/interfaces/formats/TabSeparated."""
    kind = type(value)
    if kind is str:
        return value if value.isalnum() else value.translate(ESCAPES)
    if kind is int:
        return number(value)
    if value is None:
        return r"\N"
    if kind is list or kind is tuple:
        inside = ",".join([_quoted(each) for each in value])
        return f"[{inside}]" if kind is list else f"({inside})"
    if isinstance(value, Decimal):
        return _number(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    return str(value)


def _quoted(value: Any) -> str:
    """A value inside an array or a tuple."""
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return quote(value)
    text = _text(value)
    return text if isinstance(value, int | Decimal) else f"'{text}'"


def _number(value: Decimal) -> str:
    if not value.is_finite() or abs(value) >= LARGEST:
        raise EventsUnstorable(f"{value:.6g} does not fit: sums take numbers below 10^30.")
    text = format(value, "f")
    if len(text.partition(".")[2].rstrip("0")) > SCALE:
        raise EventsUnstorable(f"{value:.6g} does not fit: sums take {SCALE} decimal places.")
    return text
