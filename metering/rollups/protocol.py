"""What rollups must do in every dialect, and the questions and answers that go to and fro.

Every implementation passes the same tests (tests/metering/rollups/test_rollups.py, test_query.py).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple, Protocol

from events import Event
from metering.definitions.meter import Meter
from metering.definitions.values import Dims
from metering.rollups.partials import Grain, Partials
from metering.rollups.renaming import Renamed

Source = Literal["day", "hour", "minute", "raw"]


class Piece(NamedTuple):
    """A part of a window that one source answers: whole buckets of it, or raw events.

    UTC; None is open, on days alone.
    """

    window: int
    start: datetime | None
    end: datetime | None


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A question, taken to pieces. All pieces of a window together are the window.

    `tenant` None: all workspaces. `group_by` and `filters` name dimensions of the meter, or
    "tenant"; with any of the meter's own, `broken_down` is set, and "day" and "hour" pieces are
    read from the breakdowns. Filters' values are as breakdowns keep them (`values.dimension`).
    `single`: each window is one bucket of a rollup, so its `value` is the answer.
    """

    meter: Meter
    tenant: str | None
    pieces: Mapping[Source, Sequence[Piece]]
    group_by: tuple[str, ...] = ()
    filters: Mapping[str, tuple[str | None, ...]] = field(default_factory=dict)
    broken_down: bool = False
    single: bool = False
    tenants: tuple[str, ...] = ()  # in place of `tenant`: each window's own
    top: int | None = None  # only so many groups: those with the largest sum over their windows
    most: int  # rows at most; one more says that there are more


class Found(NamedTuple):
    """One row of an answer; windows and groups without an event have none."""

    window: int
    group: Dims  # in the order of the plan's group_by
    value: Decimal
    count: int  # type: ignore[assignment]  # tuple.count() is not missed
    late: int


class Bucket(NamedTuple):
    """Where a number stands. `dims` is None for a total."""

    tenant: str
    meter: str
    bucket: datetime
    dims: Dims | None


class Value(NamedTuple):
    """What stands there: for "latest" also whose value it is, for "unique" also the values."""

    value: Decimal
    count: int  # type: ignore[assignment]  # tuple.count() is not missed
    late: int
    at: datetime | None = None
    event_id: Any = None
    distinct: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Definition:
    """By which definition a meter's buckets were made; not `complete`: not all of them.

    `changes` goes up whenever somebody adds to the meter by another definition.
    """

    fingerprint: str
    complete: bool
    changes: int = 0


class Compared(NamedTuple):
    """A bucket of a day (all of an hour's or minute's of it together) that is not what the raw events
    say. None: there is nothing of it. `tenant` None: of some workspace, which this store does not name."""

    tenant: str | None
    meter: str
    day: datetime
    grain: Grain
    raw: Decimal | None
    raw_count: int | None
    kept: Decimal | None
    kept_count: int | None


class TookTooLong(Exception):
    """A comparison was given up."""


class Rollups(Protocol):
    """The rollups in one kind of store. Everything raises StoreUnavailable."""

    def merge(self, session: Any, partials: Partials) -> None:
        """Add a batch, in the session of its raw rows (see `events.store.projections`)."""
        ...

    def answer(self, plans: Sequence[Plan], *, waiting: Sequence[Event] = ()) -> list[list[Found]]:
        """The rows of each plan, all in one round trip, unordered.

        `waiting` events are counted as if they were stored, each that is not: the same statement
        that adds up looks for their ids.
        """
        ...

    def answer_each(self, plans: Sequence[Plan]) -> list[Found | None]:
        """The row of each plan, which is of a workspace and has one window and no groups, and no top;
        those of a meter are answered together, however many workspaces they are of."""
        ...

    def stored(self, *, grain: Grain, meters: Collection[Meter]) -> dict[Bucket, Value]:
        """What the rollups hold for all workspaces; hours and days with their breakdowns."""
        ...

    def recount(self, *, grain: Grain, meters: Collection[Meter]) -> dict[Bucket, Value]:
        """The same, counted again from the raw events."""
        ...

    def days(self, *, meters: Collection[str], tenant: str | None = None) -> list[date]:
        """The days (UTC) that have raw events, or buckets of these meters; oldest first."""
        ...

    def rebuild(self, day: date, *, meters: Collection[Meter], tenant: str | None = None) -> None:
        """Make all buckets of a day anew from its raw events: all or nothing.

        Batches that come meanwhile are neither lost nor counted twice.
        """
        ...

    def differences(
        self,
        day: date,
        *,
        meters: Collection[Meter],
        tenant: str | None = None,
        within: float | None = None,
    ) -> int:
        """How many buckets of the day are not what a rebuild would make them.

        Raises TookTooLong when it takes more than `within` seconds.
        """
        ...

    def compared(
        self,
        first: date,
        last: date,
        *,
        meters: Collection[Meter],
        tenant: str | None = None,
        most: int,
    ) -> list[Compared]:
        """Where rollups of these days are not what their raw events say, of at most so many."""
        ...

    def definitions(self) -> dict[str, Definition]:
        """By meter; what `merge` noted when it added by a definition that was not yet noted."""
        ...

    def begin(self, fingerprints: Mapping[str, str]) -> dict[str, Definition]:
        """Note these definitions as the ones in force, not complete, before a rebuild.

        Batches that were added by others, and did not say so, are committed when this returns.
        """
        ...

    def finish(self, begun: Mapping[str, Definition]) -> set[str]:
        """Note them as complete, after a rebuild of every day.

        Returns the meters that somebody added to by another definition meanwhile.
        """
        ...

    def forget(self, gone: Collection[str]) -> None:
        """Drop all buckets of these meters, which are no longer defined, and their definitions."""
        ...

    def erase(self, tenant: str) -> int:
        """Remove all buckets of a workspace for good; returns how many rows there were."""
        ...

    def rename(self, renamed: Sequence[Renamed]) -> int:
        """Put other values in the place of some; returns how many rows. No number changes. Of a ClickHouse
        store, nobody writes meanwhile."""
        ...

    def is_empty(self) -> bool:
        """Whether there is no raw event at all."""
        ...

    def misshapen(self) -> list[str]:
        """In words, which tables are not those that this code reads and writes."""
        ...
