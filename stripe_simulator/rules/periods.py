"""Billing periods: whole intervals counted from an anchor, in seconds since 1970 UTC.

Months keep the anchor's day of the month, or take the month's last day when it has no such day
(Stripe, "Billing cycle"): an anchor of 31 January bills on 28 February and 31 March.
"""

import calendar
from datetime import UTC, datetime

from stripe_simulator.sources import documented

_SECONDS = {"day": 86_400, "week": 7 * 86_400}
_MONTHS = {"month": 1, "year": 12}


@documented("billing/subscriptions/billing-cycle")
def boundary_after(instant: int, *, anchor: int, interval: str, count: int = 1) -> int:
    """The first period boundary later than `instant`."""
    if interval in _SECONDS:
        length = _SECONDS[interval] * count
        return anchor + ((instant - anchor) // length + 1) * length
    months = _MONTHS[interval] * count
    start, now = datetime.fromtimestamp(anchor, UTC), datetime.fromtimestamp(instant, UTC)
    passed = (now.year - start.year) * 12 + now.month - start.month
    steps = max(passed // months - 1, 0)
    while (boundary := _months_later(start, steps * months)) <= instant:
        steps += 1
    return boundary


def add_months(instant: int, months: int) -> int:
    return _months_later(datetime.fromtimestamp(instant, UTC), months)


def _months_later(start: datetime, months: int) -> int:
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    day = min(start.day, calendar.monthrange(year, month + 1)[1])
    return int(start.replace(year=year, month=month + 1, day=day).timestamp())


def boundary_before(anchor: int, *, interval: str, count: int = 1) -> int:
    """The boundary one interval before an anchor."""
    if interval in _SECONDS:
        return anchor - _SECONDS[interval] * count
    return add_months(anchor, -_MONTHS[interval] * count)
