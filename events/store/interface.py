"""What a store must do. Every implementation passes the same tests (tests/events/store/test_store.py)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, Protocol, TypedDict, Unpack
from uuid import UUID

from events.event import Event
from events.store.batch_order import Order
from events.store.erasing import Erasing
from events.store.shelf import Readable
from events.store.timeline import Mark, Only, TimelinePage

Kind = Literal["postgres", "clickhouse"]


@dataclass(frozen=True)
class Stored:
    """What became of a batch: `new` events were stored, `duplicates` had been stored before."""

    new: int
    duplicates: int


class Wanted(TypedDict, total=False):
    """Which raw events `find` returns: all that fit everything said.

    `start` belongs to the span, `end` does not (UTC). An empty collection, like None, says nothing.
    `not_anonymous_ids` keeps events without any anonymous id.
    """

    tenant: str | None
    names: Collection[str]
    person: UUID | None
    anonymous_ids: Collection[str]
    not_anonymous_ids: Collection[str]
    start: datetime | None
    end: datetime | None
    newest_first: bool
    limit: int | None


class Retention(Protocol):
    """How the raw events of a store leave it by days, and come back."""

    def raw_since(self) -> datetime | None:
        """Raw events from this instant on are here; older ones may be archived. None: all are here.

        A projection can be rebuilt, and a question be answered from raw events, only from here on.
        """
        ...

    def due(self, day: date) -> list[date]:
        """The days that `drop_before` would drop."""
        ...

    def drop_before(self, day: date) -> list[str]:
        """Archive, then drop, the raw events of the days (UTC) before this one.

        Returns what was dropped. A crash at any point loses nothing; calling again finishes.
        """
        ...

    def restore(self, file: Readable) -> int:
        """Bring back the raw events of an archive; returns how many were missing. Safe to repeat.

        Projections, which have counted them, are not told again.
        """
        ...


class EventStore(Protocol):
    """Raw events, each kept once, and the projections of them."""

    @property
    def kind(self) -> Kind:
        """Which dialect it speaks."""
        ...

    def append(self, batch: Sequence[Event], *, reader: str = "", position: str = "") -> Stored:
        """Store what is not yet stored, update the projections, note the reader's position.

        All or nothing, and safe to repeat: an id is stored once, whatever its time says.
        Raises StoreUnavailable (try again), EventsUnstorable (something in the batch is bad).
        """
        ...

    def find(self, **wanted: Unpack[Wanted]) -> list[Event]:
        """Raw events, oldest first (or `newest_first`), then by id. Raises StoreUnavailable."""
        ...

    def timeline(
        self,
        persons: Collection[UUID],
        browsers: Collection[str],
        *,
        before: Mark | None,
        limit: int,
        **wanted: Unpack[Only],
    ) -> TimelinePage:
        """The events of one human, newest first: those of these persons, and those that no person is said
        of of these browsers (anonymous ids). Days that went to files are read from them.

        `before` is the mark that the page before gave. `names`, `tenant`, `start` (inclusive) and `end`
        leave out others; without them events of all workspaces, and of none, come. At most
        timeline.LONGEST events a page, timeline.MOST_IDS persons and browsers (else ValueError).
        Raises StoreUnavailable, ArchiveFailed.
        """
        ...

    def connection(self) -> AbstractContextManager[Any]:
        """For projections that speak the store's own dialect, and nothing else.

        PostgreSQL: a psycopg connection in a transaction of its own. ClickHouse: a client of
        clickhouse-connect. Raises StoreUnavailable.
        """
        ...

    @property
    def retention(self) -> Retention:
        """How raw events leave for files, and come back."""
        ...

    @property
    def erasing(self) -> Erasing:
        """How events of a workspace or of people are removed for good."""
        ...

    @property
    def order(self) -> Order:
        """How those who follow the log read it, in the order of storing."""
        ...

    def maintain(self, now: datetime) -> None:
        """What a store of this kind needs each day besides. Safe to repeat."""
        ...

    def migrate(self) -> list[str]:
        """Bring the tables up to date, those of projections too; returns what was applied."""
        ...

    def close(self) -> None:
        """Give back all connections."""
        ...
