"""What an app says of a reader, and all readers of this process."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from events.event import Event
from events.readers.django_place import DjangoPlace
from events.readers.place import Place

_NAME = re.compile(r"[a-z][a-z0-9_.-]{0,62}")
_registered: dict[str, Reader] = {}


class NotNow(Exception):
    """What a handler raises when whatever it needs is away: its batch comes again, however long it
    takes, and is never put aside. Connection errors and time-outs count as this."""


@dataclass(frozen=True)
class Reader:
    """Follows the log: `handle` gets what was stored, in the order of storing, batch after batch.

    `handle(events, session)` writes by `session`, a transaction of `place`: the position is committed
    with what it wrote, so that each event counts there exactly once. What it does elsewhere (a call
    over HTTP) may be repeated after a crash. It must not commit or roll back by itself. What it
    raises undoes the batch, which comes again.

    `names`: events that it wants; None: all. `starts`: at the log's beginning, archived days
    included, or with what is stored from its first run on. `at_once`: events in a batch at most.
    After `tries` failures the batch is halved until the events that fail are found: they are put
    aside with their reason, and the others go on. So many (`most_aside`) may wait for a decision;
    then the reader waits, too.
    """

    name: str
    handle: Callable[[Sequence[Event], Any], None]
    names: Collection[str] | None = None
    starts: Literal["beginning", "now"] = "now"
    place: Place = field(default_factory=DjangoPlace)
    at_once: int = 1_000
    tries: int = 5
    most_aside: int = 100

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"{self.name!r} is no name of a reader: {_NAME.pattern}")
        if self.names is not None:
            object.__setattr__(self, "names", frozenset(self.names))
        if min(self.at_once, self.tries, self.most_aside) < 1:
            raise ValueError(f"{self.name}: at_once, tries and most_aside begin with 1.")


def register(reader: Reader) -> None:
    """Follow the log with this reader, in every process of `run_readers`. Call it in `ready`.

    Raises ValueError when another reader has this name.
    """
    if _registered.get(reader.name, reader) != reader:
        raise ValueError(f"There is a reader {reader.name} already.")
    _registered[reader.name] = reader


def registered() -> Sequence[Reader]:
    """All readers, by name."""
    return [_registered[name] for name in sorted(_registered)]


def get(name: str) -> Reader:
    """The reader of this name. Raises LookupError, which names those that there are."""
    if name not in _registered:
        known = ", ".join(sorted(_registered)) or "none"
        raise LookupError(f"There is no reader {name}; there are: {known}.")
    return _registered[name]
