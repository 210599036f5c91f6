"""When somebody's quiet hours are over, by the clock on their wall."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

_A_DAY = timedelta(days=1)


def next_open(
    instant: datetime, zone: ZoneInfo, *, quiet_from: time, quiet_until: time
) -> datetime:
    """The first instant, not before this one (aware), at which it is not quiet there; in UTC.

    Quiet is [quiet_from, quiet_until) of the local clock, over midnight where `quiet_from` is the
    later one; never where both are the same. A clock that is put forward over the end of the quiet
    hours ends them; one that is put back into them begins them once more.
    """
    instant = instant.astimezone(UTC)
    local = instant.astimezone(zone)
    if not is_quiet(local.time(), quiet_from=quiet_from, quiet_until=quiet_until):
        return instant
    over_midnight = quiet_from > quiet_until and local.time() >= quiet_from
    day = local.date() + timedelta(days=1) if over_midnight else local.date()
    wall = datetime.combine(day, quiet_until, tzinfo=zone)
    ends = [wall.replace(fold=fold).astimezone(UTC) for fold in (0, 1)]
    end = next(each for each in (*ends, instant + _A_DAY) if each >= instant)
    if local.utcoffset() != end.astimezone(zone).utcoffset():
        jump = _change(instant, end, zone)
        at_jump = jump.astimezone(zone).time()
        if not is_quiet(at_jump, quiet_from=quiet_from, quiet_until=quiet_until):
            return jump
    return end


def is_quiet(at: time, *, quiet_from: time, quiet_until: time) -> bool:
    """Whether the local clock stands in the quiet hours."""
    if quiet_from <= quiet_until:
        return quiet_from <= at < quiet_until
    return at >= quiet_from or at < quiet_until


def _change(early: datetime, late: datetime, zone: ZoneInfo) -> datetime:
    """When, between these two, the clock is put on or back; to the second, as zones do it."""
    before = early.astimezone(zone).utcoffset()
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) / 2
        if middle.astimezone(zone).utcoffset() == before:
            early = middle
        else:
            late = middle
    return late.replace(microsecond=0)
