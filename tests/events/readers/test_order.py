"""The order of storing: the same tests for each kind of store."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from events.store import archive
from events.store.batch_order import BEGINNING, Mark
from tests.events.log import an_event, both_stores
from tests.events.readers.conftest import drop

DAY = timedelta(days=1)


@pytest.fixture
def archives(settings, tmp_path):
    settings.EVENTS_ARCHIVE_DIR = tmp_path / "archive"


def followed(log, *, after=BEGINNING, names=None, most=100):
    """Everything that follows, page by page, and the last mark."""
    found, mark = [], after
    while True:
        page = log.store.order.page(mark, names=names, most=most)
        assert len(page.found) <= most
        found += [event for _, event in page.found]
        if page.end == mark:
            return found, mark
        assert page.end > mark
        mark = page.end


def in_order(*batches):
    return [event for batch in batches for event in sorted(batch, key=lambda each: each.id)]


@both_stores
@pytest.mark.parametrize("most", [1, 3, 7, 1_000])
def test_pages_of_any_size_give_each_event_once_in_the_order_of_storing(log, most):
    now = datetime.now(UTC)
    batches = [
        [an_event(id=uuid4(), time=now - timedelta(hours=7 * n), floor=n) for n in range(size)]
        for size in (5, 1, 9, 2)
    ]
    for batch in batches:
        log.store.append(batch)
    assert followed(log, most=most)[0] == in_order(*batches)


@both_stores
def test_an_event_of_last_year_that_comes_today_comes_last(log):
    new, old = an_event(), an_event(id=UUID(int=7), time=datetime.now(UTC) - 300 * DAY)
    log.store.append([new])
    log.store.append([old])
    assert followed(log)[0] == [new, old]


@both_stores
def test_only_the_wanted_names_come_and_the_others_are_passed(log):
    first, other, last = an_event("A"), an_event("B"), an_event("A")
    for event in (first, other, last):
        log.store.append([event])
    found, mark = followed(log, names=["A"], most=1)
    assert found == [first, last]
    assert followed(log, names=["C"]) == ([], mark)


@both_stores
def test_from_the_end_only_what_is_stored_later_comes(log):
    assert log.store.order.end() == BEGINNING
    log.store.append([an_event()])
    end = log.store.order.end()
    assert followed(log, after=end) == ([], end)
    log.store.append([later := an_event(time=datetime.now(UTC) - DAY)])
    assert followed(log, after=end)[0] == [later]


@both_stores
def test_a_mark_says_in_words_where_it_is(log):
    log.store.append([an_event(), an_event()])
    inside = log.store.order.page(BEGINNING, names=None, most=1).end
    assert not inside.is_whole
    for mark in (inside, log.store.order.end(), BEGINNING):
        assert Mark.of(str(mark)) == mark
    assert len(followed(log, after=Mark.of(str(inside)))[0]) == 1


@both_stores
def test_an_instant_of_storing_is_a_place_in_the_log(log):
    log.store.append([an_event()])
    threading.Event().wait(0.01)  # ClickHouse keeps milliseconds
    instant = datetime.now(UTC)
    log.store.append([later := an_event(time=instant - 9 * DAY)])
    order = log.store.order
    assert followed(log, after=order.at(instant))[0] == [later]
    assert len(followed(log, after=order.at(instant - DAY))[0]) == 2
    assert order.at(datetime.now(UTC) + DAY) == order.end()


@both_stores
def test_a_mark_knows_how_far_it_is_behind(log):
    order = log.store.order
    assert (order.behind(BEGINNING).events, order.behind(BEGINNING).since) == (0, None)
    before = datetime.now(UTC)
    log.store.append([an_event(), an_event()])
    behind = order.behind(BEGINNING)
    assert behind.events == 2
    assert abs(behind.since - before) < timedelta(seconds=5)
    assert order.behind(order.end()).events == 0


@both_stores
@pytest.mark.parametrize("most", [2, 100])
def test_days_that_went_to_files_still_come_in_their_order(log, archives, most):
    now = datetime.now(UTC)
    first = [an_event(time=now - days * DAY, floor=days) for days in (9, 8, 8, 0)]
    second = [an_event(time=now - days * DAY, tenant=None) for days in (0, 8)]
    for batch in (first, second):
        log.store.append(batch)
    files = log.store.retention.drop_before((now - 5 * DAY).date())
    assert len(files) == 2
    assert log.count("event") == 2
    assert followed(log, most=most)[0] == in_order(first, second)


@both_stores
def test_a_day_that_was_brought_back_comes_once(log, archives):
    now = datetime.now(UTC)
    events = [an_event(time=now - 9 * DAY), an_event()]
    log.store.append(events)
    [file] = log.store.retention.drop_before((now - 5 * DAY).date())
    log.store.retention.restore(Path(file))
    assert followed(log)[0] == in_order(events)
    assert len(log.store.find()) == 2


@both_stores
def test_a_file_that_is_gone_is_said_and_nothing_is_passed_over(log, archives):
    now = datetime.now(UTC)
    log.store.append([an_event(time=now - 9 * DAY), an_event()])
    [file] = log.store.retention.drop_before((now - 5 * DAY).date())
    Path(file).unlink()
    with pytest.raises(archive.ArchiveFailed):
        followed(log)


@both_stores
def test_what_was_erased_does_not_come_from_the_log_nor_from_a_file(log, archives):
    now = datetime.now(UTC)
    kept = [an_event(time=now - 9 * DAY, tenant="w_globex"), an_event(tenant="w_globex")]
    log.store.append([*kept, an_event(time=now - 9 * DAY), an_event()])
    log.store.retention.drop_before((now - 5 * DAY).date())
    log.store.erasing.workspace("w_acme")
    assert followed(log)[0] == in_order(kept)


# --- PostgreSQL alone: several write at once, and rows of before -------------------------------------


@contextmanager
def a_writer_that_takes_its_time(log, event):
    """Another connection has stored this event and commits only at the end of the block."""
    from events.store.postgres import PostgresEventStore

    stored, go_on = threading.Event(), threading.Event()

    class Slow(PostgresEventStore):
        @contextmanager
        def connection(self):
            with super().connection() as connection:
                yield connection
                if threading.current_thread() is thread:
                    stored.set()
                    go_on.wait(30)

    from events import conf

    slow = Slow(conf.database_url(), pool_size=2)
    slow._days.add(event.time.date())  # its first transaction is the one that stores
    thread = threading.Thread(target=slow.append, args=[[event]])
    with _without_projections():  # one at a time adds to rollups: the others would wait
        thread.start()
        assert stored.wait(30)
        try:
            yield
        finally:
            go_on.set()
            thread.join()
            slow.close()


def _without_projections():
    from events.store import projections

    return projections.none()


def test_an_event_that_commits_late_is_lost_by_its_time_and_by_its_id_and_not_by_us(log):
    late = an_event(floor=1)  # the smaller id and the earlier time
    quick = an_event(floor=2)
    seen: list[UUID] = []
    with a_writer_that_takes_its_time(log, late):
        log.store.append([quick])
        by_time = log.store.find(newest_first=True, limit=1)[0].time
        [(by_id,)] = log.query("SELECT id FROM event ORDER BY id DESC LIMIT 1")
        assert by_id == quick.id  # both naive readers have read it, and note where they are
        page = log.store.order.page(BEGINNING, names=None, most=100)
        seen += [event.id for _, event in page.found]
        assert seen == [], "it waits for the writer whose number is lower"
    assert log.store.find(start=by_time + timedelta(microseconds=1)) == []
    assert log.query(f"SELECT id FROM event WHERE id > '{by_id}'") == []  # noqa: S608
    found, _ = followed(log, after=page.end)
    assert [event.id for event in found] == [late.id, quick.id]


def test_a_writer_that_gave_up_holds_nobody_up(log):
    log.store.append([first := an_event()])
    with log.store.connection() as connection:
        connection.execute("SELECT begin_event_batch(now(), now(), 1)")
        connection.rollback()
    log.store.append([second := an_event()])
    assert followed(log)[0] == [first, second]


def test_many_writers_at_once_lose_nothing_for_one_who_follows_meanwhile(log):
    from concurrent.futures import ThreadPoolExecutor

    batches = [[an_event(floor=n) for n in range(3)] for _ in range(80)]
    seen, mark = [], BEGINNING
    with _without_projections(), ThreadPoolExecutor(6) as threads:
        done = [threads.submit(log.store.append, batch) for batch in batches]
        while not all(each.done() for each in done):
            page = log.store.order.page(mark, names=None, most=10)
            seen += [event.id for _, event in page.found]
            mark = page.end
    seen += [event.id for event in followed(log, after=mark)[0]]
    assert len(seen) == len(set(seen)) == 240


def test_long_transactions_of_other_databases_hold_nobody_up(log, committed):
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()")
        log.store.append([event := an_event()])
        assert followed(log)[0] == [event]


@both_stores
def test_old_batches_are_put_together_and_marks_inside_them_stay(log):
    batches = [[an_event(floor=n) for n in range(2)] for _ in range(6)]
    for batch in batches:
        log.store.append(batch)
    order = log.store.order
    inside = order.page(BEGINNING, names=None, most=3).end
    whole = order.page(BEGINNING, names=None, most=4)
    assert rows_of_batches(log) == 6
    order.put_together(datetime.now(UTC) + 8 * DAY)
    assert rows_of_batches(log) in (1, 2)  # two when the hour ended in between
    assert followed(log)[0] == in_order(*batches)
    assert followed(log, after=inside)[0] == in_order(*batches)[3:]
    assert followed(log, after=whole.end)[0] == in_order(*batches)[4:]
    assert order.behind(BEGINNING).events == 12
    order.put_together(datetime.now(UTC) + 8 * DAY)
    assert followed(log, most=1)[0] == in_order(*batches)
    assert order.behind(BEGINNING).events == 12


def rows_of_batches(log) -> int:
    return log.query("SELECT count(DISTINCT number) FROM event_batch")[0][0]


@both_stores
def test_batches_of_the_last_week_keep_their_rows(log):
    for _ in range(3):
        log.store.append([an_event()])
    log.store.maintain(datetime.now(UTC) + 6 * DAY)
    assert rows_of_batches(log) == 3
    log.store.maintain(datetime.now(UTC) + 8 * DAY)
    assert rows_of_batches(log) < 3


@both_stores
def test_what_was_stored_since_an_old_instant_is_given_whole(log):
    """Its batch has become part of a row that began earlier in that hour."""
    batches = [[an_event(floor=n)] for n in range(4)]
    for batch in batches:
        log.store.append(batch)
    hour = (datetime.now(UTC) - 9 * DAY).replace(minute=0, second=0, microsecond=0)
    with log.store.connection() as connection:
        numbers = [row[0] for row in log.query("SELECT number FROM event_batch ORDER BY number")]
        for minutes, number in enumerate(numbers):
            told = (hour + timedelta(minutes=10 * minutes)).strftime("%Y-%m-%d %H:%M:%S")
            if log.store.kind == "postgres":
                change = f"UPDATE event_batch SET stored_at = '{told}Z' WHERE number = {number}"  # noqa: S608
                connection.execute(change)
            else:  # the least of a number's rows counts
                connection.command(
                    "INSERT INTO event_batch (number, first_time, last_time, events, stored_at, batch)"  # noqa: S608
                    f" SELECT number, first_time, last_time, events, '{told}', batch FROM event_batch"
                    f" WHERE number = {number}"
                )
    order = log.store.order
    order.put_together(datetime.now(UTC))
    assert rows_of_batches(log) == 1
    since = order.at(hour + timedelta(minutes=15))
    assert followed(log, after=since)[0][-2:] == in_order(*batches)[2:]


@pytest.mark.parametrize("store_kind", ["clickhouse"], indirect=True)
def test_rows_that_were_left_by_a_run_that_was_killed_are_removed_and_counted_once(
    log, monkeypatch
):
    from events.store.clickhouse import piles

    class Killed(Exception):
        pass

    def kill(name: str) -> None:
        assert name == "piles.made"
        raise Killed

    batches = [[an_event(floor=n) for n in range(2)] for _ in range(5)]
    for batch in batches:
        log.store.append(batch)
    later = datetime.now(UTC) + 8 * DAY
    with monkeypatch.context() as patched:
        patched.setattr(piles, "step", kill)
        with pytest.raises(Killed):
            log.store.order.put_together(later)
    assert rows_of_batches(log) == 5
    assert followed(log, most=3)[0] == in_order(*batches)
    log.store.order.put_together(later)
    assert rows_of_batches(log) in (1, 2)
    assert log.store.order.behind(BEGINNING).events == 10
    assert followed(log, most=3)[0] == in_order(*batches)
    log.store.append([new := an_event()])
    assert followed(log)[0] == [*in_order(*batches), new]


def test_what_was_stored_before_there_were_numbers_comes_first_day_by_day(log, archives):
    now = datetime.now(UTC)
    old = [an_event(time=now - days * DAY) for days in (9, 8, 8)]
    log.store.append(old)
    with log.store.connection() as connection:  # as 0003_batches.sql finds and leaves it
        connection.execute("UPDATE event SET batch = 0")
        connection.execute("DELETE FROM event_batch")
        for days in (9, 8):
            day = (now - days * DAY).date()
            connection.execute(
                "INSERT INTO event_batch (number, first_time, last_time, events)"
                " VALUES (%s::date - date '9999-12-31', %s, %s, 1)",
                [day, f"{day} 00:00Z", f"{day} 23:59:59.999999Z"],
            )
    log.store.append([new := an_event(time=now - 8 * DAY)])
    assert followed(log, most=1)[0] == [*in_order(old[:1], old[1:]), new]
    log.store.retention.drop_before((now - 5 * DAY).date())
    assert followed(log, most=1)[0] == [*in_order(old[:1], old[1:]), new]
    assert followed(log, most=50)[0] == [*in_order(old[:1], old[1:]), new]


def test_a_database_of_before_there_were_numbers_is_followed_from_its_first_day(log, archives):
    """The steps themselves, on rows that the older ones hold."""
    from urllib.parse import urlsplit, urlunsplit

    import psycopg

    from events import conf
    from events.store import migrations, partitions
    from events.store.postgres import PostgresEventStore

    name = "readers_before"
    url = urlunsplit(urlsplit(conf.database_url())._replace(path=f"/{name}"))
    now = datetime.now(UTC)
    old = [an_event(time=now - days * DAY, floor=days) for days in (3, 2, 2)]
    with psycopg.connect(conf.database_url(), autocommit=True) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {name}")
        admin.execute(f"CREATE DATABASE {name}")
        try:
            with psycopg.connect(url) as before:
                before.execute("SET client_min_messages = warning")
                before.execute(
                    "CREATE TABLE store_migration (name text PRIMARY KEY, applied_at timestamptz"
                    " NOT NULL DEFAULT now(), hash text)"
                )
                for path in sorted(migrations._OWN.glob("*.sql"))[:2]:
                    before.execute(path.read_bytes())
                    before.execute(
                        "INSERT INTO store_migration (name) VALUES (%s)", [f"events/{path.name}"]
                    )
                partitions.create(before, {event.time.date() for event in old})
                for event in old:
                    before.execute(
                        "INSERT INTO event (id, name, time, received_at, tenant, properties, context)"
                        " VALUES (%s, %s, %s, %s, %s, %s, '{}')",
                        [event.id, event.name, event.time, event.received_at, event.tenant,
                         f'{{"floor": {event.properties["floor"]}}}'],
                    )  # fmt: skip
            store = PostgresEventStore(url, pool_size=2)
            store.migrate()
            store.append([new := an_event(time=now - 3 * DAY)])
            found, mark = [], BEGINNING
            while (page := store.order.page(mark, names=None, most=1)).end != mark:
                found += [event for _, event in page.found]
                mark = page.end
            assert found == [*in_order(old[:1], old[1:]), new]
            store.close()
        finally:
            drop(admin, name)


@pytest.mark.thorough
@pytest.mark.parametrize("store_kind", ["clickhouse"], indirect=True)
def test_batches_that_clickhouse_had_before_are_followed_from_the_first(log, archives):
    from events.store.clickhouse import schema as schema

    now = datetime.now(UTC)
    batches = [[an_event(time=now - days * DAY)] for days in (9, 0, 1)]
    for batch in batches:
        log.store.append(batch)
    [step] = [path for _, path in schema.files() if path.name == "0004_batches.sql"]
    with log.store.connection() as client:
        client.command("TRUNCATE TABLE event_batch")
        for statement in schema.render(step.read_text(), cluster=""):
            client.command(statement)
    assert followed(log, most=1)[0] == in_order(*batches)
