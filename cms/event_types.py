"""What the website records."""

from events import EventType

PAGE_VIEWED = EventType(
    "Page Viewed",
    {"path": str, "title": str, "referrer": str},
    webhooks=False,
    sheddable=True,
)

EVENT_TYPES = [PAGE_VIEWED]
