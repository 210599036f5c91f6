"""Indexes that a migration adds are made day after day, beside those who write."""

from __future__ import annotations

import os
import signal
import threading
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import msgspec
import pytest

from events import steps
from events.store import get_store
from events.store.day_indexes import DayIndexes
from events.store.migrations import _OWN
from tests.events.log import an_event
from tests.forked import killed_in

NOW = datetime.now(UTC)
NAMES = ("event_by_person", "event_by_browser")


@pytest.fixture
def older(log):
    """The log as it was before: days with events, and the migration that has just come."""
    with log.store.connection() as connection:
        for name in NAMES:
            connection.execute(f"DROP INDEX {name}")
    log.store.append([of(days) for days in range(4)])
    statements = (_OWN / "0004_timeline.sql").read_text().split(";")
    with log.store.connection() as connection:
        for statement in statements:
            if "CREATE INDEX" in statement:
                connection.execute(statement)
    yield log
    DayIndexes(log.store).make_missing()


def of(days):
    event = an_event(time=NOW - timedelta(days=days))
    return msgspec.structs.replace(event, person=uuid4())


def without(log):
    """Days that have not both indexes, each good and part of the log's."""
    return log.query(
        """
        SELECT day.inhrelid::regclass::text FROM pg_inherits AS day
        WHERE day.inhparent = 'event'::regclass AND (
            SELECT count(*) FROM pg_inherits AS part JOIN pg_index ON indexrelid = part.inhrelid
            WHERE indrelid = day.inhrelid AND indisvalid
                  AND part.inhparent IN ('event_by_person'::regclass, 'event_by_browser'::regclass)) < 2
        """
    )


def are_good(log):
    return log.query(
        "SELECT bool_and(indisvalid) FROM pg_index"
        " WHERE indexrelid IN ('event_by_person'::regclass, 'event_by_browser'::regclass)"
    ) == [(True,)]


def test_days_that_were_there_get_them_and_new_ones_have_them(older):
    log = older
    assert len(without(log)) >= 4
    before = len(without(log))
    log.store.append([of(300)])
    assert len(without(log)) == before, "a new day has them from the beginning"
    log.store.maintain(NOW)
    assert (without(log), are_good(log)) == ([], True)
    assert DayIndexes(log.store).make_missing() == 0


def test_half_an_index_of_a_killed_one_is_made_anew(older):
    def work():
        steps._STOP_AT = "day-indexes.made"
        steps._wait_to_be_killed = lambda name: os.kill(os.getpid(), signal.SIGKILL)
        DayIndexes(get_store()).make_missing()

    killed_in(work)
    DayIndexes(older.store).make_missing()
    assert (without(older), are_good(older)) == ([], True)


def test_who_writes_does_not_wait_for_it(older):
    log = older
    with log.store.connection() as writer:
        writer.execute(
            "INSERT INTO event (id, name, time, received_at, properties, context)"
            " VALUES (gen_random_uuid(), 'A', now(), now(), '{}', '{}')"
        )
        making = threading.Thread(target=DayIndexes(log.store).make_missing)
        making.start()
        making.join(0.5)
        assert making.is_alive(), "it waits for the one who writes"
        stored = threading.Thread(target=log.store.append, args=[[of(0), of(1)]])
        stored.start()
        stored.join(10)
        assert not stored.is_alive(), "and nobody for it"
    making.join(30)
    assert (without(log), are_good(log)) == ([], True)
