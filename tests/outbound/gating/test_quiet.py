"""Nobody is woken: quiet hours end by the clock on the wall, in every zone, all year."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from outbound.gating.quiet import is_quiet, next_open

HOURS = [
    (time(21), time(8)),
    (time(1), time(2, 30)),
    (time(23, 30), time(0, 30)),
    (time(9), time(17)),
]
YEAR = datetime(2026, 1, 1, tzinfo=UTC)
ZONES = sorted(zoneinfo.available_timezones())


def changes(zone: ZoneInfo) -> list[datetime]:
    """The instants of the year (to the hour) around which the clock is put on or back."""
    found, day = [], YEAR
    while day < YEAR + timedelta(days=366):
        after = day + timedelta(days=1)
        if day.astimezone(zone).utcoffset() != after.astimezone(zone).utcoffset():
            found += [day + timedelta(minutes=10 * step) for step in range(-36, 180)]
        day = after
    return found


def instants(zone: ZoneInfo) -> list[datetime]:
    every = [YEAR + timedelta(hours=53 * step, minutes=step % 60) for step in range(165)]
    return every + changes(zone)


def check(instant: datetime, zone: ZoneInfo, begin: time, end: time) -> None:
    opens = next_open(instant, zone, quiet_from=begin, quiet_until=end)
    said = f"{instant} {zone} {begin}-{end} -> {opens}"

    def quiet(at: datetime) -> bool:
        return is_quiet(at.astimezone(zone).time(), quiet_from=begin, quiet_until=end)

    assert opens >= instant, f"in the past: {said}"
    assert not quiet(opens), f"in quiet hours: {said}"
    if opens == instant:
        return
    assert quiet(opens - timedelta(seconds=1)), f"it was open before: {said}"
    look = instant
    while look < opens:
        assert quiet(look), f"it was open at {look}: {said}"
        look += timedelta(minutes=20)


@pytest.mark.parametrize(("begin", "end"), HOURS)
def test_in_every_zone_all_year_it_is_the_first_instant_that_is_not_quiet(begin, end):
    assert len(ZONES) > 400
    for name in ZONES:
        zone = ZoneInfo(name)
        for instant in instants(zone):
            check(instant, zone, begin, end)


def test_a_clock_that_jumps_over_the_end_ends_the_quiet_hours():
    berlin = ZoneInfo("Europe/Berlin")
    night = datetime(2026, 3, 29, 1, 40, tzinfo=berlin)  # 02:00 to 03:00 is left out
    opens = next_open(night, berlin, quiet_from=time(1), quiet_until=time(2, 30))
    assert opens == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)


def test_a_clock_that_goes_back_begins_them_once_more():
    berlin = ZoneInfo("Europe/Berlin")
    again = datetime(2026, 10, 25, 2, 10, fold=1, tzinfo=berlin)
    opens = next_open(again, berlin, quiet_from=time(1), quiet_until=time(2, 30))
    assert opens == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_hours_that_begin_when_they_end_are_none():
    now = datetime(2026, 5, 1, 3, tzinfo=UTC)
    assert next_open(now, ZoneInfo("UTC"), quiet_from=time(0), quiet_until=time(0)) == now
