"""The order in which events were stored, for those who follow it: by batch, and in a batch by id.

Batches are numbered as they begin. A number is *finished* once its transaction and those of all lower
numbers have ended; nobody reads beyond. So an event that commits late is never passed over, which a
position by time, or by the highest id that was seen, would do (docs/decisions/0022-readers.md).
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple, Protocol
from uuid import UUID

import msgspec

from events.event import Event
from events.store import archive
from events.store.shelf import Readable

Found = tuple[int, Event]  # the number of its batch

_LAST = UUID(int=2**128 - 1)
# Batches that were stored so long ago are put together, those of an hour, as long as they are few events.
OLD = timedelta(days=7)
PILE = 20_000
MOST_BATCHES = 1_000  # of one page: at night a batch has an event or two


class Mark(NamedTuple):
    """A place in the log: after this event of this batch. `_LAST` is the batch's end."""

    number: int
    event: UUID = _LAST

    @property
    def is_whole(self) -> bool:
        """Whether nothing of its batch is left."""
        return self.event == _LAST

    @classmethod
    def of(cls, text: str) -> Mark:
        """What `str` gave. Raises ValueError."""
        if text == "beginning":
            return BEGINNING
        number, _, event = text.partition(".")
        return cls(int(number), UUID(event) if event else _LAST)

    def __str__(self) -> str:
        if self == BEGINNING:
            return "beginning"
        return str(self.number) if self.is_whole else f"{self.number}.{self.event.hex}"


BEGINNING = Mark(-(2**62))


class Batch(NamedTuple):
    """Where the events of a batch (or of several that were put together) are to be found."""

    number: int
    first_time: datetime
    last_time: datetime
    events: int


class Span(NamedTuple):
    """What a page is looked for in: numbers and times, ends included, and what follows `after`."""

    first: int
    last: int
    since: datetime
    until: datetime
    after: Mark

    @classmethod
    def of(cls, batches: Sequence[Batch], after: Mark) -> Span:
        """The events of these batches that come after the mark."""
        number = batches[-1].number
        since = min(batch.first_time for batch in batches)
        until = max(batch.last_time for batch in batches)
        if number < 0:  # a day of what was stored before there were numbers
            inside = after.event if after.number == number else UUID(int=0)
            return cls(0, 0, since, until, Mark(0, inside))
        if after.number < 0:
            after = Mark(0)
        first = after.number + after.is_whole
        return cls(first, number, since, until, after)

    @property
    def days(self) -> list[date]:
        """All of them (UTC)."""
        first = self.since.date()
        return [first + timedelta(days=n) for n in range((self.until.date() - first).days + 1)]


@dataclass(frozen=True)
class Page:
    """Events in the order of storing, each with the number of its batch, and where the next begins."""

    found: Sequence[Found]
    end: Mark


@dataclass(frozen=True)
class Behind:
    """How far a mark is from the log's end: events, and since when the oldest of them is stored."""

    events: int
    since: datetime | None


class Order(Protocol):
    """Reads a store in the order of storing. All methods raise StoreUnavailable."""

    def newest(self) -> int:
        """A number that changes when something was, or is being, stored: one cheap question."""
        ...

    def end(self) -> Mark:
        """After everything that is finished now."""
        ...

    def at(self, instant: datetime) -> Mark:
        """Before the first batch that began to be stored at this instant, or later."""
        ...

    def page(self, after: Mark, *, names: Collection[str] | None, most: int) -> Page:
        """What comes next: at most so many events, those of these names or all.

        The page's end is further than `after` unless nothing is there. Days that went to files are
        read from them. Raises ArchiveFailed when a file is gone or broken: nothing is passed over.
        """
        ...

    def behind(self, mark: Mark) -> Behind:
        """What is stored after this mark; a batch that was begun counts whole."""
        ...


def as_far_as_known(instant: datetime, now: datetime) -> datetime:
    """When to begin for what was stored since `instant`: of old batches only the hour is known, and what
    was stored earlier in it comes again rather than that anything is passed over."""
    if instant > now - OLD:
        return instant
    return instant.replace(minute=0, second=0, microsecond=0)


def chosen(batches: Iterable[Batch], *, most: int) -> list[Batch]:
    """Batches of one page, from those that follow, in order: a day of old times stands alone."""
    some: list[Batch] = []
    count = 0
    for batch in batches:
        if some and (batch.number < 0 or some[-1].number < 0):
            break
        some.append(batch)
        count += batch.events
        if count >= most or len(some) >= MOST_BATCHES:
            break
    return some


def page_of(batches: Sequence[Batch], sources: Iterable[Iterable[Found]], *, most: int) -> Page:
    """One page of what several sources have; an event that two of them have is taken once."""
    number = batches[-1].number
    found: list[Found] = []
    several = [source for source in sources if source]
    if len(several) == 1:
        found = list(several[0])[:most]
    else:
        for each in heapq.merge(*several, key=order_of):
            if not found or found[-1][1].id != each[1].id:
                found.append(each)
            if len(found) == most:
                break
    if number < 0:  # events say 0, whichever day they are of
        found = [(number, event) for _, event in found]
    return Page(found, Mark(found[-1][0], found[-1][1].id) if len(found) == most else Mark(number))


def order_of(found: Found) -> tuple[int, int]:
    """What the order of storing compares."""
    return found[0], found[1].id.int


def in_file(file: Readable, span: Span, *, names: Collection[str] | None, most: int) -> list[Found]:
    """The first events of an archived day that are in the span. Raises ArchiveFailed."""
    smallest = heapq.nsmallest(most, _in_file(file, span, names), key=lambda row: row[:2])
    return [(number, _event(row)) for number, _, row in smallest]


def _in_file(
    file: Readable, span: Span, names: Collection[str] | None
) -> Iterator[tuple[int, int, archive.Row]]:
    after = (span.after.number, span.after.event.int)
    for rows in archive.read_batches(file, first=span.first, last=span.last):
        for row in rows:
            number, key = row[-1], int(row[0], 16)
            is_next = span.first <= number <= span.last and (number, key) > after
            is_meant = names is None or row[4] in names
            if is_next and is_meant and span.since <= row[1] <= span.until:
                yield number, key, row


def _event(row: archive.Row) -> Event:
    said: dict[str, Any] = dict(zip(archive.COLUMNS, row, strict=True))
    del said["batch"]
    said["id"] = UUID(said["id"])
    said["person"] = UUID(said["person"]) if said["person"] else None
    for name in ("properties", "context"):
        said[name] = msgspec.json.decode(said[name])
    return Event(**said)
