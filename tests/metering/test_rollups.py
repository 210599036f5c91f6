"""A rollup is a function of the raw events: no order, repetition or split changes it."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from metering import periods, rollup, usage
from tests.events.log import an_event

NOON = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=3)


def occurrences():
    """(id, minutes from noon, workspace, event): few ids, so that many come twice."""
    return st.lists(
        st.tuples(
            st.integers(1, 30),
            st.integers(-3000, 3000),
            st.sampled_from(["w_acme", "w_globex", None]),
            st.one_of(
                st.just(("Link Clicked", None)),
                st.tuples(st.just("Storage Changed"), st.integers(-(10**12), 10**12)),
                st.just(("Page Viewed", None)),
            ),
        ),
        max_size=40,
    )


@hypothesis_settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(happened=occurrences(), batch_size=st.integers(1, 12), repeat=st.booleans())
def test_any_order_repetition_and_split_gives_the_same_totals(log, happened, batch_size, repeat):
    log.empty()
    arriving = [_event(*each) for each in happened]
    if repeat:
        arriving += arriving[::-1]
    for start in range(0, len(arriving), batch_size):
        log.store.append(arriving[start : start + batch_size])
    expected = _expected(arriving)
    with log.store.connection() as connection:
        for grain in rollup.GRAINS:
            kept = rollup.stored(connection, grain=grain)
            assert kept == rollup.recount(connection, grain=grain)
            assert _totals(kept) == expected


def _event(number, minutes, tenant, what):
    name, size = what
    properties = {} if size is None else {"bytes": size}
    time = NOON + timedelta(minutes=minutes, seconds=number)
    return an_event(name, id=UUID(int=number), time=time, tenant=tenant, **properties)


def _expected(arriving):
    """Counted again by hand: of each id, the first that came."""
    totals = defaultdict(lambda: (Decimal(0), 0))
    for event in {event.id: event for event in reversed(arriving)}.values():
        meter = {"Link Clicked": "clicks", "Storage Changed": "storage"}.get(event.name)
        if meter and event.tenant:
            value, count = totals[event.tenant, meter]
            added = event.properties.get("bytes", 1)
            totals[event.tenant, meter] = (value + added, count + 1)
    return dict(totals)


def _totals(buckets):
    totals = defaultdict(lambda: (Decimal(0), 0))
    for (tenant, meter, _), (value, count) in buckets.items():
        total, number = totals[tenant, meter]
        totals[tenant, meter] = (total + value, number + count)
    return dict(totals)


def test_usage_of_a_month_starts_again_and_of_a_lifetime_does_not(log):
    this_month = datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    last_month = this_month - timedelta(microseconds=1)
    log.store.append([an_event("Link Clicked", time=last_month), an_event("Link Clicked")])
    log.store.append(
        [
            an_event("Storage Changed", time=last_month, bytes=700),
            an_event("Storage Changed", bytes=-200),
        ]
    )
    assert usage.current("w_acme", "clicks") == 1
    assert usage.current("w_acme", "clicks", now=last_month) == 1
    assert usage.current("w_acme", "storage") == 500
    assert usage.current("w_globex", "storage") == 0


def test_a_series_has_what_each_hour_gained(log):
    for minutes in (0, 10, 59, 60, 150):
        log.store.append([an_event("Link Clicked", time=NOON + timedelta(minutes=minutes))])
    found = usage.series(
        "w_acme", "clicks", grain="hour", start=NOON, end=NOON + timedelta(hours=2)
    )
    assert found == [(NOON, 3), (NOON + timedelta(hours=1), 1)]


def test_a_snapshot_shows_what_a_day_used_and_what_a_day_ended_with(log):
    now = datetime.now(UTC)
    yesterday = now - timedelta(days=1)
    log.store.append([an_event("Link Clicked", time=yesterday), an_event("Link Clicked")])
    log.store.append([an_event("Storage Changed", time=now - timedelta(days=40), bytes=5)])
    log.store.append([an_event("Storage Changed", time=yesterday, bytes=10)])
    found = usage.snapshot("w_acme", now=now, days=3)
    by_key = {reading.meter.key: reading for reading in found.readings}
    assert [value for _, value in by_key["clicks"].by_day] == [0, 1, 1]
    assert [value for _, value in by_key["storage"].by_day] == [5, 15, 15]
    assert by_key["storage"].used == 15
    assert by_key["storage"].by_day[-1][0] == now.date()
    assert [change.value for change in found.changes][:2] in ([1, 1], [1, 10], [10, 1])


def test_the_coarsest_rollup_that_fits_a_period_is_read():
    midnight = NOON.replace(hour=0)
    assert rollup.finest_needed(None, midnight) == "day"
    assert rollup.finest_needed(midnight, NOON) == "hour"
    assert rollup.finest_needed(NOON + timedelta(minutes=7), None) == "minute"


def test_a_month_ends_where_the_next_begins_also_in_december():
    december = periods.current("month", now=datetime(2026, 12, 31, 23, 59, tzinfo=UTC))
    assert (december.start, december.end) == (
        datetime(2026, 12, 1, tzinfo=UTC),
        datetime(2027, 1, 1, tzinfo=UTC),
    )
    assert december.key != periods.current("month", now=december.end).key
