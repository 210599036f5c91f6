"""Counts of refusals arrive, whatever becomes of the process that refused."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

import events
from events import refusals
from events.errors import TransportUnavailable


@pytest.fixture(autouse=True)
def nothing_unsent(log, settings):
    """No count of another test travels in this one, and no timer runs but its own."""
    settings.EVENTS_REFUSALS_WAIT = 3600
    if refusals._timer:
        refusals._timer.cancel()
        refusals._timer.join(10)  # it may be sending at this moment
        refusals._timer = None
    refusals.take_unsent()
    log.redis.delete(log.keys.refused)
    yield
    if refusals._timer:
        refusals._timer.cancel()
        refusals._timer = None
    refusals.take_unsent()


def arrives(expected: dict[str, int]) -> bool:
    until = time.monotonic() + 60
    while refusals.totals_stored() != expected:
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


def test_a_count_travels_with_the_next_events(log):
    refusals.count("wrong_time", 2, tenant="w_a")
    refusals.count("wrong_time")
    assert refusals.totals_stored() == {}
    events.record("Door Opened", properties={"floor": 1})
    assert refusals.totals_stored() == {"wrong_time": 3}
    assert refusals.of_workspace("w_a") == {"wrong_time": 2}
    assert refusals.of_workspace("w_b") == {}


def test_a_count_goes_alone_when_nothing_is_sent(settings):
    settings.EVENTS_REFUSALS_WAIT = 0.02
    refusals.count("wrong_time")
    assert arrives({"wrong_time": 1})
    refusals.count("wrong_time")
    assert arrives({"wrong_time": 2})


def test_a_count_waits_for_redis(settings):
    real, settings.REDIS_URL = settings.REDIS_URL, "redis://127.0.0.1:1/0"
    settings.EVENTS_REFUSALS_WAIT = 0.02
    refusals.count("wrong_time")
    refusals.send()
    with pytest.raises(TransportUnavailable):
        refusals.totals_stored()
    settings.REDIS_URL = real
    assert arrives({"wrong_time": 1})


ENDING = """
import os, sys
from django.conf import settings
settings.configure(REDIS_URL=sys.argv[1], EVENTS_STREAM=sys.argv[2])
from events import refusals
refusals.count("wrong_time", 5, tenant="w_a")
if os.fork() == 0:
    refusals.count("too_large")
    sys.exit()
os.wait()
"""


def test_a_process_that_ends_tells_its_counts_and_a_fork_of_it_only_its_own(settings):
    arguments = [sys.executable, "-c", ENDING, settings.REDIS_URL, settings.EVENTS_STREAM]
    subprocess.run(arguments, check=True, timeout=30)
    assert refusals.totals_stored() == {"wrong_time": 5, "too_large": 1}
    assert refusals.of_workspace("w_a") == {"wrong_time": 5}
