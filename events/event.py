"""An event, and its form on the wire: one line of JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from events.errors import TooLarge, Undecodable, WrongTime

MAX_BYTES = 64 * 1024  # one encoded event
OLDEST = timedelta(days=400)  # before it was received; an import of a year's history fits
AHEAD = timedelta(minutes=10)  # after it was received; clocks differ


@dataclass(frozen=True, slots=True)
class Event:
    """One immutable fact.

    `time` says when it happened, `received_at` when we were told; both in UTC. `tenant` is the
    workspace's schema name. `properties` and `context` hold JSON values.
    """

    id: UUID
    name: str
    time: datetime
    received_at: datetime
    tenant: str | None = None
    person: UUID | None = None
    anonymous_id: str | None = None
    properties: Mapping[str, Any] = field(default_factory=dict)
    context: Mapping[str, Any] = field(default_factory=dict)

    def encode(self) -> bytes:
        """One line of JSON, UTF-8. Raises TooLarge."""
        line = json.dumps(
            {
                "id": self.id.hex,
                "name": self.name,
                "time": self.time.isoformat(),
                "received_at": self.received_at.isoformat(),
                "tenant": self.tenant,
                "person": self.person.hex if self.person else None,
                "anonymous_id": self.anonymous_id,
                "properties": self.properties,
                "context": self.context,
            },
            separators=(",", ":"),
            ensure_ascii=False,
            allow_nan=False,
        ).encode()
        if len(line) > MAX_BYTES:
            raise TooLarge(f"{self.name} takes {len(line)} bytes; {MAX_BYTES} are allowed.")
        return line


def decode(line: bytes | str) -> Event:
    """The event of one line of JSON. Raises Undecodable with the reason, WrongTime."""
    try:
        fields = json.loads(line)
        event = Event(
            id=UUID(fields["id"]),
            name=fields["name"],
            time=_utc(fields["time"]),
            received_at=_utc(fields["received_at"]),
            tenant=fields.get("tenant"),
            person=UUID(fields["person"]) if fields.get("person") else None,
            anonymous_id=fields.get("anonymous_id"),
            properties=fields["properties"],
            context=fields["context"],
        )
    except KeyError as missing:
        raise Undecodable(f"no field {missing}") from None
    except (ValueError, TypeError, AttributeError) as error:
        raise Undecodable(f"{type(error).__name__}: {error}") from None
    for text in (event.name, event.tenant or "", event.anonymous_id or ""):
        if not isinstance(text, str):
            raise Undecodable("name, tenant and anonymous_id must be text")
    check_time(event.time, received_at=event.received_at)
    return event


def check_time(time: datetime, *, received_at: datetime) -> datetime:
    """The time in UTC. Raises WrongTime without a time zone or outside OLDEST..AHEAD."""
    if time.tzinfo is None:
        raise WrongTime("An event's time needs a time zone.")
    if not received_at - OLDEST <= time <= received_at + AHEAD:
        raise WrongTime(
            f"{time.isoformat()} is more than {OLDEST.days} days old, "
            f"or more than {AHEAD.seconds // 60} minutes ahead."
        )
    return time.astimezone(UTC)


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
