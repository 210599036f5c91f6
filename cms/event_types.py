"""What the website records."""

from events import EventType

PAGE_VIEWED = EventType(
    "Page Viewed",
    {"path": str, "title": str, "referrer": str},
    webhooks=False,
    sheddable=True,
    personal=("path", "referrer"),  # an address may say whose page it is
)

EVENT_TYPES = [PAGE_VIEWED]
