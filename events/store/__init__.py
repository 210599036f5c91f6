"""The store: its own database, never the primary one, behind one interface."""

from __future__ import annotations

import os
from functools import cache

from events import conf
from events.errors import EventsUnstorable, StoreUnavailable
from events.store.interface import EventStore, Stored, Wanted
from events.store.postgres import PostgresEventStore

__all__ = ["EventStore", "EventsUnstorable", "StoreUnavailable", "Stored", "Wanted", "get_store"]


def get_store() -> EventStore:
    """The store that EVENTS_DATABASE_URL names; one a process, shared by its threads."""
    return _store(conf.database_url(), conf.pool_size(), os.getpid())


@cache
def _store(url: str, pool_size: int, process: int) -> EventStore:
    # A forked child gets a store of its own: connections and pool threads do not survive a fork.
    return PostgresEventStore(url, pool_size=pool_size)
