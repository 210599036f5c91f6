"""The threads of the one background process begin and end with it, and it ends with them."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator

import pytest

from plg_site.together import Beside


@pytest.fixture
def terminated() -> Iterator[threading.Event]:
    """Set when this process is told to stop."""
    told = threading.Event()
    before = signal.signal(signal.SIGTERM, lambda *_: told.set())
    yield told
    signal.signal(signal.SIGTERM, before)


def test_threads_are_told_to_stop_and_may_end_what_they_have_in_hand(terminated):
    begun, done = threading.Event(), []

    def _patient(stop: threading.Event) -> None:
        begun.set()
        stop.wait()
        time.sleep(0.2)
        done.append("ended its work")

    beside = Beside(_patient)
    beside.start()
    assert begun.wait(5)
    beside.stop()
    assert done == ["ended its work"]
    assert beside.broken == []
    assert not terminated.is_set()


@pytest.mark.parametrize("how", ["raises", "returns"])
def test_a_thread_that_ends_by_itself_ends_the_process_and_is_named(terminated, how):
    def _weak(stop: threading.Event) -> None:
        if how == "raises":
            raise RuntimeError("out of luck")

    beside = Beside(_weak, lambda stop: stop.wait() and None)
    beside.start()
    deadline = time.monotonic() + 5
    while not terminated.is_set() and time.monotonic() < deadline:
        time.sleep(0.01)  # Python runs a handler between two steps of the main thread
    assert terminated.is_set()
    beside.stop()
    assert beside.broken == ["weak"]
