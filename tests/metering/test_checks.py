"""What a wrong setting would only show on an invoice, said at start-up."""

from datetime import UTC, datetime, timedelta

import pytest

from events.event import OLDEST
from metering import checks, statements


@pytest.mark.parametrize("days", [0, 463, 800])
def test_raw_events_that_outlive_their_periods_adjustments_are_fine(settings, days):
    settings.EVENTS_RETENTION_DAYS = days
    assert checks.check_retention() == []


@pytest.mark.parametrize("days", [1, 400, 462])
def test_raw_events_that_leave_before_their_period_is_settled_are_warned_of(settings, days):
    settings.EVENTS_RETENTION_DAYS = days
    [warning] = checks.check_retention()
    assert warning.id == "metering.W002"
    assert f"EVENTS_RETENTION_DAYS is {days}" in warning.msg
    assert "463 days" in warning.hint


def test_they_outlive_the_longest_wait_for_an_adjustment():
    """The last event of a long month, and the statement of the next long month that names it."""
    start = datetime(2026, 1, 1, 0, 0, 30, tzinfo=UTC)
    end = start + timedelta(days=31)
    adjusted = end + OLDEST + timedelta(days=31)
    edge = (adjusted - timedelta(days=statements.RAW_FOR.days)).date()
    assert edge < start.date()
