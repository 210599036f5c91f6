"""The store: its own database, never the primary one, behind one interface."""

from __future__ import annotations

import os
from functools import cache

from events import conf
from events.errors import EventsUnstorable, StoreUnavailable
from events.redis_client import patient
from events.store.interface import EventStore, Stored, Wanted
from events.store.postgres import PostgresEventStore

__all__ = ["EventStore", "EventsUnstorable", "StoreUnavailable", "Stored", "Wanted", "get_store"]


def get_store() -> EventStore:
    """The store that EVENTS_DATABASE_URL names; one a process, shared by its threads."""
    if is_clickhouse(conf.database_url()):
        return _clickhouse(
            conf.database_url(),
            conf.redis_url(),
            conf.stream(),
            conf.clickhouse_cluster(),
            os.getpid(),
        )
    return _postgres(conf.database_url(), conf.pool_size(), os.getpid())


def is_clickhouse(url: str) -> bool:
    """Whether this address names a ClickHouse server."""
    return url.startswith("clickhouse")


# A forked child gets a store of its own: connections and pool threads do not survive a fork.
@cache
def _postgres(url: str, pool_size: int, process: int) -> EventStore:
    return PostgresEventStore(url, pool_size=pool_size)


@cache
def _clickhouse(url: str, redis_url: str, stream: str, cluster: str, process: int) -> EventStore:
    from events.store.clickhouse import ClickHouseEventStore  # its client is for those who use it

    key = f"{{{stream}}}:store"
    return ClickHouseEventStore(url, redis_client=patient(redis_url), key=key, cluster=cluster)
