"""What happens here. An event that is not declared is refused."""

from __future__ import annotations

from uuid import UUID

from events import EventType

# Things exist: their number is the sum of its changes. Without an id: many at once, by an import.
THING_COUNT_CHANGED = EventType(
    "Thing Count Changed", properties={"change": int, "thing_id": UUID | None}
)
# Things are used: each time is counted.
THING_USED = EventType("Thing Used", properties={"thing_id": UUID})

ALL = (THING_COUNT_CHANGED, THING_USED)
