"""Why an event was not taken. Each carries a machine-readable `reason` that refusals.py counts."""

from __future__ import annotations


class EventRefused(ValueError):
    """The event itself is wrong; the caller must change it."""

    reason = "refused"


class UnknownEvent(EventRefused):
    """Nobody registered an event of this name."""

    reason = "unknown_event"


class NotOpen(EventRefused):
    """The name is registered, but only we may record it (see EventType.external)."""

    reason = "not_open"


class WrongProperty(EventRefused):
    """A property is missing, not declared, of another type, or cannot be stored."""

    reason = "wrong_property"


class WrongTime(EventRefused):
    """The time has no time zone, or lies outside the accepted range (see event.OLDEST, AHEAD)."""

    reason = "wrong_time"


class TooLarge(EventRefused):
    """The event is larger than event.MAX_BYTES when encoded."""

    reason = "too_large"


class WrongAttribute(EventRefused):
    """An attribute of a CloudEvent is missing, of another type, or cannot be stored."""

    reason = "wrong_attribute"


class DuplicateKey(EventRefused):
    """A JSON object says one key twice: which of the two is meant is anybody's guess."""

    reason = "duplicate_key"


class AnotherWorkspace(EventRefused):
    """The event says that it is about another workspace than the one whose key sent it."""

    reason = "another_workspace"


class TooMany(EventRefused):
    """More events in one request than cloudevents.MAX_EVENTS."""

    reason = "too_many"


class UnsupportedType(EventRefused):
    """A content type or encoding in which no events are read."""

    reason = "unsupported_type"


class NoLength(EventRefused):
    """A request that does not say beforehand how long its body is."""

    reason = "no_length"


class Undecodable(EventRefused):
    """Bytes that are no event: not UTF-8, not JSON, or nested too deeply."""

    reason = "undecodable"


class EventsNotAccepted(RuntimeError):
    """Neither the stream nor the disk took the events: they are not recorded. Carries how many."""

    reason = "not_accepted"

    def __init__(self, count: int) -> None:
        super().__init__(
            f"{count} event(s) were not recorded: the stream does not answer and the spool is full."
        )
        self.count = count


class TransportUnavailable(ConnectionError):
    """The stream cannot take events now: Redis does not answer, or the stream is at its bound."""


class StoreUnavailable(ConnectionError):
    """The events database does not answer."""


class EventsUnstorable(ValueError):
    """The database refused the content of a batch. Trying again will not help."""


class StepEdited(RuntimeError):
    """A numbered SQL file says something else than it did when it was applied here."""
