"""Events as PostgreSQL's COPY text: psycopg's own row adaptation costs twenty times as much.

Format: https://www.postgresql.org/docs/current/sql-copy.html, "Text Format". Ids, times and JSON are
written by msgspec, many in one call, which is why NULL is spelled as in JSON.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
from psycopg import Connection

from events.event import Event

COLUMNS = "id, time, received_at, person, name, tenant, anonymous_id, properties, context"
_INTO = f"COPY {{}} ({COLUMNS}) FROM STDIN (NULL 'null')"
_AT_ONCE = 2_000  # rows that are encoded while the server reads those before
_NULL = b"null"
_json = msgspec.json.Encoder(uuid_format="hex").encode


def copy(connection: Connection[Any], table: str, texts: Iterable[bytes]) -> None:
    """Send these rows, in the order of COLUMNS, into a table."""
    send(connection, _INTO.format(table), texts)


def send(connection: Connection[Any], statement: str, texts: Iterable[bytes]) -> None:
    """Send these texts as the rows of a COPY statement."""
    with connection.cursor() as cursor, cursor.copy(statement) as sending:
        for text in texts:
            sending.write(text)


def rows(events: Sequence[Event]) -> Iterator[bytes]:
    """The events in the order of COLUMNS, UTF-8, some thousand rows at a time."""
    for start in range(0, len(events), _AT_ONCE):
        yield b"".join([_row(event) for event in events[start : start + _AT_ONCE]])


def ids(events: Sequence[Event], *, separator: bytes) -> bytes:
    """The events' ids; they need no escaping."""
    return _json([event.id for event in events])[2:-2].replace(b'","', separator)


def _row(event: Event) -> bytes:
    fixed = _json((event.id, event.time, event.received_at, event.person))
    properties, context = _json(event.properties), _json(event.context)
    if (
        b"\\" in properties
    ):  # JSON escapes tabs and line ends; only the backslash is special to COPY
        properties = properties.replace(b"\\", rb"\\")
    if b"\\" in context:
        context = context.replace(b"\\", rb"\\")
    return b"%b\t%b\t%b\t%b\t%b\t%b\n" % (
        fixed[1:-1].replace(b'"', b"").replace(b",", b"\t"),
        _text(event.name),
        _text(event.tenant),
        _text(event.anonymous_id),
        properties,
        context,
    )


def _text(value: str | None) -> bytes:
    if value is None:
        return _NULL
    if value.isprintable() and "\\" not in value and value != "null":  # nearly all
        return value.encode()
    if value == "null":
        return rb"\156ull"  # a text, not the marker
    escaped = value.replace("\\", "\\\\").replace("\t", "\\t")
    return escaped.replace("\n", "\\n").replace("\r", "\\r").encode()
