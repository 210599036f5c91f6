"""Which instants belong together: months, windows of time, and the terms that were in force."""

from metering.periods.cycles import forget, set_anchor
from metering.periods.months import Month
from metering.periods.parts import of as parts_of
from metering.periods.parts import share
from metering.periods.spans import LIFETIME, Period, current, following, previous, within
from metering.periods.windows import floor, zone

__all__ = [
    "LIFETIME",
    "Month",
    "Period",
    "current",
    "floor",
    "following",
    "forget",
    "parts_of",
    "previous",
    "set_anchor",
    "share",
    "within",
    "zone",
]
