import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.conf import settings as django_settings

import events
from events.consuming.batches import Batch, Batches
from events.consuming.consumer import Consumer
from events.store.postgres import PostgresEventStore
from events.transport.reader import StreamReader
from events.transport.spool import get_spool
from tests.events.door import Door
from tests.events.log import an_event
from tests.forked import killed_in

pytestmark = pytest.mark.usefixtures("empty_outbox")
ROOT = Path(__file__).resolve().parents[3]


def open_doors(count):
    with events.batch():
        return [events.record("Door Opened", properties={"floor": n}) for n in range(count)]


def eventually(check, *, seconds=60.0):
    give_up_at = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < give_up_at
        time.sleep(0.05)


def test_what_is_stored_leaves_the_stream(log):
    recorded = open_doors(25)
    log.settle()
    assert log.ids() == recorded
    assert log.waiting() == 0


def test_what_was_recorded_before_the_first_consumer_is_not_missed(log):
    recorded = open_doors(3)
    log.redis.xgroup_create(log.keys.stream, "somebody-else", id="$")
    log.settle()
    assert log.ids() == recorded


def test_a_consumer_killed_between_commit_and_acknowledgement_counts_once(log):
    recorded = open_doors(40)

    class Killed(StreamReader):
        def finish(self, ids):
            os.kill(os.getpid(), signal.SIGKILL)

    def storing():  # and gone before it can acknowledge
        reader = Killed(log.redis, keys=log.keys, name="killed")
        Consumer(store=log.store, reader=reader, spool=get_spool()).read_stream()

    killed_in(storing)
    assert len(log.stored()) == 40
    assert log.waiting() == 40
    log.settle()
    assert log.ids() == recorded
    assert log.waiting() == 0


def test_a_consumer_takes_over_what_a_dead_one_had_read(log):
    recorded = [*open_doors(10), *open_doors(40), *open_doors(1)]
    assert len(log.reader("dead").read(most=2, wait_ms=0)) == 2
    survivor = log.consumer("alive", take_over_after=0.05)
    time.sleep(0.06)
    while survivor.step():
        pass
    assert log.ids() == recorded
    assert log.waiting() == 0


def test_two_consumers_share_the_work_and_store_each_event_once(log):
    recorded = [event_id for _ in range(20) for event_id in open_doors(30)]
    stop = threading.Event()
    threads = [
        threading.Thread(target=_read_until, args=[log.consumer(name), stop])
        for name in ("left", "right")
    ]
    for thread in threads:
        thread.start()
    eventually(lambda: log.waiting() == 0)
    stop.set()
    for thread in threads:
        thread.join()
    assert log.ids() == sorted(recorded)


def _read_until(consumer, stop):
    while not stop.is_set():
        consumer.read_stream()  # threads have no part in this test's transaction: no outbox


def test_what_is_no_event_goes_to_the_dead_letters_with_its_reason(log):
    log.redis.xadd(log.keys.stream, {"e": b"{not json"})
    log.redis.xadd(log.keys.stream, {"e": b'{"id": "no-uuid"}'})
    log.redis.xadd(log.keys.stream, {"other": b"field"})
    good = open_doors(2)
    log.settle()
    assert log.ids() == good
    assert [line for line, _ in log.dead()] == [b"{not json", b'{"id": "no-uuid"}', b""]
    assert all(reason.startswith("undecodable: ") for _, reason in log.dead())
    assert log.waiting() == 0
    assert log.redis.hget(log.keys.refused, "dead_letter") == b"3"


def test_one_event_that_the_database_refuses_does_not_stop_the_others(log):
    bad = an_event("Door Opened", who="\0")
    good = open_doors(9)
    log.redis.xadd(log.keys.stream, {"e": bad.encode()})
    good += open_doors(4)
    log.settle()
    assert log.ids() == good
    [(line, reason)] = log.dead()
    assert line == bad.encode()
    assert "\\u0000" in reason


def test_a_store_that_goes_away_delays_events_but_loses_none(log, events_database):
    parts = urlsplit(events_database)
    door = Door(parts.hostname, parts.port)
    through = f"{parts.username}:{parts.password}@127.0.0.1:{door.port}"
    store = PostgresEventStore(urlunsplit(parts._replace(netloc=through)), pool_size=2)
    consumer = Consumer(store=store, reader=log.reader(), spool=get_spool())
    recorded = open_doors(5)
    consumer.step()
    door.close()
    recorded += open_doors(5)
    for _ in range(3):
        consumer.step()
    assert len(log.ids()) == 5
    door.open()
    eventually(lambda: consumer.step() is not None and len(log.ids()) == 10)
    assert log.ids() == recorded
    store.close()
    door.close()


def test_a_redis_that_lost_the_stream_and_group_does_not_stop_the_consumer(log):
    consumer = log.consumer()
    open_doors(1)
    consumer.step()
    log.redis.delete(log.keys.stream)
    recorded = open_doors(2)
    while len(log.ids()) < 3:
        consumer.step()
    assert log.ids()[1:] == recorded


def test_the_command_stores_as_it_goes_and_stops_cleanly_on_sigterm(log, events_database, tmp_path):
    primary = django_settings.DATABASES["default"]
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "plg_site.settings",
        "DATABASE_URL": "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**primary),
        "EVENTS_DATABASE_URL": events_database,
        "EVENTS_STREAM": django_settings.EVENTS_STREAM,
        "STATE_DIR": str(tmp_path),
    }
    process = subprocess.Popen(
        [sys.executable, "manage.py", "consume_events"],
        cwd=ROOT,
        env=env,
        stderr=subprocess.PIPE,
        text=True,
    )
    recorded = open_doors(300)
    try:
        eventually(lambda: len(log.ids()) == 300)
    except AssertionError:
        process.kill()
        raise AssertionError(process.stderr.read()) from None
    late = open_doors(3)
    eventually(lambda: len(log.ids()) == 303)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) == 0, process.stderr.read()
    assert log.ids() == recorded + late
    assert log.waiting() == 0


def test_what_was_read_ahead_is_stored_before_the_consumer_leaves(log):
    recorded = [each for _ in range(100) for each in open_doors(1)]
    consumer = log.consumer(fewest=20)
    assert consumer.read_stream() == 20
    stop = threading.Event()
    stop.set()
    consumer.run(stop)
    assert log.ids() == recorded[:40]
    assert log.waiting() == 60
    assert log.redis.xpending(log.keys.stream, "store")["pending"] == 0
    log.settle()
    assert log.ids() == recorded


def test_a_backlog_makes_larger_batches_as_long_as_one_takes_a_second_at_most():
    batches = Batches(lambda most: Batch(dead=[(b"", "")] * most))
    sizes = []
    for seconds in (0.1, 0.5, 2.0, 5.0, 0.0):
        batch = batches.take()
        sizes.append(batch.size)
        batches.stored(batch, seconds=seconds)
    assert sizes == [10_000, 50_000, 50_000, 25_000, 10_000]
    assert batches.take().size == 50_000
