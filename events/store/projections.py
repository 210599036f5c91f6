"""Tables that are a function of the raw events, kept up to date together with them.

A projection is told of the new events of each batch before these are committed, so either both are
stored or none. What they add is worked out first, without the store, while the raw rows are on their way
to it. It brings its tables as numbered SQL files, in the dialect of each kind of store.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from events.event import Event

Addition = Callable[[Any], None]  # adds what was worked out, in a store's session
_registered: dict[str, Projection] = {}


class Projection(Protocol):
    """What an app registers."""

    name: str

    def sql(self, kind: str) -> Path:
        """The folder of numbered files (0001_name.sql), applied once each, in order.

        `kind` is the store's: "postgres" or "clickhouse".
        """
        ...

    def prepare(self, events: Sequence[Event]) -> Addition:
        """Work out what the events of a batch add that were not stored before.

        Any thread may do so, and nothing need come of it. What it gives is called with the session:
        that is a psycopg connection inside the batch's transaction (PostgreSQL), or the
        batch that a ClickHouse store is about to insert (`ClickHouseBatch`): the type tells which.
        Rows are written in one order by everybody, so that consumers cannot deadlock.
        """
        ...

    def erase(self, tenant: str) -> int:
        """Remove what is kept of a workspace; returns how many rows. Safe to repeat."""
        ...

    def rename(self, persons: Mapping[UUID, UUID], browsers: Mapping[str, str]) -> int:
        """Put these ids of persons and browsers in the place of old ones, wherever they are kept: as what
        is counted, or by what it is grouped; returns how many rows. No number changes: the new ids are
        fresh. Safe to repeat. No day leaves for a file meanwhile; of ClickHouse, nobody writes.
        """
        ...


def register(projection: Projection) -> None:
    """Keep this projection up to date from now on."""
    _registered[projection.name] = projection


def registered() -> Iterable[Projection]:
    """All projections, by name: one order for everybody, so that consumers cannot deadlock."""
    return [_registered[name] for name in sorted(_registered)]


def prepare(events: Sequence[Event]) -> list[Addition]:
    """What these events add to each projection, in the order in which it is to be added."""
    return [projection.prepare(events) for projection in registered()]


@contextmanager
def none() -> Iterator[None]:
    """Without any projection, in this process: what the store alone does, and for bringing back rows
    that the projections have counted before."""
    kept = dict(_registered)
    _registered.clear()
    try:
        yield
    finally:
        _registered.update(kept)
