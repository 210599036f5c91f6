"""Spans of time in windows, as clocks in a time zone show them.

A day has 23 or 25 hours where clocks change, and begins at the first instant of its date; an hour
begins where the clock shows a full one, which with an offset of :30 or :45 is no full hour of UTC.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Literal
from zoneinfo import ZoneInfo

Window = Literal["minute", "hour", "day", "month"]
Span = tuple[datetime, datetime]


@cache
def zone(name: str) -> ZoneInfo:
    """The zone of this IANA name. Raises ValueError for an unknown one."""
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        raise ValueError(f'There is no time zone "{name}".') from None


def split(start: datetime, end: datetime, window: Window, *, tz: ZoneInfo) -> Iterator[Span]:
    """The windows between two instants, in UTC; the first and the last may be cut."""
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    while start < end:
        following = min(after(start, window, tz=tz), end)
        yield start, following
        start = following


def after(moment: datetime, window: Window, *, tz: ZoneInfo) -> datetime:
    """The first instant after this one at which a window begins, in UTC."""
    moment = moment.astimezone(UTC)
    if window in ("minute", "hour"):
        return _after_by_clock(moment, window, tz)
    local = moment.astimezone(tz).date()
    begins = moment
    while begins <= moment:  # a clock that goes back over midnight shows the old date again
        local = _following(local, window)
        begins = first_instant(local, tz=tz)
    return begins


def floor(moment: datetime, window: Window, *, tz: ZoneInfo) -> datetime:
    """The start of the window that this instant lies in, in UTC."""
    moment = moment.astimezone(UTC)
    if window in ("day", "month"):
        local = moment.astimezone(tz).date()
        return first_instant(local.replace(day=1) if window == "month" else local, tz=tz)
    start = moment.replace(second=0, microsecond=0)
    while window == "hour" and start.astimezone(tz).minute:
        start -= timedelta(minutes=start.astimezone(tz).minute)
    return start


def first_instant(day: date, *, tz: ZoneInfo) -> datetime:
    """Midnight, or where clocks skip it, the instant at which they do; in UTC."""
    midnight = datetime.combine(day, time(), tz)
    instant = midnight.astimezone(UTC)
    if instant.astimezone(tz).date() == day and instant.astimezone(tz).time() == time():
        return instant
    offsets = [midnight.replace(fold=fold).utcoffset() or timedelta() for fold in (0, 1)]
    instant = (datetime.combine(day, time(), UTC) - max(offsets)).astimezone(UTC)
    while instant.astimezone(tz).date() < day:  # the change comes a little later than midnight
        instant += timedelta(minutes=1)
    return instant


def _following(day: date, window: Window) -> date:
    if window == "day":
        return day + timedelta(days=1)
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def _after_by_clock(moment: datetime, window: Window, tz: ZoneInfo) -> datetime:
    following = moment.replace(second=0, microsecond=0) + timedelta(minutes=1)
    if window == "minute":
        return following
    while minute := following.astimezone(tz).minute:
        following += timedelta(minutes=60 - minute)
    return following
