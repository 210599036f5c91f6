"""Events told by other programs, as CloudEvents 1.0: read, checked, and taken one by one."""

from events.cloudevents.reading import (
    BATCH,
    LONGEST,
    MAX_BODY,
    MAX_EVENTS,
    PLAIN,
    SINGLE,
    read,
    timestamp,
)
from events.cloudevents.taking import Outcome, take

__all__ = [
    "BATCH",
    "LONGEST",
    "MAX_BODY",
    "MAX_EVENTS",
    "PLAIN",
    "SINGLE",
    "Outcome",
    "read",
    "take",
    "timestamp",
]
