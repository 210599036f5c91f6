"""Why an event was not taken. Each carries a machine-readable `reason` that refusals.py counts."""

from __future__ import annotations


class EventRefused(ValueError):
    """The event itself is wrong; the caller must change it."""

    reason = "refused"


class UnknownEvent(EventRefused):
    """Nobody registered an event of this name."""

    reason = "unknown_event"


class WrongProperty(EventRefused):
    """A property is missing, not declared, of another type, or cannot be stored."""

    reason = "wrong_property"


class WrongTime(EventRefused):
    """The time has no time zone, or lies outside the accepted range (see event.OLDEST, AHEAD)."""

    reason = "wrong_time"


class TooLarge(EventRefused):
    """The event is larger than event.MAX_BYTES when encoded."""

    reason = "too_large"


class Undecodable(EventRefused):
    """Bytes on the wire that are no event."""

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
