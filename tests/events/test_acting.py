"""Who acted for whom is said by the event, so that nobody's deeds are taken for another's."""

from __future__ import annotations

from uuid import UUID

import events
from events import context

STAFF, CUSTOMER, OTHER = UUID(int=1), UUID(int=2), UUID(int=3)


def record(log, **details):
    event_id = events.record("Door Opened", person=CUSTOMER, properties={"floor": 1}, **details)
    log.settle()
    return next(event for event in log.store.find() if event.id == event_id)


def test_what_is_done_in_somebodys_place_says_who_did_it(log, empty_outbox):
    with context.acting(STAFF, person=CUSTOMER):
        event = record(log)
    assert event.person == CUSTOMER
    assert context.actor_of(event) == STAFF
    assert event.context == {"actor": str(STAFF), "acted_for": str(CUSTOMER)}


def test_what_one_does_oneself_names_no_actor(log, empty_outbox):
    with context.acting(STAFF, person=CUSTOMER):
        pass
    event = record(log)
    assert context.actor_of(event) is None
    assert event.context == {}


def test_it_holds_inside_a_request_and_keeps_what_is_known_of_it(log, empty_outbox):
    with context.of_request(request_id="r-1"):
        with context.acting(STAFF):
            context.add(key="k-1")
            inside = record(log)
        outside = record(log)
    assert inside.context == {"request_id": "r-1", "key": "k-1", "actor": str(STAFF)}
    assert outside.context == {"request_id": "r-1", "key": "k-1"}


def test_the_innermost_actor_counts_and_the_outer_one_is_back_afterwards(log, empty_outbox):
    with context.acting(STAFF, person=CUSTOMER):
        with context.acting(OTHER):
            assert record(log).context == {"actor": str(OTHER)}
        assert context.actor_of(record(log)) == STAFF


def test_a_caller_cannot_say_that_somebody_else_acted(log, empty_outbox):
    forged = {"actor": str(OTHER), "acted_for": str(OTHER), "source": "x"}
    assert record(log, context=forged).context == {"source": "x"}
    with context.acting(STAFF):
        assert record(log, context=forged).context == {"source": "x", "actor": str(STAFF)}


def test_an_event_that_waits_with_a_row_says_it_too(log, empty_outbox):
    with context.acting(STAFF, person=CUSTOMER):
        events.record_with_row("Door Opened", person=CUSTOMER, properties={"floor": 1})
    log.settle()
    [event] = log.store.find()
    assert context.actor_of(event) == STAFF
