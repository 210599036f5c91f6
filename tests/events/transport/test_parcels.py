"""Several events in one entry of the stream."""

from __future__ import annotations

from uuid import UUID

import pytest

import events
from events import health
from events.transport import parcels
from tests.events.log import Log, an_event

pytestmark = pytest.mark.django_db


def test_what_is_packed_is_unpacked_in_order():
    lines = [b"%d" % number for number in range(100)]
    packed = parcels.pack(lines)
    assert len(packed) == 4
    assert [line for parcel in packed for line in parcels.unpack(parcel)] == lines
    assert parcels.pack([]) == []


def test_long_events_are_not_packed_together():
    lines = [b"x" * 60_000] * 5
    assert [len(parcels.unpack(parcel)) for parcel in parcels.pack(lines)] == [2, 2, 1]


def test_the_bound_counts_events_and_takes_all_of_a_call_or_none(log, settings):
    settings.EVENTS_STREAM_MAX_LENGTH = 50
    record(40)
    record(11)  # to the spool
    record(10)
    assert log.redis.xlen(log.keys.stream) == 3
    assert (health.lag().waiting, health.lag().fill) == (50, 1.0)
    log.settle()
    assert len(doors(log)) == 61
    assert health.lag().waiting == 0


def test_one_line_that_is_no_event_spoils_no_other_of_its_parcel(log):
    good = [an_event("Door Opened", floor=number) for number in range(3)]
    lines = [good[0].encode(), b"{not json", good[1].encode(), b"", good[2].encode()]
    log.redis.xadd(log.keys.stream, {"e": b"\n".join(lines)})
    log.settle()
    assert doors(log) == sorted(event.id for event in good)
    assert [line for line, _ in log.dead()] == [b"{not json", b""]
    assert log.waiting() == 0


def test_the_number_of_waiting_events_is_right_again_after_the_stream_was_deleted(log):
    record(5)
    log.redis.delete(log.keys.stream)
    record(2)
    assert health.lag().waiting == 2


def record(count: int) -> None:
    with events.batch():
        for number in range(count):
            events.record("Door Opened", properties={"floor": number})


def doors(log: Log) -> list[UUID]:
    return [row[0] for row in log.stored() if row[1] == "Door Opened"]
