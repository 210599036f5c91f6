"""The contract of an event store: the same tests for each kind, on a real one."""

import time
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID, uuid4

import pytest

from events.errors import StoreUnavailable
from events.store import make_store, projections
from tests.events.door import Door
from tests.events.log import an_event, both_stores

pytestmark = both_stores


def test_a_batch_is_stored_once_however_often_it_comes(log):
    batch = [an_event(floor=n) for n in range(50)]
    assert log.store.append(batch).new == 50
    again = log.store.append(batch + batch[:10])
    assert (again.new, again.duplicates) == (0, 60)
    assert len(log.stored()) == log.count("event_key") == 50


def test_ids_from_elsewhere_are_known_as_well_as_ours(log):
    batch = [an_event(id=uuid4()) for _ in range(20)]
    log.store.append(batch[:15])
    assert log.store.append([*batch[5:], an_event()]).new == 6
    assert log.count("event") == 21


def test_the_first_of_two_events_with_one_id_in_a_batch_is_kept(log):
    first = an_event(floor=1)
    log.store.append([first, an_event(id=first.id, floor=2)])
    assert log.stored()[0][4] == {"floor": 1}


def test_a_retry_with_another_day_is_known_by_its_id(log):
    first = an_event()
    log.store.append([first])
    retry = an_event(id=first.id, time=first.time - timedelta(days=2))
    assert log.store.append([retry, an_event()]).new == 1
    assert not log.store.find(end=datetime.now(UTC) - timedelta(days=1))


def test_one_batch_may_span_a_year(log):
    now = datetime.now(UTC)
    batch = [an_event(time=now - timedelta(days=days), floor=days) for days in range(0, 396, 3)]
    assert log.store.append(batch).new == len(batch)
    assert log.store.append(batch).new == 0
    newest = log.store.find(newest_first=True, limit=3)
    assert [each.properties["floor"] for each in newest] == [0, 3, 6]


def test_an_event_comes_back_as_it_went_in(log):
    whole = an_event(
        "Ding\tDong\n\\ \"'",
        tenant="w_acme",
        who="Zoë\n\t\\N'\"",
        number=-0.1,
        big=2**53,
        nested={"list": [1, None, True, {"x": '{"batch":1}\n{"'}]},
    )
    bare = an_event(tenant=None)
    log.store.append([whole, bare])
    assert log.store.find() == [whole, bare]


def test_raw_rows_and_projections_are_stored_together_or_not_at_all(log, monkeypatch):
    class Broken:
        name = "broken"

        def prepare(self, events):
            raise ZeroDivisionError

    monkeypatch.setitem(projections._registered, "zz_broken", Broken())
    with pytest.raises(ZeroDivisionError):
        log.store.append([an_event()])
    assert log.stored() == []
    assert log.count("event_key") == log.count("rollup_day") == 0
    monkeypatch.undo()
    assert log.store.append([an_event()]).new == 1


def test_a_reader_leaves_its_position(log):
    log.store.append([an_event()], reader="one", position="5-0")
    log.store.append([an_event(), an_event()], reader="one", position="7-0")
    final = " FINAL" if log.store.kind == "clickhouse" else ""
    query = f"SELECT reader, position, events FROM event_reader{final}"  # noqa: S608
    assert log.query(query) == [("one", "7-0", 3)]


def test_migrating_again_changes_nothing(log):
    assert log.store.migrate() == []


def test_events_are_found_by_what_they_say(log):
    now = datetime.now(UTC)
    person = UUID(int=7)
    first = an_event("A", time=now - timedelta(minutes=3), tenant="w_acme")
    second = _with(an_event("B", time=now - timedelta(minutes=2), tenant="w_acme"), person=person)
    third = _with(
        an_event("B", time=now - timedelta(minutes=1), tenant="w_globex"), anonymous_id="x"
    )
    log.store.append([third, first, second])
    find = log.store.find
    assert find(tenant="w_acme") == [first, second]
    assert find(names=["B"], newest_first=True) == [third, second]
    assert find(person=person) == [second]
    assert find(anonymous_ids=["x", "y"]) == [third]
    assert find(not_anonymous_ids=["x"]) == [first, second]
    assert find(start=second.time, end=third.time) == [second]
    assert find(limit=2, names=()) == [first, second]


def test_a_store_that_went_away_says_so_at_once_and_works_when_it_is_back(events_database, log):
    door, url = _behind_a_door(events_database)
    store = make_store(url)
    store.append([an_event()])
    door.close()
    with pytest.raises(StoreUnavailable):
        store.append([an_event()])
    started = time.monotonic()
    with pytest.raises(StoreUnavailable):
        store.append([an_event()])
    assert time.monotonic() - started < 0.2
    door.open()
    _eventually(lambda: store.append([an_event()]).new == 1)
    assert log.count("event") == 2
    store.close()
    door.close()


def _with(event, **changes):
    import msgspec

    return msgspec.structs.replace(event, **changes)


def _behind_a_door(url):
    parts = urlsplit(url)
    door = Door(parts.hostname, parts.port)
    through = f"{parts.username}:{parts.password}@127.0.0.1:{door.port}"
    return door, urlunsplit(parts._replace(netloc=through))


def _eventually(check, *, seconds=60.0):
    give_up_at = time.monotonic() + seconds
    while True:
        try:
            if check():
                return
        except StoreUnavailable:
            pass
        assert time.monotonic() < give_up_at
        time.sleep(0.1)
