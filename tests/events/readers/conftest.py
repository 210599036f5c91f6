"""A table that a handler writes to, without any key: what came twice is there twice."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.conf import settings as django_settings
from django.db import connection
from psycopg.conninfo import make_conninfo

from events.readers import DjangoPlace, PsycopgPlace, Reader, reader
from events.readers.following import Following
from events.readers.pages import Pages

TABLE = "CREATE TABLE IF NOT EXISTS readers_seen (n serial, id uuid NOT NULL)"


def write(events, session) -> None:
    """The handler of these tests, for both kinds of places."""
    with session.cursor() as cursor:
        for event in events:
            if event.properties.get("bad"):
                cursor.execute("SELECT 1/0")
            cursor.execute("INSERT INTO readers_seen (id) VALUES (%s)", [str(event.id)])


@pytest.fixture
def registry(monkeypatch):
    """No reader but those of the test."""
    monkeypatch.setattr(reader, "_registered", {})
    return reader


@pytest.fixture(params=["django", "psycopg"])
def place(request, db):
    """The primary database, and another one that Django does not know; each with the table."""
    if request.param == "django":
        with connection.cursor() as cursor:
            cursor.execute(TABLE)
            cursor.execute("DELETE FROM events_readerposition")
        yield DjangoPlace()
        return
    names = {"HOST": "host", "PORT": "port", "USER": "user", "PASSWORD": "password"}
    default = django_settings.DATABASES["default"]
    server = {name: default[key] for key, name in names.items()}
    url = make_conninfo(**server, dbname="test_readers_elsewhere")
    with psycopg.connect(**server, dbname="postgres", autocommit=True) as admin:
        admin.execute("DROP DATABASE IF EXISTS test_readers_elsewhere")
        admin.execute("CREATE DATABASE test_readers_elsewhere")
        with psycopg.connect(url) as other:
            other.execute(TABLE)
        yield PsycopgPlace(url)
        drop(admin, "test_readers_elsewhere")


def drop(admin: psycopg.Connection[Any], name: str) -> None:
    """Autovacuum may be in it just now, and is not ours to end."""
    for _ in range(40):
        try:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
        except psycopg.errors.InsufficientPrivilege:
            time.sleep(0.25)
        else:
            return
    raise RuntimeError(f"{name} is still in use")


@pytest.fixture
def follow(log, place, registry):
    """Makes a reader of this place, and follows for it."""

    def make(name: str = "test", handle=write, **options) -> SimpleNamespace:
        made = Reader(name, handle, place=place, **{"starts": "beginning", **options})
        registry.register(made)
        return another(made)

    def another(made: Reader) -> SimpleNamespace:
        """As a second process would."""
        order = log.store.order
        following = Following(made, order=order, pages=Pages(order))
        return SimpleNamespace(reader=made, step=following.step, another=lambda: another(made))

    return make


@pytest.fixture
def seen(place):
    """The ids that were written, in their order."""

    def ask() -> list[UUID]:
        query = "SELECT id FROM readers_seen ORDER BY n"
        if isinstance(place, DjangoPlace):
            with connection.cursor() as cursor:
                cursor.execute(query)
                return [row[0] for row in cursor.fetchall()]
        with psycopg.connect(place.url) as other:
            return [row[0] for row in other.execute(query)]

    return ask
