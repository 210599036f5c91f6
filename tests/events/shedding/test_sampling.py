"""Under pressure one in so many is kept of what may be left out, and counts can be scaled."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from uuid import UUID

import pytest

import events
from events import EventType, WrongProperty, registry, shedding
from events.shedding import measure

STEP_TAKEN = EventType("Step Taken", {"number": int}, sheddable=True)
pytestmark = pytest.mark.usefixtures("empty_outbox")


@pytest.fixture(autouse=True)
def step_taken() -> Iterator[None]:
    events.register(STEP_TAKEN)
    yield
    registry._registered.pop(STEP_TAKEN.name)


def visitor(number: int) -> UUID:
    return UUID(int=number)


def walk(visitors: int, *, steps: int = 3) -> None:
    """Each visitor takes so many steps."""
    with events.batch():
        for number in range(visitors):
            for step in range(steps):
                events.record(
                    "Step Taken", anonymous_id=visitor(number), properties={"number": step}
                )


def test_without_pressure_all_are_kept_and_none_says_a_rate(log):
    walk(20)
    log.settle()
    stored = list(log.store.find(names=["Step Taken"]))
    assert len(stored) == 60
    assert {shedding.weight(each) for each in stored} == {1}
    assert not any("one_in" in each.context for each in stored)


def test_under_pressure_a_count_that_is_scaled_comes_near_to_the_truth(log, pressure_of, settings):
    settings.PRESSURE_KEEP_ONE_IN = 10
    pressure_of(1)
    walk(2_000)
    log.settle()
    stored = list(log.store.find(names=["Step Taken"]))
    assert 300 < len(stored) < 900  # of 6,000
    scaled = sum(map(shedding.weight, stored))
    assert scaled == 10 * len(stored)
    assert 0.8 * 6_000 < scaled < 1.2 * 6_000  # the visitors are the same in each run


def test_a_visit_is_kept_whole_or_not_at_all(log, pressure_of):
    pressure_of(3)
    walk(300)
    log.settle()
    steps = defaultdict(int)
    for each in log.store.find(names=["Step Taken"]):
        steps[each.anonymous_id] += 1
    assert steps
    assert set(steps.values()) == {3}


def test_what_was_left_out_is_counted(log, pressure_of):
    pressure_of(1)
    walk(100, steps=1)
    measure.tell_counts()
    log.settle()
    kept = len(list(log.store.find(names=["Step Taken"])))
    assert measure.counts()["page_views"] == 100 - kept


def test_other_events_are_all_kept_at_the_highest_level(log, pressure_of):
    pressure_of(3)
    for floor in range(50):
        events.record("Door Opened", anonymous_id=visitor(floor), properties={"floor": floor})
    log.settle()
    stored = list(log.store.find(names=["Door Opened"]))
    assert len(stored) == 50
    assert {shedding.weight(each) for each in stored} == {1}


def test_what_comes_with_a_row_or_by_who_is_first_is_never_left_out(log, pressure_of, db):
    pressure_of(3)
    for number in range(30):
        events.record_with_row(
            "Step Taken", anonymous_id=visitor(number), properties={"number": number}
        )
    log.settle()
    assert len(list(log.store.find(names=["Step Taken"]))) == 30


def test_what_is_wrong_is_refused_also_when_it_would_be_left_out(pressure_of):
    pressure_of(1)
    for number in range(30):
        with pytest.raises(WrongProperty):
            events.record("Step Taken", anonymous_id=visitor(number), properties={"number": "one"})


def test_a_caller_cannot_make_an_event_stand_for_many(log):
    events.record("Door Opened", properties={"floor": 1}, context={"one_in": "1000"})
    log.settle()
    [stored] = log.store.find(names=["Door Opened"])
    assert shedding.weight(stored) == 1


def test_what_customers_send_can_never_be_left_out():
    with pytest.raises(ValueError, match="customers"):
        EventType("Thing Sent", external=True, sheddable=True)
