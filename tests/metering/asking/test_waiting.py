"""Whoever has just done something finds it counted: answers hold what was accepted and waits."""

from __future__ import annotations

import math
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

import events
from events import conf
from events.transport import intake
from metering.asking.query import Question, ask, ask_stored
from metering.definitions import catalogue
from metering.rollups import trust
from tests.events.log import both_stores
from tests.metering.asking.test_query import law, questions
from tests.metering.parcels import METERS, NOON, PEOPLE, naive, parcels_sent, sent

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(days=3)


@pytest.fixture(autouse=True)
def trusted_anew():
    """Nothing that a test says of rollups is believed by the next one."""
    yield
    trust.forget()


def _wait(log, arriving):
    """Let these wait in the stream, and nothing else."""
    log.redis.delete(log.keys.stream, log.keys.waiting)
    intake.accept([event.encode() for event in arriving])


@both_stores
@pytest.mark.parametrize("doubted", [False, True])
@law
@given(
    arriving=parcels_sent(seconds=2 * 86400 + 5000),
    asked=st.lists(questions(), min_size=1, max_size=4),
    edges=st.tuples(st.integers(0, 12), st.integers(0, 12)),
)
def test_what_waits_counts_as_if_it_were_stored_and_what_is_stored_counts_once(
    parcels, log, doubted, arriving, asked, edges
):
    """Every kind of meter, whatever part of the events is stored, waits, or both; from rollups, and from
    raw events where rollups are in doubt. Which of them is said here, or it would be asked of the store
    each half minute, somewhere between two examples."""
    log.empty()
    doubtful = frozenset(meter.key for meter in METERS) if doubted else frozenset()
    trust._known[conf.database_url()] = math.inf, doubtful
    arriving = [sent(**{**each, "number": n}) for n, each in enumerate(arriving, 1)]
    waiting_from, stored_to = min(edges), max(edges)
    log.store.append(arriving[:stored_to])
    _wait(log, arriving[waiting_from:])
    told = ask("w_acme", *asked, now=LATER)
    log.store.append(arriving)
    log.redis.delete(log.keys.stream, log.keys.waiting)
    assert told == ask_stored("w_acme", *asked, now=LATER)


@both_stores
def test_since_ever_what_waits_is_counted_while_rollups_are_in_doubt(parcels, log):
    trust._known[conf.database_url()] = math.inf, frozenset(meter.key for meter in METERS)
    _wait(log, [sent(number=1, seconds=-60)])
    [[shown]] = ask("w_acme", Question(meter="parcels", end=NOON), now=LATER)
    assert shown.count == 1


@pytest.mark.parametrize("meter", METERS, ids=lambda meter: meter.key)
def test_each_kind_of_meter_shows_the_last_event_before_it_is_stored(parcels, log, meter):
    to, fragile = ("", False) if meter.excludes else ("Oslo", True)  # what this meter counts
    one, more = (
        sent(number=n, seconds=n, person=PEOPLE[n], box=PEOPLE[n], to=to, fragile=fragile, grams=n,
             price=str(n), degrees=float(n))
        for n in (1, 2)
    )  # fmt: skip
    log.store.append([one])
    _wait(log, [one, more])
    [[shown]] = ask("w_acme", Question(meter=meter.key))
    assert (shown.value, shown.count, shown.late) == naive(meter, [one, more])


def test_what_waits_in_another_workspace_is_not_added(parcels, log):
    _wait(log, [sent(number=1, tenant="w_globex")])
    assert ask("w_acme", Question(meter="parcels"))[0][0].count == 0


def test_what_the_present_request_has_recorded_is_added(parcels, log):
    with events.batch():
        events.record(
            "Parcel Sent", tenant="w_acme", properties={"grams": 3, "price": 1, "degrees": 1.0}
        )
        assert ask("w_acme", Question(meter="grams"))[0][0].value == 3


def test_what_came_with_a_row_is_added_without_redis(parcels, log, settings, db):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    events.record_with_row(
        "Parcel Sent", tenant="w_acme", properties={"grams": 3, "price": 1, "degrees": 1.0}
    )
    assert ask("w_acme", Question(meter="grams"))[0][0].value == 3


def test_what_waits_on_the_disk_is_added(parcels, log, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    events.record(
        "Parcel Sent", tenant="w_acme", properties={"grams": 3, "price": 1, "degrees": 1.0}
    )
    assert ask("w_acme", Question(meter="grams"))[0][0].value == 3


def test_the_catalogue_of_parcels_has_every_kind_of_meter(parcels):
    assert {meter.aggregation for meter in METERS} == {"count", "sum", "max", "latest", "unique"}
    assert list(catalogue.meters())
