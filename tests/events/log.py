"""A real event log for tests: a database, a stream and a spool of its own."""

from __future__ import annotations

import atexit
import os
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import psycopg
import pytest
import redis
from django.conf import settings as django_settings
from psycopg import sql
from uuid_utils.compat import uuid7

from events import Event, conf
from events.consuming.consumer import Consumer
from events.redis.keys import Keys
from events.redis.redis_client import patient
from events.store import EventStore, get_store
from events.transport.reader import StreamReader
from events.transport.spool import get_spool
from metering.quotas import counters
from plg_site.devstack import databases
from tests.clickhouse_process import ClickHouseProcess

TABLES = (
    "event",
    "event_key",
    "event_reader",
    "event_archive",
    "event_batch",
    "event_presence",
    "rollup_minute",
    "rollup_hour",
    "rollup_day",
    "breakdown_hour",
    "breakdown_day",
    "distinct_day",
    "rollup_definition",
)


class Log:
    """What a test asks of the log."""

    @property
    def store(self) -> EventStore:
        return get_store()

    @property
    def redis(self) -> redis.Redis:
        return patient(django_settings.REDIS_URL)

    @property
    def keys(self) -> Keys:
        return Keys(conf.stream())

    def consumer(self, name: str = "test", **options: Any) -> Consumer:
        own = {"reader": self.reader(name)} | options
        return Consumer(store=self.store, spool=get_spool(), **own)

    def reader(self, name: str = "test", **options: Any) -> StreamReader:
        return StreamReader(patient(conf.redis_url()), keys=self.keys, name=name, **options)

    def settle(self) -> None:
        """Store everything that waits."""
        assert self.consumer().drain()

    def stored(self) -> list[tuple[Any, ...]]:
        """(id, name, time, tenant, properties) of every stored event, by id."""
        found = sorted(self.store.find(), key=lambda event: event.id)
        return [(each.id, each.name, each.time, each.tenant, each.properties) for each in found]

    def ids(self) -> list[UUID]:
        return [row[0] for row in self.stored()]

    def dead(self) -> list[tuple[bytes, str]]:
        """(line, reason) of every dead letter."""
        entries = self.redis.xrange(self.keys.dead)
        return [(fields[b"e"], fields[b"reason"].decode()) for _, fields in entries]

    def waiting(self) -> int:
        """Events in the stream."""
        entries = self.redis.xlen(self.keys.stream)
        return max(int(self.redis.get(self.keys.waiting) or 0), entries) if entries else 0

    def query(self, text: str) -> list[tuple[Any, ...]]:
        with self.store.connection() as connection:
            if self.store.kind == "clickhouse":
                return [tuple(row) for row in connection.query(text).result_rows]
            return connection.execute(text).fetchall()

    def count(self, table: str) -> int:
        return self.query(f"SELECT count(*) FROM {table}")[0][0]  # noqa: S608

    def empty(self) -> None:
        with self.store.connection() as connection:
            if self.store.kind == "clickhouse":
                for table in (*TABLES, "distinct_minute", "distinct_hour", "event_leaving"):
                    connection.command(f"TRUNCATE TABLE IF EXISTS {table}")
                return
            for table in TABLES:  # few rows: quicker than TRUNCATE of all partitions
                connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
            # Days that another test noted, perhaps with its clock ahead, are to be noted again.
            connection.execute("UPDATE event_presence_through SET day = now()::date - 3")
            connection.execute("DELETE FROM event_presence_todo")


def an_event(
    name: str = "Link Clicked",
    *,
    id: UUID | None = None,
    time: datetime | None = None,
    tenant: str | None = "w_acme",
    **properties: Any,
) -> Event:
    """An event as it arrives at the store, whatever is registered."""
    now = datetime.now(UTC)
    return Event(
        id=id or uuid7(),
        name=name,
        time=time or now,
        received_at=now,
        tenant=tenant,
        properties=properties,
    )


@pytest.fixture(scope="session")
def postgres_events() -> Iterator[str]:
    """An empty events database in PostgreSQL; dropped at the end."""
    parts = urlsplit(django_settings.EVENTS_DATABASE_URL)
    name = f"{parts.path.strip('/')}_log"
    with psycopg.connect(urlunsplit(parts._replace(path="/postgres")), autocommit=True) as admin:
        databases.recreate(admin, name)
        yield urlunsplit(parts._replace(path=f"/{name}"))
        databases.drop(admin, name)


@pytest.fixture(scope="session")
def clickhouse_events() -> str:
    """An events database in the ClickHouse engine, in a process of its own.

    TEST_CLICKHOUSE_URL names one on a real server instead; the tests empty it.
    """
    if given := os.environ.get("TEST_CLICKHOUSE_URL"):
        return given
    pytest.importorskip("chdb", reason="chdb, the ClickHouse engine of the tests, is not installed")
    return clickhouse_server().url("events_log")


@cache
def clickhouse_server() -> ClickHouseProcess:
    """One for all folders of tests that ask."""
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 (a SIGKILL spares it)
    folder = Path(mkdtemp(prefix="plg-clickhouse-", dir=memory))
    server = ClickHouseProcess(folder).start()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(server.kill)  # before its folder goes: the last registered is the first called
    return server


@pytest.fixture
def store_kind(request: pytest.FixtureRequest) -> str:
    """Which store `log` is of. A test of both: `@both_stores`."""
    return getattr(request, "param", "postgres")


@pytest.fixture
def events_database(store_kind: str, request: pytest.FixtureRequest) -> str:
    """The address of the store's database."""
    return request.getfixturevalue(f"{store_kind}_events")


both_stores = pytest.mark.parametrize(
    "store_kind",
    ["postgres", pytest.param("clickhouse", marks=pytest.mark.thorough)],
    indirect=True,
)


@pytest.fixture
def log(events_database: str, store_kind: str, settings: Any, tmp_path: Path) -> Iterator[Log]:
    """An empty log, which `events.record` and everything else in this test uses."""
    settings.EVENTS_DATABASE_URL = events_database
    settings.EVENTS_STREAM = f"test-{uuid7().hex}"
    settings.QUOTA_PREFIX = f"{settings.EVENTS_STREAM}-quota"
    settings.EVENTS_SPOOL_DIR = tmp_path / "spool"
    redis_url = settings.REDIS_URL
    counters.call_it_old()  # this Redis has lost nothing lately
    log = Log()
    log.store.migrate()
    log.empty()
    client = patient(redis_url)
    if store_kind == "clickhouse":
        # Tests use the same ids again, and the server drops a batch whose token it has seen, also
        # in a table that was emptied since: no two tests may number their batches alike.
        client.hset(f"{{{settings.EVENTS_STREAM}}}:store", "done", time.time_ns() // 1_000)
    store = log.store
    yield log
    store.close()  # a stream of its own is a store of its own: hundreds of pools, with their threads
    for key in client.scan_iter(f"*{settings.EVENTS_STREAM}*"):
        client.delete(key)
