"""A batch on its way to ClickHouse: what goes into which table, in which bytes, under which token."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

import lz4.frame
import msgspec

from events.errors import EventsUnstorable
from events.event import Event

# Sums are kept as Decimal(76, 36): a value has at most 36 decimal places, and leaves room in front
# of the point for 10 thousand million of its size. What does not fit is refused, never rounded.
SCALE = 36
LARGEST = Decimal(10) ** 30

_encoder = msgspec.json.Encoder(uuid_format="hex")
_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r", "\0": r"\0"})


COLUMNS = (
    "id", "name", "time", "received_at", "tenant", "person", "anonymous_id", "properties", "context",
)  # fmt: skip
RAW = (*COLUMNS, "batch")


@dataclass(frozen=True)
class Insert:
    """One INSERT: some rows of a table, encoded."""

    table: str
    columns: Sequence[str]
    format: Literal["JSONEachRow", "RowBinary", "TabSeparated"]
    body: bytes
    compression: str | None = None


@dataclass(frozen=True)
class Record:
    """What is persisted before anything is sent: the raw rows as the very bytes of their insert."""

    number: int
    token: str
    count: int
    reader: str
    position: str
    body: bytes

    @classmethod
    def of(cls, events: Sequence[Event], *, number: int, reader: str, position: str) -> Record:
        """These events, in the order of their ids, as batch `number`. Raises EventsUnstorable."""
        try:
            lines = b"\n" + _encoder.encode_lines(events)
        except (ValueError, OverflowError, TypeError) as error:
            raise EventsUnstorable(str(error)) from error
        # JSON has no line end inside a value, so this is the start of each line and nothing else.
        numbered = lines.replace(b'\n{"', f'\n{{"batch":{number},"'.encode())
        body = lz4.frame.compress(numbered)
        return cls(number, token_of(events, number), len(events), reader, position, body)

    def encode(self) -> bytes:
        """A line of JSON, then the body."""
        fields = {key: getattr(self, key) for key in self.__dataclass_fields__ if key != "body"}
        return json.dumps(fields).encode() + b"\n" + self.body

    @classmethod
    def decode(cls, record: bytes) -> Record:
        """The record of these bytes."""
        head, body = record.split(b"\n", 1)
        return cls(body=body, **json.loads(head))

    def raw(self) -> Insert:
        """All raw rows."""
        return Insert("event", RAW, "JSONEachRow", self.body, "lz4")

    def raw_without(self, ids: set[UUID]) -> Insert:
        """The raw rows of other ids than these."""
        lines = lz4.frame.decompress(self.body).split(b"\n")
        rest = [line for line in lines if line and UUID(json.loads(line)["id"]) not in ids]
        return Insert("event", RAW, "JSONEachRow", b"\n".join(rest))


def token_of(events: Sequence[Event], number: int) -> str:
    """The token of a batch, the same for its events and for its rows in the store, in any order."""
    ids = [event.id.hex for event in events]
    return f"{number}-{len(ids)}-{min(ids)}-{max(ids)}"


@dataclass
class ClickHouseBatch:
    """What projections add to a batch. They call `insert`; nothing is sent before all have.

    Every table has a column `batch`, filled here: SimpleAggregateFunction(max, UInt64) in tables
    that merge rows. It tells after a crash whether this batch's rows are in. A table must not be
    partitioned, because an insert is all or nothing in one partition only.
    """

    kind = "clickhouse"
    number: int
    inserts: list[Insert] = field(default_factory=list)

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Add rows (text, int, Decimal, bool, UUID, aware datetime or None), once a table.

        Raises EventsUnstorable for a number that does not fit (see SCALE and LARGEST).
        """
        if not rows:
            return
        end = f"\t{self.number}\n"
        lines = ["\t".join([_text(value) for value in row]) + end for row in rows]
        body = "".join(lines).encode()
        self.inserts.append(Insert(table, (*columns, "batch"), "TabSeparated", body))

    def add_keys(self, events: Sequence[Event]) -> None:
        """The ids of the batch, by which the next ones are known."""
        number = self.number.to_bytes(8, "little")
        rows = [
            event.id.bytes
            + (event.time.year * 100 + event.time.month).to_bytes(4, "little")
            + number
            for event in events
        ]
        self.inserts.append(
            Insert("event_key", ("id", "month", "batch"), "RowBinary", b"".join(rows))
        )

    def add_reader(self, reader: str, position: str, count: int) -> None:
        """How far a reader has come with this batch."""
        row = (reader, position, count, datetime.now(UTC).replace(microsecond=0))
        self.insert("event_reader", ("reader", "position", "events", "moved_at"), [row])


def _text(value: Any) -> str:
    """A value as tab-separated text: https://clickhouse.com/docs/interfaces/formats/TabSeparated."""
    if value is None:
        return r"\N"
    if isinstance(value, str):
        return value if value.isalnum() else value.translate(_ESCAPES)
    if isinstance(value, Decimal):
        return _number(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    if isinstance(value, bool):
        return "1" if value else "0"
    return str(value)


def _number(value: Decimal) -> str:
    if not value.is_finite() or abs(value) >= LARGEST:
        raise EventsUnstorable(f"{value:.6g} does not fit: sums take numbers below 10^30.")
    text = format(value, "f")
    if len(text.partition(".")[2].rstrip("0")) > SCALE:
        raise EventsUnstorable(f"{value:.6g} does not fit: sums take {SCALE} decimal places.")
    return text
