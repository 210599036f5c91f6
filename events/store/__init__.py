"""The store: its own database, never the primary one, behind one interface."""

from events.errors import StoreUnavailable
from events.store.chosen import EventStore, get_store, is_clickhouse, make_store
from events.store.projections import register as register_projection
from events.store.timeline import Mark as TimelineMark
from events.store.timeline import TimelinePage

__all__ = [
    "EventStore",
    "StoreUnavailable",
    "TimelineMark",
    "TimelinePage",
    "get_store",
    "is_clickhouse",
    "make_store",
    "register_projection",
]
