"""A rollup is a function of the raw events: no order, repetition, lateness or split changes it."""

from __future__ import annotations

import random
import threading
from fractions import Fraction

from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from metering.definitions.values import dimension
from metering.rollups import rollups
from metering.rollups.partials import GRAINS
from tests.events.log import both_stores
from tests.metering.parcels import METERS, by_tenant, group_of, naive, parcels_sent, sent

law = hypothesis_settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@both_stores
@law
@given(
    arriving=parcels_sent(),
    batch_size=st.integers(1, 12),
    repeat=st.booleans(),
    order=st.randoms(use_true_random=False),
)
def test_any_order_repetition_lateness_and_split_gives_the_same_buckets(
    parcels, log, arriving, batch_size, repeat, order
):
    log.empty()
    _store(log, arriving, batch_size, repeat, order)
    for grain in GRAINS:
        # The values of a single minute are not kept: unique counts ask raw events for them.
        kept_meters = [m for m in METERS if (grain, m.aggregation) != ("minute", "unique")]
        kept = rollups().stored(grain=grain, meters=kept_meters)
        assert kept == rollups().recount(grain=grain, meters=kept_meters)
        assert _plain(kept) == _naive(log.store.find(), grain, kept_meters)


def _store(log, arriving, batch_size, repeat, order):
    events = [sent(**each) for each in arriving]
    if repeat:
        events += events
        order.shuffle(events)
    if log.store.kind == "clickhouse":  # each table costs an insert, however few the rows
        batch_size *= 5
    for start in range(0, len(events), batch_size):
        log.store.append(events[start : start + batch_size])


def _plain(buckets):
    return {
        tuple(bucket): (Fraction(value.value), value.count, value.late)
        for bucket, value in buckets.items()
    }


def _naive(events, grain, meters):
    """Every bucket and breakdown, counted by hand."""
    expected = {}
    for meter in meters:
        groups = {}
        for tenant, found in by_tenant(events).items():
            for event in found:
                bucket = _floor(event.time, grain)
                groups.setdefault((tenant, meter.key, bucket, None), []).append(event)
                if meter.group_by and grain != "minute":
                    dims = tuple(
                        each if each is None else dimension(each)
                        for each in group_of(event, meter.group_by)
                    )
                    groups.setdefault((tenant, meter.key, bucket, dims), []).append(event)
        for where, of_group in groups.items():
            if (value := naive(meter, of_group)) is not None:
                expected[where] = value
    return expected


def _floor(time, grain):
    time = time.replace(second=0, microsecond=0)
    if grain != "minute":
        time = time.replace(minute=0)
    return time.replace(hour=0) if grain == "day" else time


def test_consumers_that_add_at_the_same_time_lose_nothing_and_never_deadlock(parcels, log):
    begin, failures = threading.Barrier(4), []

    def consume(first):
        numbers = random.Random(first)  # noqa: S311
        begin.wait()
        try:
            for batch in range(10):
                start = first * 1000 + batch * 20
                log.store.append(
                    [
                        sent(
                            number=number,
                            seconds=numbers.randrange(-90_000, 90_000),
                            tenant=f"w_{numbers.randrange(4)}",
                            to=numbers.choice(["Oslo", "Lima"]),
                            grams=number,
                            degrees=number / 3,
                        )
                        for number in range(start, start + 20)
                    ]
                )
        except Exception as error:
            failures.append(error)

    consumers = [threading.Thread(target=consume, args=[first]) for first in range(1, 5)]
    for consumer in consumers:
        consumer.start()
    for consumer in consumers:
        consumer.join()
    assert failures == []
    for grain in ("hour", "day"):
        kept = rollups().stored(grain=grain, meters=METERS)
        assert kept == rollups().recount(grain=grain, meters=METERS)
    assert sum(v.value for b, v in kept.items() if b.meter == "parcels" and b.dims is None) == 800
