"""What a store must do. Every implementation passes the same tests (tests/events/test_store.py)."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from psycopg import Connection

from events.event import Event


@dataclass(frozen=True)
class Stored:
    """What became of a batch: `new` events were stored, `duplicates` had been stored before."""

    new: int
    duplicates: int


class EventStore(Protocol):
    """Raw events, each kept once, and the projections of them."""

    def append(self, batch: Sequence[Event], *, reader: str = "", position: str = "") -> Stored:
        """Store what is not yet stored, update the projections, note the reader's position.

        All or nothing, and safe to repeat: an id is stored once, whatever its time says.
        Raises StoreUnavailable (try again), EventsUnstorable (something in the batch is bad).
        """
        ...

    def connection(self) -> AbstractContextManager[Connection[Any]]:
        """A connection for reading, in a transaction of its own. Raises StoreUnavailable."""
        ...

    def migrate(self) -> list[str]:
        """Bring the tables up to date, those of projections too; returns what was applied."""
        ...

    def close(self) -> None:
        """Give back all connections."""
        ...
