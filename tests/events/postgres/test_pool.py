"""A pool whose server goes away and comes back: who asks meanwhile is told at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings
from django.db import DatabaseError, InterfaceError, InternalError, connection
from psycopg_pool import PoolTimeout
from structlog.testing import capture_logs

from events.postgres import DatabaseAway, Pool, is_away
from tests.events.door import Door

PATIENCE = 60.0  # of a busy machine
WAIT = 30.0  # seconds that the pool would wait for a connection


@pytest.fixture
def door(django_db_setup: None) -> Iterator[Door]:
    url = urlsplit(settings.EVENTS_DATABASE_URL)
    found = Door(url.hostname or "", url.port or 5432)
    yield found
    found.move()
    found.close()


@pytest.fixture
def pool(door: Door) -> Iterator[Pool]:
    url = urlsplit(settings.EVENTS_DATABASE_URL)
    address = url._replace(netloc=f"{url.username}:{url.password}@127.0.0.1:{door.port}")
    made = Pool(
        address.geturl(), what="tried", min_size=0, max_size=2, timeout=WAIT, open=True,
        kwargs={"autocommit": True, "connect_timeout": 2},
    )  # fmt: skip
    yield made
    door.move()
    made.close()


def ask(pool: Pool) -> Any:
    with pool.connection() as found:
        return found.execute("SELECT 1").fetchone()


def until(condition: Callable[[], bool], what: str) -> None:
    give_up = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < give_up, what
        time.sleep(0.02)


def answers(pool: Pool) -> bool:
    try:
        return bool(ask(pool))
    except DatabaseAway:
        return False


@pytest.mark.parametrize("how", ["refused", "stuck"])
def test_while_the_server_is_away_nobody_waits_and_it_is_found_again(door, pool, how):
    with capture_logs() as said:
        assert ask(pool) == (1,)
        door.close() if how == "refused" else door.stick()
        with pytest.raises(DatabaseAway if how == "refused" else psycopg.OperationalError):
            ask(pool)
        until(lambda: any(each["event"] == "database_away" for each in said), "not said")
        began = time.monotonic()
        for _ in range(200):
            with pytest.raises(DatabaseAway):
                ask(pool)
        assert time.monotonic() - began < WAIT, "not one of 200 has waited for its time-out"
        door.open() if how == "refused" else door.move()
        until(lambda: not pool.breaker.is_open, "the breaker closes by itself, nobody has asked")
        until(lambda: answers(pool), "it works again")
    assert [each["event"] for each in said] == ["database_away", "database_back"]


def test_who_waits_for_a_connection_when_the_server_goes_is_told(door, pool):
    door.close()
    told: list[BaseException] = []

    def wait() -> None:
        try:
            ask(pool)
        except psycopg.Error as error:
            told.append(error)

    threads = [threading.Thread(target=wait) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT / 2)
    assert [type(each) for each in told] == [DatabaseAway] * 5


def test_a_pool_that_is_merely_busy_is_not_away(pool):
    with pool.connection(), pool.connection():
        with pytest.raises(PoolTimeout) as busy:
            pool.getconn(0.2)
        assert not pool.breaker.is_open
    assert is_away(busy.value), "to who has to answer it is the same"
    assert ask(pool) == (1,)


def test_a_server_without_room_for_one_more_is_not_away(pool):
    pool.breaker.failed(
        psycopg.OperationalError("connection failed: FATAL:  sorry, too many clients already")
    )
    assert not pool.breaker.is_open


def test_connections_that_died_are_replaced_without_a_word(door, pool):
    with pool.connection(), pool.connection():
        pass
    with capture_logs() as said:
        door.close()
        door.open()
        assert ask(pool) == (1,)
    assert said == []


@pytest.mark.parametrize(
    ("statement", "code"),
    [("idle_in_transaction_session_timeout", "25P03"), ("transaction_timeout", "25P04")],
)
def test_a_transaction_that_stood_still_counts_as_away_though_it_is_no_operational_error(
    committed, statement, code
):
    connection.ensure_connection()
    raw = connection.connection
    try:
        raw.autocommit = False
        raw.execute(f"SET LOCAL {statement} = 50")
        time.sleep(0.3)
        with pytest.raises(psycopg.InternalError) as ended:
            raw.execute("SELECT 1")
        assert ended.value.sqlstate == code
        said = InternalError(str(ended.value))
        said.__cause__ = ended.value
        assert is_away(said)
    finally:
        connection.close()


def test_what_a_statement_did_wrong_is_no_outage():
    wrong = DatabaseError("x")
    wrong.__cause__ = psycopg.errors.UndefinedTable("no such table")
    assert not is_away(wrong)
    assert not is_away(psycopg.errors.DeadlockDetected("deadlock"))
    assert not is_away(psycopg.errors.QueryCanceled("statement timeout"))
    assert not is_away(InterfaceError("cursor already closed"))
    assert is_away(InterfaceError("connection already closed"))
    assert not is_away(ValueError("x"))
