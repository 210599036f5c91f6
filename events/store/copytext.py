"""Events as PostgreSQL's COPY text: psycopg's own row adaptation costs seven times as much.

Format: https://www.postgresql.org/docs/current/sql-copy.html, "Text Format".
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from events.event import Event

COLUMNS = (
    "id, name, time, received_at, tenant, person, anonymous_id, properties, context"  # in order
)
INTO = f"COPY {{}} ({COLUMNS}) FROM STDIN"
_NULL = r"\N"


def encode(events: Iterable[Event]) -> bytes:
    """One line an event, in the order of COLUMNS, UTF-8."""
    return "".join(_line(event) for event in events).encode()


def keys(events: Iterable[Event]) -> bytes:
    """The rows of `event_key`: id and time."""
    return "".join([f"{event.id.hex}\t{event.time.isoformat()}\n" for event in events]).encode()


def _line(event: Event) -> str:
    return (
        "\t".join(
            (
                event.id.hex,
                _text(event.name),
                event.time.isoformat(),
                event.received_at.isoformat(),
                _text(event.tenant),
                event.person.hex if event.person else _NULL,
                _text(event.anonymous_id),
                _json(event.properties),
                _json(event.context),
            )
        )
        + "\n"
    )


def _text(value: str | None) -> str:
    if value is None:
        return _NULL
    if value.isalnum():  # nearly all
        return value
    escaped = value.replace("\\", "\\\\").replace("\t", "\\t")
    return escaped.replace("\n", "\\n").replace("\r", "\\r")


def _json(value: Mapping[str, Any]) -> str:
    if not value:
        return "{}"
    # JSON writes tabs and line ends as escapes; only the backslash is special to COPY.
    return json.dumps(value, ensure_ascii=False, allow_nan=False).replace("\\", "\\\\")
