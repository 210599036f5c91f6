"""Billing months begin at any instant, and their history stays as it was."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metering import periods
from metering.models import BillingCycle, Ledger
from metering.periods import LIFETIME, Month, cycles
from metering.periods.months import Cycle

moments = st.datetimes(datetime(2024, 1, 1), datetime(2029, 1, 1), timezones=st.just(UTC))


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_without_an_anchor_a_month_is_the_calendars_also_in_december():
    december = periods.current("month", now=at("2026-12-31T23:59:59"))
    assert december == Month(at("2026-12-01"), at("2027-01-01"))
    assert december.key != periods.current("month", now=december.end).key


@pytest.mark.parametrize(
    ("now", "start", "end"),
    [
        ("2026-01-31T10:11:12", "2026-01-31T10:11:12", "2026-02-28T10:11:12"),
        ("2026-02-28T10:11:11", "2026-01-31T10:11:12", "2026-02-28T10:11:12"),
        ("2026-03-30T00:00:00", "2026-02-28T10:11:12", "2026-03-31T10:11:12"),
        ("2028-02-29T10:11:12", "2028-02-29T10:11:12", "2028-03-31T10:11:12"),
        ("2025-11-01T00:00:00", "2025-10-31T10:11:12", "2025-11-30T10:11:12"),
    ],
)
def test_a_month_begins_at_the_anchors_instant_clamped_to_short_months(now, start, end):
    anchor = at("2026-01-31T10:11:12")
    history = [Cycle(at("2020-01-01"), anchor)]
    assert periods.within(history, now=at(now)) == Month(at(start), at(end))


@given(
    moment=moments,
    anchors=st.lists(st.tuples(moments, st.one_of(st.none(), moments)), max_size=4),
)
def test_months_follow_each_other_whatever_the_history(moment, anchors):
    history = [Cycle(*each) for each in sorted(anchors, key=lambda each: each[0])]
    month = periods.within(history, now=moment)
    assert month.start <= moment < month.end
    assert month.end - month.start <= timedelta(days=31)
    assert periods.within(history, now=month.end).start == month.end
    assert periods.within(history, now=month.end - timedelta(microseconds=1)) == month


def test_a_lifetime_never_ends():
    assert periods.current("lifetime", now=at("2026-01-01")) is LIFETIME
    with pytest.raises(ValueError, match="nothing"):
        periods.previous(LIFETIME)


def test_a_change_of_the_anchor_ends_the_running_month_and_keeps_the_history(acme):
    cycles.set_anchor(acme, at("2026-03-10T08:00:00"), since=at("2026-03-10T08:00:00"))
    cycles.set_anchor(acme, at("2026-05-20T09:30:00"), since=at("2026-05-20T09:30:00"))
    cycles.set_anchor(acme, None, since=at("2026-07-04T00:00:00"))
    edges, month = [], periods.current("month", tenant=acme, now=at("2026-02-15"))
    for _ in range(8):
        edges.append(f"{month.end:%m-%d %H:%M}")
        month = periods.following(month, tenant=acme)
    assert edges == [
        "03-01 00:00", "03-10 08:00", "04-10 08:00", "05-10 08:00", "05-20 09:30",
        "06-20 09:30", "07-04 00:00", "08-01 00:00",
    ]  # fmt: skip
    assert periods.previous(month, tenant=acme).end == month.start


def test_saying_the_same_again_changes_nothing(acme):
    anchor = at("2026-03-10T08:00:00")
    for since in (anchor, anchor, anchor + timedelta(days=1)):
        cycles.set_anchor(acme, anchor, since=since)
    assert BillingCycle.objects.for_tenant(acme).count() == 1


def test_an_anchor_has_whole_seconds(acme):
    cycles.set_anchor(acme, datetime(2026, 3, 10, 8, 0, 0, 999_999, tzinfo=UTC))
    assert BillingCycle.objects.get(tenant=acme).anchor == at("2026-03-10T08:00:00")


def test_what_is_closed_stays_closed(acme):
    Ledger.objects.create(tenant=acme, closed_until=at("2026-04-01"), due=at("2026-05-01"))
    cycles.set_anchor(acme, at("2026-03-10T08:00:00"), since=at("2026-03-10T08:00:00"))
    assert BillingCycle.objects.get(tenant=acme).since == at("2026-04-01")
    assert Ledger.objects.get(tenant=acme).due == at("2026-04-10T08:00:00")


def test_a_process_remembers_cycles_for_some_seconds(acme, django_assert_num_queries):
    periods.current("month", tenant=acme, now=at("2026-03-10"))
    with django_assert_num_queries(0):
        periods.current("month", tenant=acme.schema_name, now=at("2026-03-11"))
