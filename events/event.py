"""An event, and its form on the wire: one line of JSON."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import Any
from uuid import UUID

import msgspec

from events.errors import TooLarge, Undecodable, WrongProperty, WrongTime

MAX_BYTES = 64 * 1024  # one encoded event
OLDEST = timedelta(days=400)  # before it was received; an import of a year's history fits
AHEAD = timedelta(minutes=10)  # after it was received; clocks differ


class Event(msgspec.Struct, frozen=True, gc=False):
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
    properties: Mapping[str, Any] = {}
    context: Mapping[str, Any] = {}

    def encode(self) -> bytes:
        """One line of JSON, UTF-8. Raises TooLarge, WrongProperty for what JSON has no number for."""
        if not _is_finite(self.properties):
            raise WrongProperty(f"{self.name}: a number must be finite.")
        return bounded(_encoder.encode(self), self.name)


def bounded(line: bytes, name: str) -> bytes:
    """The encoded event of this name. Raises TooLarge."""
    if len(line) > MAX_BYTES:
        raise TooLarge(f"{name} takes {len(line)} bytes; {MAX_BYTES} are allowed.")
    return line


_encoder = msgspec.json.Encoder(uuid_format="hex")
_decoder = msgspec.json.Decoder(Event)


def decode(line: bytes | str) -> Event:
    """The event of one line of JSON. Raises Undecodable with the reason, WrongTime."""
    try:
        event = _decoder.decode(line)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise Undecodable(str(error)) from None
    time, received_at = event.time, event.received_at
    if received_at.tzinfo is None:
        raise WrongTime("An event's received_at needs a time zone.")
    check_time(time, received_at=received_at)
    if time.tzinfo is UTC and received_at.tzinfo is UTC:
        return event
    return msgspec.structs.replace(
        event, time=time.astimezone(UTC), received_at=received_at.astimezone(UTC)
    )


def decode_parcel(parcel: bytes) -> list[Event] | None:
    """The events of lines of JSON, twice as fast as one by one; None when any of them is special."""
    try:
        events: list[Event] = _decoder.decode_lines(parcel)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    for event in events:
        time, received_at = event.time, event.received_at
        if time.tzinfo is not UTC or received_at.tzinfo is not UTC:
            return None
        if not -AHEAD <= received_at - time <= OLDEST:
            return None
    return events


def _is_finite(value: Any) -> bool:
    """Whether JSON can say it: msgspec would write null for NaN and the infinities."""
    kind = type(value)
    if kind is float:
        return isfinite(value)
    if kind is dict:
        value = value.values()
    elif kind is not list:
        return True
    return all(type(each) is str or type(each) is int or _is_finite(each) for each in value)


def check_time(time: datetime, *, received_at: datetime) -> datetime:
    """The time in UTC. Raises WrongTime without a time zone or outside OLDEST..AHEAD."""
    if time.tzinfo is None:
        raise WrongTime("An event's time needs a time zone.")
    if not received_at - OLDEST <= time <= received_at + AHEAD:
        raise WrongTime(
            f"{time.isoformat()} is more than {OLDEST.days} days old, "
            f"or more than {AHEAD.seconds // 60} minutes ahead."
        )
    return time if time.tzinfo is UTC else time.astimezone(UTC)
