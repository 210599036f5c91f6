"""What the log records of itself."""

from events.registry import EventType

PRESSURE_CHANGED = EventType(
    "Pressure Changed",
    properties={"before": int, "level": int, "by_hand": bool, "because": str},
    webhooks=False,
)
