"""Several connections store the same events at the same time: each is stored once."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from events.store.interface import Stored
from tests.events.log import an_event


@pytest.fixture
def pair():
    return [an_event("Door Opened", floor=n) for n in range(2)]


def claim_of_another(log, event, *, commits):
    """Another connection's claim, which ends as told after a moment in which we have come to wait."""
    claimed = threading.Event()

    def claim():
        with log.store.connection() as connection:
            connection.execute("INSERT INTO event_key (id) VALUES (%s)", [event.id])
            claimed.set()
            _wait_until_somebody_is_blocked(log)
            if not commits:
                connection.rollback()

    thread = threading.Thread(target=claim)
    thread.start()
    claimed.wait()
    return thread


def _wait_until_somebody_is_blocked(log):
    while log.query("SELECT count(*) FROM pg_locks WHERE NOT granted") == [(0,)]:
        pass


def test_an_id_that_another_commits_meanwhile_is_left_out(log, pair):
    other = claim_of_another(log, pair[1], commits=True)
    assert log.store.append(pair) == Stored(new=1, duplicates=1)
    other.join()
    assert log.ids() == [pair[0].id]


def test_an_id_that_another_gives_back_is_stored(log, pair):
    other = claim_of_another(log, pair[1], commits=False)
    assert log.store.append(pair) == Stored(new=2, duplicates=0)
    other.join()
    assert log.ids() == [event.id for event in pair]


def test_many_at_once_with_the_same_events_in_any_order_and_time_count_each_once(log):
    events = [an_event(floor=n) for n in range(60)]

    def store_all(seed):
        shuffled = random.Random(seed).sample(events, k=len(events))  # noqa: S311
        new = 0
        for start in range(0, len(shuffled), 7):
            batch = [
                an_event(id=each.id, time=each.time - timedelta(hours=seed))
                for each in shuffled[start : start + 7]
            ]
            new += log.store.append(batch).new
        return new

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(store_all, range(4))) == 60
    assert log.ids() == sorted(event.id for event in events)
    assert log.query("SELECT sum(count) FROM rollup_day WHERE meter = 'clicks'") == [(60,)]
