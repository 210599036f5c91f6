"""The event log: what happened is recorded once, here, and every other part reads it.

    events.record("Link Clicked", tenant=tenant, properties={"link": "7Hq2"})

What others need is named here; the README tells how an event travels.
"""

from events.choice import First
from events.errors import (
    EventRefused,
    EventsNotAccepted,
    UnknownEvent,
    WrongProperty,
    WrongTime,
)
from events.event import Event
from events.recording import batch, flush, record, record_first, record_with_row, rows_together
from events.registry import EventType, register

__all__ = [
    "Event",
    "EventRefused",
    "EventType",
    "EventsNotAccepted",
    "First",
    "UnknownEvent",
    "WrongProperty",
    "WrongTime",
    "batch",
    "flush",
    "record",
    "record_first",
    "record_with_row",
    "register",
    "rows_together",
]
