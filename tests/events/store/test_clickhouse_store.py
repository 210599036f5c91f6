"""ClickHouse has no transactions: what makes a batch whole, at each point where something can die."""

import os
import random
import signal
import threading
import time
from contextlib import closing
from decimal import Decimal

import msgspec
import pytest

from events import conf
from events.errors import EventsUnstorable, StoreUnavailable
from events.event import decode
from events.redis.redis_client import patient
from events.store.clickhouse import schema
from events.store.clickhouse.batch import ClickHouseBatch
from events.store.clickhouse.store import ClickHouseEventStore
from events.store.clickhouse.writer import TurnLost
from metering.definitions.catalogue import meters
from metering.rollups import rollups
from metering.rollups.partials import GRAINS
from tests.events.log import an_event, clickhouse_server

pytestmark = [
    pytest.mark.parametrize("store_kind", ["clickhouse"], indirect=True),
    pytest.mark.thorough,
]
LEASE = 0.3


def test_a_writer_that_dies_after_any_insert_is_finished_by_the_next(log):
    batch = [an_event(floor=n) for n in range(5)]
    log.store.append([an_event()])  # definitions are noted, so each batch has as many inserts
    inserts, stored = 1, 1
    while _dies_after(inserts, [*batch, an_event()]):
        with closing(_store()) as store:
            assert store.append([an_event()]).new == 1
        batch = [an_event(floor=n) for n in range(5)]
        stored, inserts = stored + 7, inserts + 1
    assert inserts > 6  # raw, keys, three rollups of clicks, and one by link
    assert log.count("event") == log.count("event_key") == stored + 6
    _check_rollups()


def test_a_token_that_was_noted_without_its_rows_does_not_lose_them(log):
    log.store.append([an_event()])
    batch = [an_event(floor=n) for n in range(3)]
    assert _dies_after(1, batch)
    number, name = (
        2,
        f"2-3-{min(e.id.hex for e in batch)}-{max(e.id.hex for e in batch)}:rollup_day:0",
    )
    with log.store.connection() as client:
        columns, row = "tenant, meter, bucket, batch", f"('x', 'x', now(), {number - 1})"
        client.command(
            f"INSERT INTO rollup_day ({columns}) VALUES {row}",  # noqa: S608
            settings={"insert_deduplication_token": name},
        )
        client.command("DELETE FROM rollup_day WHERE tenant = 'x'")
    with closing(_store()) as store:
        assert store.append(batch).new == 0
    _check_rollups()


def test_a_redis_that_forgot_everything_does_not_leave_half_a_batch(log):
    log.store.append([an_event()])
    batch = [an_event(floor=n) for n in range(5)]
    assert _dies_after(2, batch)
    log.redis.delete(f"{{{conf.stream()}}}:store")
    with closing(_store()) as store:
        assert store.append([*batch, an_event()]).new == 1
    assert log.count("event") == log.count("event_key") == 7
    _check_rollups()


def test_a_writer_that_stood_still_can_only_repeat_what_is_stored(log):
    stands_still, goes_on = threading.Event(), threading.Event()

    class Slow(ClickHouseEventStore):
        def _send_all(self, turn, token, inserts):
            if inserts[0].table == "event":
                return super()._send_all(turn, token, inserts)
            stands_still.set()
            goes_on.wait(20)
            with pytest.raises(StoreUnavailable):
                super()._send_all(turn, token, inserts)
            turn.renew_at = time.monotonic() + 100  # as if it had looked just before it stood still
            super()._send_all(turn, token, inserts)
            raise StoreUnavailable

    slow = _store(Slow)
    batch = [an_event(floor=n) for n in range(4)]

    def stand_still():
        with pytest.raises(StoreUnavailable):
            slow.append(batch)

    thread = threading.Thread(target=stand_still)
    thread.start()
    assert stands_still.wait(20)
    with closing(_store()) as store:
        assert store.append([*batch, an_event()]).new == 1
    goes_on.set()
    thread.join()
    slow.close()
    assert log.count("event") == 5
    _check_rollups()


