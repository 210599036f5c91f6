"""What metering records. Neither is counted by a meter of ours."""

from events import EventType

USAGE_ALERT_SENT = EventType(
    "Usage Alert Sent",
    properties={"meter": str, "threshold": str, "at": int, "used": int, "recipients": int},
)
# No meter: the limit is of money, in minor units. No `before`, or no `after`: there was, or is, none.
SPEND_LIMIT_CHANGED = EventType(
    "Spend Limit Changed",
    properties={"meter": str | None, "before": int | None, "after": int | None},
)

ALL = (USAGE_ALERT_SENT, SPEND_LIMIT_CHANGED)
