"""The share of threads that are busy: of real threads, which wait for the test."""

from __future__ import annotations

import threading
import time

from plg_site.operating.busy_threads import Smoothed
from plg_site.patience.threads import Threads


def wait_until(holds) -> None:
    until = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_it_says_how_many_are_at_work_and_how_many_wait(request):
    let_go = threading.Semaphore(0)
    threads = Threads(lambda conn: let_go.acquire(timeout=60) and None, most=4)
    request.addfinalizer(threads.shutdown)  # they hold up the end of the process
    assert threads.busy_share() == 0
    for _ in range(2):
        threads.submit(object())
    wait_until(lambda: threads._given.empty() and threads.busy_share() == 0.5)
    for _ in range(4):
        threads.submit(object())
    wait_until(lambda: threads._given.qsize() == 2 and threads.busy_share() == 1.5)
    for _ in range(6):
        let_go.release()
    wait_until(lambda: threads.busy_share() == 0)


def test_one_look_at_which_all_are_busy_is_no_pressure_yet():
    class Busy:
        share, most, hung_up = 1.0, 4, 0

        def busy_share(self) -> float:
            return self.share

    smoothed = Smoothed(Busy())
    assert smoothed.share() < 40
    values = [smoothed.share() for _ in range(30)]
    assert values == sorted(values)
    assert values[-1] > 99