def test_two_writers_at_once_store_each_event_once(log):
    events = [an_event(floor=n) for n in range(60)]
    slices = [events[start : start + 15] for start in range(0, 60, 5)]

    def write(order):
        with closing(_Patient()) as store:
            for each in order:
                store.append(each)

    threads = [threading.Thread(target=write, args=[order]) for order in (slices, slices[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(log.ids()) == sorted(event.id for event in events)
    assert log.count("event_key") == 60
    _check_rollups()


def test_killed_servers_and_writers_leave_each_event_once_and_the_rollups_right(log):
    chance, to_do = random.Random(), f"{conf.stream()}:to-do"  # noqa: S311
    sent = [[an_event(floor=n) for n in range(20)] for _ in range(60)]
    writers = [_forked(lambda: _write_until_killed(to_do)) for _ in range(2)]
    for round_number in range(16):
        for batch in sent[round_number * 3 : round_number * 3 + 3]:
            log.redis.rpush(to_do, b"\n".join(event.encode() for event in batch))
        time.sleep(chance.uniform(0.01, 0.25))
        if round_number % 5 == 4 and "TEST_CLICKHOUSE_URL" not in os.environ:
            clickhouse_server().kill()
            clickhouse_server().start()
        else:
            victim = chance.randrange(2)
            _end(writers[victim])
            writers[victim] = _forked(lambda: _write_until_killed(to_do))
    for batch in sent[48:]:
        log.redis.rpush(to_do, b"\n".join(event.encode() for event in batch))
    _wait_until(lambda: log.redis.llen(to_do) == 0, seconds=120)
    for pid in writers:
        _end(pid)
    with closing(_store()) as store:
        assert store.append(sent[0]).new == 0
    assert sorted(log.ids()) == sorted(event.id for batch in sent for event in batch)
    assert log.count("event_key") == len(sent) * 20
    _check_rollups()


def test_a_number_that_no_sum_can_hold_is_refused_before_anything_is_sent(log):
    batch = ClickHouseBatch(1)
    batch.insert("t", ("a",), [(10**35,)])
    with pytest.raises(EventsUnstorable):
        batch.insert("t", ("a",), [(10**36,)])
    with pytest.raises(EventsUnstorable):
        batch.insert("t", ("a",), [(Decimal("1e-31"),)])


def test_rows_that_the_server_cannot_read_are_told_apart_from_an_outage(log):
    wrong = msgspec.structs.replace(an_event(), person="nobody")
    with pytest.raises(EventsUnstorable):
        log.store.append([wrong, an_event()])
    assert log.store.append([an_event()]).new == 1
    assert log.count("event") == 1


@pytest.mark.parametrize("cluster", ["", "main"])
def test_the_tables_of_a_server_and_of_a_cluster_are_made_from_one_text(log, cluster):
    statements = [
        statement
        for _, path in schema.files()
        for statement in schema.render(path.read_text(), cluster=cluster)
    ]
    with log.store.connection() as client:
        for statement in statements:
            client.query(f"EXPLAIN AST {statement}")
    of_tables = [
        each for each in statements if not each.startswith("INSERT")
    ]  # replicas share rows
    assert all(("ON CLUSTER `main`" in each) == bool(cluster) for each in of_tables)
    making = [each for each in statements if each.startswith("CREATE")]
    assert all(("Replicated" in each) == bool(cluster) for each in making)


def _store(kind=ClickHouseEventStore, *, lease=LEASE):
    key = f"{{{conf.stream()}}}:store"
    return kind(conf.database_url(), redis_client=patient(conf.redis_url()), key=key, lease=lease)


def _dies_after(inserts, batch):
    """Whether a process that is killed after so many inserts of a batch did not come to its end."""

    class Dying(ClickHouseEventStore):
        sent = 0

        def _send_all(self, turn, token, inserts):
            for each in inserts:  # one after the other
                super()._send_all(turn, token, [each])

        def _send(self, turn, insert, *, token):
            if self.sent == inserts:
                os.kill(os.getpid(), signal.SIGKILL)
            super()._send(turn, insert, token=token)
            self.sent += 1

    pid = _forked(lambda: _store(Dying).append(batch))
    _, status = os.waitpid(pid, 0)
    return os.WIFSIGNALED(status)


def _write_until_killed(to_do):
    """As a consumer does: let go of a batch when it is stored. Either end, so that two meet."""
    redis, end = patient(conf.redis_url()), -(os.getpid() % 2)
    store = _Patient()
    while True:
        batch = redis.lindex(to_do, end)
        if batch is None:
            time.sleep(0.01)
            continue
        store.append([decode(line) for line in batch.split(b"\n")], reader="r", position="p")
        redis.lrem(to_do, 1, batch)


class _Patient:
    """A writer that tries until its batch is stored, as a consumer does.

    With a longer lease whenever it lost its turn: on a loaded machine a step takes longer than the
    first one, and two that live would take the turn from each other for ever.
    """

    def __init__(self):
        self._lease = LEASE
        self._store = _store()

    def append(self, batch, **position):
        while True:
            try:
                return self._store.append(batch, **position)
            except TurnLost:
                self.close()
                self._lease = min(2 * self._lease, 10)
                self._store = _store(lease=self._lease)
            except StoreUnavailable:
                time.sleep(0.05)

    def close(self):
        self._store.close()


def _forked(work):
    pid = os.fork()
    if pid == 0:
        try:
            work()
        finally:
            os._exit(0)
    return pid


def _end(pid):
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def _wait_until(check, *, seconds):
    give_up_at = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < give_up_at
        time.sleep(0.05)


def _check_rollups():
    for grain in GRAINS:
        kept = rollups().stored(grain=grain, meters=meters().values())
        assert kept
        assert kept == rollups().recount(grain=grain, meters=meters().values())
