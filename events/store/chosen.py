"""The store in use, as EVENTS_DATABASE_URL names it."""

from __future__ import annotations

import os
from functools import cache

from events import conf
from events.redis.redis_client import patient
from events.store.interface import EventStore
from events.store.postgres import PostgresEventStore


def get_store() -> EventStore:
    """The store that EVENTS_DATABASE_URL names; one a process, shared by its threads."""
    # A forked child gets a store of its own: connections and pool threads do not survive a fork.
    return _kept(conf.database_url(), conf.redis_url(), conf.stream(), os.getpid())


def is_clickhouse(url: str) -> bool:
    """Whether this address names a ClickHouse server: clickhouse://, clickhouse+https://."""
    return url.partition(":")[0] in ("clickhouse", "clickhouse+http", "clickhouse+https")


def make_store(url: str) -> EventStore:
    """A new store, to be closed by the caller. Of ClickHouse, all of one stream take turns."""
    if not is_clickhouse(url):
        return PostgresEventStore(url, pool_size=conf.pool_size())
    from events.store.clickhouse.store import (
        ClickHouseEventStore,  # its client is for those who use it
    )

    return ClickHouseEventStore(
        url,
        redis_client=patient(conf.redis_url()),
        key=f"{{{conf.stream()}}}:store",
        cluster=conf.clickhouse_cluster(),
    )


@cache
def _kept(url: str, redis_url: str, stream: str, process: int) -> EventStore:
    return make_store(url)
