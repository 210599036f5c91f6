"""Billing periods: whole intervals counted from an anchor, in seconds since 1970 UTC.

Months keep the anchor's day of the month, or take the month's last day when it has no such day
(Stripe, "Billing cycle"): an anchor of 31 January bills on 28 February and 31 March.
"""

import calendar
from datetime import UTC, datetime

_SECONDS = {"day": 86_400, "week": 7 * 86_400}
_MONTHS = {"month": 1, "year": 12}


def boundary_after(instant: int, *, anchor: int, interval: str, count: int = 1) -> int:
    """The first period boundary later than `instant`."""
    if interval in _SECONDS:
        length = _SECONDS[interval] * count
        return anchor + ((instant - anchor) // length + 1) * length
    months = _MONTHS[interval] * count
    start, now = datetime.fromtimestamp(anchor, UTC), datetime.fromtimestamp(instant, UTC)
    passed = (now.year - start.year) * 12 + now.month - start.month
    steps = max(passed // months - 1, 0)
    while (boundary := _add_months(start, steps * months)) <= instant:
        steps += 1
    return boundary


def _add_months(start: datetime, months: int) -> int:
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    day = min(start.day, calendar.monthrange(year, month + 1)[1])
    return int(start.replace(year=year, month=month + 1, day=day).timestamp())
