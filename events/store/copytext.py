"""Events as PostgreSQL's COPY text: psycopg's own row adaptation costs twenty times as much.

Format: https://www.postgresql.org/docs/current/sql-copy.html, "Text Format". Ids, times and JSON are
written by msgspec, many in one call, which is why NULL is spelled as in JSON.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec
from psycopg import Connection

from events.event import Event

COLUMNS = "id, time, received_at, person, name, tenant, anonymous_id, properties, context"
WITH_BATCH = f"{COLUMNS}, batch"
_INTO = "COPY {} ({}) FROM STDIN (NULL 'null')"
_AT_ONCE = 2_000  # rows that are encoded while the server reads those before
_NULL = b"null"
_encoder = msgspec.json.Encoder(uuid_format="hex")
_json, _json_lines = _encoder.encode, _encoder.encode_lines


def copy(
    connection: Connection[Any], table: str, texts: Iterable[bytes], *, columns: str = COLUMNS
) -> None:
    """Send these rows, in the order of the columns, into a table."""
    send(connection, _INTO.format(table, columns), texts)


def send(connection: Connection[Any], statement: str, texts: Iterable[bytes]) -> None:
    """Send these texts as the rows of a COPY statement."""
    with connection.cursor() as cursor, cursor.copy(statement) as sending:
        for text in texts:
            sending.write(text)


def rows(events: Sequence[Event], *, batch: int | None = None) -> Iterator[bytes]:
    """The events in the order of COLUMNS, UTF-8, some thousand rows at a time.

    With the number of their batch in the order of WITH_BATCH.
    """
    end = b"\n" if batch is None else b"\t%d\n" % batch
    for start in range(0, len(events), _AT_ONCE):
        yield _rows(events[start : start + _AT_ONCE], end)


def ids(events: Sequence[Event], *, separator: bytes) -> bytes:
    """The events' ids; they need no escaping."""
    return _json([event.id for event in events])[2:-2].replace(b'","', separator)


def _rows(events: Sequence[Event], end: bytes) -> bytes:
    """Column by column: the encoder is called once for each, and JSON escapes line ends."""
    fixed = _json_lines(
        [(event.id, event.time, event.received_at, event.person) for event in events]
    )
    columns = (
        fixed[1:-2].replace(b'"', b"").replace(b",", b"\t").split(b"]\n["),
        [_few(event.name) for event in events],
        [_few(event.tenant) for event in events],
        [_text(event.anonymous_id) for event in events],
        _objects([event.properties for event in events]),
        _objects([event.context for event in events]),
    )
    form = b"%b\t%b\t%b\t%b\t%b\t%b" + end
    return b"".join([form % row for row in zip(*columns, strict=True)])


def _objects(values: Sequence[Mapping[str, Any]]) -> list[bytes]:
    text = _json_lines(values)
    if b"\\" in text:  # JSON escapes tabs and line ends; only the backslash is special to COPY
        text = text.replace(b"\\", rb"\\")
    return text[:-1].split(b"\n")


def _text(value: str | None) -> bytes:
    if value is None:
        return _NULL
    if value.isprintable() and "\\" not in value and value != "null":  # nearly all
        return value.encode()
    if value == "null":
        return rb"\156ull"  # a text, not the marker
    escaped = value.replace("\\", "\\\\").replace("\t", "\\t")
    return escaped.replace("\n", "\\n").replace("\r", "\\r").encode()


_few = lru_cache(maxsize=10_000)(_text)  # of a batch there are few
