"""Who decides how much pressure there is: signals, by themselves; people, by hand.

What it means is `events.shedding`.
"""

from events.pressure.changes import Refused, by_hand, end_by_hand, history
from events.pressure.gauges import gauge, read_gauge
from events.pressure.signals import Reading, Signal, readings, register
from events.pressure.watching import Watch, beside

__all__ = [
    "Reading",
    "Refused",
    "Signal",
    "Watch",
    "beside",
    "by_hand",
    "end_by_hand",
    "gauge",
    "history",
    "read_gauge",
    "readings",
    "register",
]
