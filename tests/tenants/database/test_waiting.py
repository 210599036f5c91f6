"""How long threads wait for a connection, as psycopg_pool counts it: with a real pool."""

from __future__ import annotations

import threading

import pytest
from django.conf import settings
from django.db.backends.postgresql.base import DatabaseWrapper
from psycopg_pool import ConnectionPool

from tenants.database.waiting import Waits


@pytest.fixture
def pool(monkeypatch):
    """One of a single connection, in the place of this process's."""
    default = settings.DATABASES["default"]
    wanted = {
        "host": "HOST",
        "port": "PORT",
        "user": "USER",
        "password": "PASSWORD",
        "dbname": "NAME",
    }
    said = {key: str(default[name]) for key, name in wanted.items() if default.get(name)}
    with ConnectionPool(min_size=1, max_size=1, kwargs=said, open=True) as made:
        monkeypatch.setattr(DatabaseWrapper, "_connection_pools", {"default": made})
        yield made


def test_without_a_pool_or_a_question_nothing_is_known(monkeypatch):
    monkeypatch.setattr(DatabaseWrapper, "_connection_pools", {})
    assert Waits().mean() is None


def test_who_gets_one_at_once_has_not_waited(django_db_setup, pool):
    waits = Waits()
    with pool.connection():
        pass
    waits.mean()
    assert waits.mean() is None  # nobody has asked since
    with pool.connection():
        pass
    assert waits.mean() == 0


def test_who_waits_is_counted_once(django_db_setup, pool):
    waits, has_one, rest = Waits(), threading.Event(), threading.Event()

    def hold() -> None:
        with pool.connection():
            has_one.set()
            rest.wait(60)

    holder = threading.Thread(target=hold)
    holder.start()
    assert has_one.wait(60)
    threading.Timer(0.3, rest.set).start()
    with pool.connection():
        pass
    holder.join(60)
    assert waits.mean() > 50  # of two, one waited for some 300 ms
    assert waits.mean() is None
