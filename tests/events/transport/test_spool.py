import os
import socket
import time

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

import events
from events import EventsNotAccepted, refusals
from events.middleware import EventBufferMiddleware
from events.transport.spool import Spool, SpoolFull, get_spool

pytestmark = pytest.mark.usefixtures("empty_outbox")


@pytest.fixture
def without_redis(settings):
    """Nobody listens there. Call it to bring Redis back."""
    real = settings.REDIS_URL
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    def back():
        settings.REDIS_URL = real

    yield back
    back()


def open_door():
    return events.record("Door Opened", properties={"floor": 1})


def test_while_redis_is_away_events_wait_on_disk_and_are_stored_once_later(log, without_redis):
    recorded = [open_door() for _ in range(7)]
    assert get_spool().size() > 0
    without_redis()
    recorded.append(open_door())
    log.settle()
    log.settle()
    assert log.ids() == sorted(recorded)
    assert get_spool().files() == []


def test_a_full_spool_refuses_tells_the_caller_and_is_counted(log, settings, without_redis):
    settings.EVENTS_SPOOL_MAX_BYTES = 1_000
    before = refusals.totals().get("not_accepted", 0)
    accepted, refused = 0, 0
    for _ in range(10):
        try:
            open_door()
            accepted += 1
        except EventsNotAccepted as lost:
            refused += lost.count
    assert accepted > 0
    assert refused > 0
    assert refusals.totals()["not_accepted"] == before + refused
    without_redis()
    open_door()  # carries the counts to Redis
    counted = log.redis.hget(log.keys.refused, "not_accepted")
    assert int(counted) >= refused
    log.settle()
    assert len(log.ids()) == accepted + 1


def test_a_page_works_when_its_events_cannot_be_kept_and_says_how_many(
    log, settings, without_redis
):
    settings.EVENTS_SPOOL_MAX_BYTES = 0

    def view(request):
        open_door()
        open_door()
        return HttpResponse("fine")

    response = EventBufferMiddleware(view)(RequestFactory().get("/"))
    assert (response.content, response["Events-Not-Accepted"]) == (b"fine", "2")


def test_a_stream_that_is_full_of_unread_events_loses_none(log, settings):
    settings.EVENTS_STREAM_MAX_LENGTH = 3
    recorded = [open_door() for _ in range(5)]
    assert log.waiting() == 3
    log.settle()
    assert log.ids() == sorted(recorded)


def test_a_redis_that_hangs_costs_one_time_out_not_one_for_each_call(log, settings):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.REDIS_URL = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        started = time.monotonic()
        for _ in range(5):
            open_door()
        assert time.monotonic() - started < 1.6


def test_a_line_that_a_crash_cut_short_spoils_only_itself(tmp_path):
    spool = Spool(tmp_path, max_bytes=10_000)
    spool.keep([b"one"])
    [path] = spool.files()
    with path.open("ab") as file:
        file.write(b"half of tw")
    spool.keep([b"three"])
    assert path.read_bytes().splitlines() == [b"one", b"half of tw", b"three"]


def test_while_a_file_is_delivered_others_write_to_another_one(tmp_path):
    spool = Spool(tmp_path, max_bytes=10_000)
    spool.keep([b"one"])
    with spool.claimed() as claimed:
        spool.keep([b"two"])
        assert claimed.read_bytes() == b"one\n"
        with spool.claimed() as other:
            assert other.read_bytes() == b"two\n"
    assert spool.files() == []


def test_a_delivery_that_failed_leaves_the_file(tmp_path):
    spool = Spool(tmp_path, max_bytes=10_000)
    spool.keep([b"one"])
    with pytest.raises(RuntimeError), spool.claimed():
        raise RuntimeError
    assert [path.read_bytes() for path in spool.files()] == [b"one\n"]


def test_the_bound_holds_over_all_files(tmp_path):
    (tmp_path / "another-process.jsonl").write_bytes(b"x" * 90)
    spool = Spool(tmp_path, max_bytes=100)
    with pytest.raises(SpoolFull):
        spool.keep([b"y" * 20])
    assert os.listdir(tmp_path) == ["another-process.jsonl"]
