"""Who is told that usage comes near to a limit, and when."""

from metering.alerts.bursts import notices as burst_notices
from metering.alerts.telling import (
    MOST,
    Alert,
    Threshold,
    evaluate,
    evaluate_changed,
    look_soon,
    of,
    put,
    remove,
    replace,
)

__all__ = [
    "MOST",
    "Alert",
    "Threshold",
    "burst_notices",
    "evaluate",
    "evaluate_changed",
    "look_soon",
    "of",
    "put",
    "remove",
    "replace",
]
