"""Which instants belong together: months, windows of time, and the terms that were in force."""

from metering.periods.cycles import set_anchor
from metering.periods.months import Month
from metering.periods.spans import LIFETIME, Period, current, following, previous, within
from metering.periods.windows import floor, zone

__all__ = [
    "LIFETIME",
    "Month",
    "Period",
    "current",
    "floor",
    "following",
    "previous",
    "set_anchor",
    "within",
    "zone",
]
