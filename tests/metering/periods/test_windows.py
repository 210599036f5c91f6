"""Windows as clocks show them: every instant lies in exactly one, and each begins where it should."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metering.periods.windows import after, first_instant, floor, split, zone

ZONES = [
    "UTC",
    "Europe/Oslo",
    "America/New_York",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "Africa/Cairo",
    "America/Havana",
]
moments = st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))


@given(
    start=moments,
    length=st.timedeltas(timedelta(0), timedelta(days=4)),
    window=st.sampled_from(["hour", "day", "month"]),
    name=st.sampled_from(ZONES),
)
def test_windows_follow_each_other_without_a_gap(start, length, window, name):
    tz, end = zone(name), start + length
    found = list(split(start, end, window, tz=tz))
    assert sum((b - a for a, b in found), timedelta(0)) == length
    assert all(a[1] == b[0] for a, b in pairwise(found))
    for _, edge in found[:-1]:
        local = edge.astimezone(tz)
        assert floor(edge, window, tz=tz) == edge
        if window == "hour":
            assert (local.minute, local.second, local.microsecond) == (0, 0, 0)
        else:
            assert (edge - timedelta(microseconds=1)).astimezone(tz).date() < local.date()


@given(moment=moments, window=st.sampled_from(["minute", "hour", "day", "month"]))
def test_the_floor_is_the_last_beginning_before(moment, window):
    for name in ZONES:
        tz = zone(name)
        begins = floor(moment, window, tz=tz)
        assert begins <= moment < after(begins, window, tz=tz)


@pytest.mark.parametrize(
    ("day", "name", "begins", "hours"),
    [
        (date(2026, 10, 25), "Europe/Oslo", "2026-10-24T22:00", 25),
        (date(2027, 3, 28), "Europe/Oslo", "2027-03-27T23:00", 23),
        (date(2026, 4, 5), "Australia/Lord_Howe", "2026-04-04T13:00", 24.5),
        (date(2026, 4, 24), "Africa/Cairo", "2026-04-23T22:00", 23),  # midnight is skipped
        (date(2026, 6, 1), "Asia/Kathmandu", "2026-05-31T18:15", 24),
    ],
)
def test_a_day_begins_and_ends_with_its_date(day, name, begins, hours):
    tz = ZoneInfo(name)
    start = first_instant(day, tz=tz)
    assert start == datetime.fromisoformat(begins).replace(tzinfo=UTC)
    assert (after(start, "day", tz=tz) - start) / timedelta(hours=1) == hours


def test_an_hour_that_comes_twice_is_two_windows():
    start = datetime(2026, 10, 24, 23, tzinfo=UTC)
    found = list(split(start, start + timedelta(hours=3), "hour", tz=zone("Europe/Oslo")))
    assert len(found) == 3
