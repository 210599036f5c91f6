"""The contract of an event store, on a real one."""

import secrets
from datetime import UTC, date, datetime, timedelta

import pytest
from psycopg.errors import RaiseException

from events import projections
from events.errors import EventsUnstorable, StoreUnavailable
from events.store.postgres import PostgresEventStore
from tests.events.door import Door
from tests.events.log import an_event


def test_a_batch_is_stored_once_however_often_it_comes(log):
    batch = [an_event(floor=n) for n in range(50)]
    assert log.store.append(batch).new == 50
    again = log.store.append(batch + batch[:10])
    assert (again.new, again.duplicates) == (0, 60)
    assert len(log.stored()) == 50


def test_the_first_of_two_events_with_one_id_in_a_batch_is_kept(log):
    first = an_event(floor=1)
    log.store.append([first, an_event(id=first.id, floor=2)])
    assert log.stored()[0][4] == {"floor": 1}


def test_a_retry_with_another_day_is_known_by_its_id(log):
    first = an_event()
    log.store.append([first])
    retry = an_event(id=first.id, time=first.time - timedelta(days=2))
    assert log.store.append([retry, an_event()]).new == 1
    assert log.query("SELECT count(*) FROM event WHERE time < now() - interval '1 day'") == [(0,)]


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


def test_raw_rows_and_projections_are_stored_together_or_not_at_all(log, monkeypatch):
    class Broken:
        name = "broken"

        def apply(self, session, events):
            session.execute("DO $$ BEGIN RAISE 'no'; END $$")

    monkeypatch.setitem(projections._registered, "zz_broken", Broken())
    with pytest.raises(RaiseException):
        log.store.append([an_event()])
    assert log.stored() == []
    assert log.query("SELECT count(*) FROM event_key") == [(0,)]
    assert log.query("SELECT count(*) FROM rollup_day") == [(0,)]


def test_a_reader_leaves_its_position(log):
    log.store.append([an_event()], reader="one", position="5-0")
    log.store.append([an_event(), an_event()], reader="one", position="7-0")
    assert log.query("SELECT reader, position, events FROM event_reader") == [("one", "7-0", 3)]


def test_what_the_database_refuses_is_told_apart_from_an_outage(log):
    with pytest.raises(EventsUnstorable):
        log.store.append([an_event(who="\0")])
    with pytest.raises(EventsUnstorable):
        log.store.append([an_event(tenant=secrets.token_hex(20_000))])


def test_migrating_again_changes_nothing_and_keeps_a_week_of_partitions_ahead(log):
    assert log.store.migrate() == []
    tables = {table for (table,) in log.query("SELECT relname FROM pg_class WHERE relkind = 'r'")}
    ahead = date.today() + timedelta(days=6)
    assert f"event_{ahead:%Y%m%d}" in tables


def test_a_store_that_went_away_says_so_at_once_and_works_when_it_is_back(events_database, log):
    door, url = _behind_a_door(events_database)
    store = PostgresEventStore(url, pool_size=2)
    store.append([an_event()])
    door.close()
    with pytest.raises(StoreUnavailable):
        store.append([an_event()])
    started = datetime.now(UTC)
    with pytest.raises(StoreUnavailable):
        store.append([an_event()])
    assert datetime.now(UTC) - started < timedelta(seconds=0.2)
    door.open()
    _eventually(lambda: store.append([an_event()]).new == 1)
    store.close()
    door.close()


def _behind_a_door(url):
    from urllib.parse import urlsplit, urlunsplit

    parts = urlsplit(url)
    door = Door(parts.hostname, parts.port)
    through = f"{parts.username}:{parts.password}@127.0.0.1:{door.port}"
    return door, urlunsplit(parts._replace(netloc=through))


def _eventually(check, *, seconds=6.0):
    import time

    give_up_at = time.monotonic() + seconds
    while True:
        try:
            if check():
                return
        except StoreUnavailable:
            pass
        assert time.monotonic() < give_up_at
        time.sleep(0.1)
