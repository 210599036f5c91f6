"""Where a reader keeps how far it has come: in the database that its handler writes to.

A place gives transactions in which the reader's row is locked. The row and what the handler writes
are committed together: that makes it exactly once, whoever dies when.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from events.event import Event


@dataclass
class State:
    """A reader's row. Times are in UTC.

    `position` is a mark of the store's order. `tries` counts failures at it, `reason` is the last
    one, `retry_at` when it is tried again. `narrowed`: events in a batch while those that fail are
    being looked for; 0: as many as the reader says.
    """

    position: str
    events: int = 0
    tries: int = 0
    reason: str = ""
    retry_at: datetime | None = None
    narrowed: int = 0
    paused_at: datetime | None = None
    moved_at: datetime | None = None


@dataclass(frozen=True)
class Aside:
    """An event that was put aside: `payload` is its line of JSON, `tenant` its workspace's schema."""

    id: int
    tenant: str | None
    payload: str
    reason: str
    at: datetime


class Hold(Protocol):
    """A reader's row, locked until the transaction ends; a changed `state` is written by `save`."""

    session: Any
    state: State

    def save(self) -> None:
        """Write the state."""
        ...

    def put_aside(self, event: Event, reason: str) -> None:
        """Keep an event for a decision."""
        ...

    def asides(self, *, ids: Sequence[int] = (), most: int = 1_000) -> list[Aside]:
        """Those that wait for a decision, oldest first; of these ids, or all."""
        ...

    def forget(self, aside: Aside) -> None:
        """It is decided."""
        ...


class Place(Protocol):
    """Keeps rows of readers. Errors are those of its driver; `is_away` knows which of them pass."""

    def held(
        self, reader: str, *, first: Callable[[], str], wait: bool = False
    ) -> AbstractContextManager[Hold | None]:
        """A transaction with the reader's row locked, committed at the end of the block.

        None when another process has it (`wait`: it is waited for). A row that is missing is made,
        with the position that `first` gives.
        """
        ...

    def look(self, reader: str) -> tuple[State | None, int]:
        """What the row says, without waiting for anybody, and how many events are put aside."""
        ...

    def is_away(self, error: Exception) -> bool:
        """Whether the error says that the database is not there, and nothing about what was written."""
        ...

    def close(self) -> None:
        """Give connections back; called after each turn, and after errors."""
        ...
