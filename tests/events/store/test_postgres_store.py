"""What is PostgreSQL's own: partitions by day, and what its types refuse."""

import secrets
from datetime import UTC, date, datetime, timedelta

import pytest

from events.errors import EventsUnstorable
from tests.events.log import an_event


def test_a_late_event_makes_the_partition_of_its_day(log):
    long_ago = datetime.now(UTC) - timedelta(days=200)
    log.store.append([an_event(time=long_ago)])
    [(table,)] = log.query("SELECT tableoid::regclass::text FROM event")
    assert table == f"event_{long_ago:%Y%m%d}"


def test_a_partition_that_was_dropped_under_a_running_store_is_made_again(log):
    day = datetime.now(UTC) - timedelta(days=150)
    log.store.append([an_event(time=day)])
    with log.store.connection() as connection:
        connection.execute(f"DROP TABLE event_{day:%Y%m%d}")
    assert log.store.append([an_event(time=day)]).new == 1


def test_what_the_database_refuses_is_told_apart_from_an_outage(log):
    with pytest.raises(EventsUnstorable):
        log.store.append([an_event(who="\0")])
    with pytest.raises(EventsUnstorable):
        log.store.append([an_event(tenant=secrets.token_hex(20_000))])


def test_migrating_keeps_a_week_of_partitions_ahead(log):
    log.store.migrate()
    tables = {table for (table,) in log.query("SELECT relname FROM pg_class WHERE relkind = 'r'")}
    ahead = date.today() + timedelta(days=6)
    assert f"event_{ahead:%Y%m%d}" in tables
