"""How far the store is behind, also when nobody can tell."""

from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

import events
from events import changes, health
from events.health import Watch
from events.transport.spool import get_spool

pytestmark = pytest.mark.usefixtures("empty_outbox")


def open_doors(count):
    with events.batch():
        return [events.record("Door Opened", properties={"floor": n}) for n in range(count)]


def test_an_empty_log_is_not_behind(log):
    lag = health.lag()
    assert (lag.waiting, lag.pending, lag.outbox, lag.spool_bytes, lag.dead) == (0, 0, 0, 0, 0)
    assert (lag.oldest, lag.behind(), lag.unknown) == (None, timedelta(0), [])


def test_it_says_what_waits_where_and_since_when(log, settings):
    settings.EVENTS_STREAM_MAX_LENGTH = 20
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    open_doors(2)
    open_doors(3)
    log.reader().read(most=1, wait_ms=0)
    log.reader().bury([(b"x", "undecodable")])
    events.record_with_row("Door Opened", properties={"floor": 1})
    lag = health.lag()
    assert (lag.waiting, lag.pending, lag.outbox, lag.dead) == (5, 1, 1, 1)
    assert (lag.stream_bound, lag.fill) == (20, 0.25)
    assert before <= lag.oldest <= datetime.now(UTC)
    log.settle()
    lag = health.lag()
    assert (lag.waiting, lag.pending, lag.outbox, lag.oldest) == (0, 0, 0, None)


def test_the_oldest_in_the_spool_counts_too(log, settings):
    real, settings.REDIS_URL = settings.REDIS_URL, "redis://127.0.0.1:1/0"
    open_doors(3)
    first = health.lag()
    assert "stream" in first.unknown
    assert first.spool_bytes == get_spool().size() > 0
    settings.REDIS_URL = real
    open_doors(1)
    assert health.lag().oldest == first.oldest


def test_what_does_not_answer_is_named(log, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    lag = health.lag()
    assert lag.unknown == ["stream"]
    assert lag.waiting == 0


def test_an_alarm_is_logged_once_when_it_begins_and_once_when_it_is_over(log, settings):
    settings.EVENTS_STREAM_MAX_LENGTH = 10
    watch = Watch(every=0)
    with capture_logs() as said:
        watch.look()
        open_doors(8)
        watch.look()
        watch.look()
        log.settle()
        watch.look()
    assert [line["event"] for line in said if "lag" in line["event"]] == [
        "events_lag_alarm",
        "events_lag_over",
    ]


def test_workspaces_are_told_of_their_change_after_it_is_stored(log):
    listener = log.redis.pubsub()
    listener.psubscribe(changes.channel("*"))
    listener.get_message(timeout=1)
    for tenant in ("w_acme", "w_globex", "w_acme"):
        events.record("Door Opened", tenant=tenant, properties={"floor": 1})
    assert listener.get_message(timeout=0.1) is None
    log.settle()
    heard = {listener.get_message(timeout=1)["channel"] for _ in range(2)}
    assert heard == {changes.channel(each).encode() for each in ("w_acme", "w_globex")}
    assert len(log.ids()) == 3
    listener.close()
