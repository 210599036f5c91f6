"""The events of one human, newest first, page by page.

A store knows for each person and browser on which days there is something (`event_presence`), so a page
looks at those days alone, a few at first and then more. What it looks at is bounded: after DAYS days, or
FILES files of archived days, it gives what it has found so far and a mark from which the next goes on.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple, Protocol, TypedDict, Unpack
from uuid import UUID

from events.event import AHEAD, Event
from events.store.shelf import Readable

LONGEST = 500  # events of a page
MOST_IDS = 1_000  # persons and browsers of one human
DAYS = 64  # looked at for one page
FILES = 4  # read for one page
FEW = 40  # days that are looked at together: who is there on so few has few events
_FIRST = UUID(int=0)
_ONE = timedelta(days=1)
_INSTANT, _NONE = timedelta(microseconds=1), timedelta()


class Mark(NamedTuple):
    """Where the next page begins: with what is older, or of that time and with a lower id."""

    time: datetime
    event: UUID = _FIRST

    @classmethod
    def of(cls, text: str) -> Mark:
        """What `str` gave. Raises ValueError."""
        micros, _, event = text.partition(".")
        try:
            return cls(_EPOCH + timedelta(microseconds=int(micros)), UUID(event))
        except (ValueError, OverflowError) as error:
            raise ValueError(f"{text} is no place in a timeline.") from error

    def __str__(self) -> str:
        return f"{(self.time - _EPOCH) // _INSTANT}.{self.event.hex}"


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class TimelinePage:
    """Events, newest first.

    `next` None: there is nothing older. Else the next page begins there, also where this one is short, or
    empty: it may have looked at all that one page may. `archived`: what comes next lies in files, so
    there *may* be more.
    """

    events: Sequence[Event]
    next: Mark | None
    archived: bool = False


class Only(TypedDict, total=False):
    """What others are left out by. An empty collection, like None, says nothing; `end` is exclusive."""

    names: Collection[str]
    tenant: str | None
    start: datetime | None
    end: datetime | None


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked of a timeline. See EventStore.timeline."""

    persons: Sequence[UUID]
    browsers: Sequence[str]
    before: Mark | None
    limit: int
    names: Sequence[str] = ()
    tenant: str | None = None
    start: datetime | None = None
    end: datetime | None = None

    @property
    def most(self) -> int:
        """Of one look: one more tells whether there is more."""
        return self.limit + 1

    @property
    def last_day(self) -> date:
        """No event is later than that."""
        ends = [datetime.now(UTC) + AHEAD]
        ends += [self.end] if self.end else []
        if self.before:  # no id is lower than the first: that moment is over
            ends.append(self.before.time - (_INSTANT if self.before.event == _FIRST else _NONE))
        return min(ends).astimezone(UTC).date()

    @property
    def first_day(self) -> date:
        return self.start.astimezone(UTC).date() if self.start else date.min

    def fits(self, event: Event) -> bool:
        """Whether a row of a file is meant; whose it is has been looked at."""
        return (
            (not self.names or event.name in self.names)
            and (self.tenant is None or event.tenant == self.tenant)
            and (self.start is None or event.time >= self.start)
            and (self.end is None or event.time < self.end)
            and (self.before is None or (event.time, event.id.int) < _place(self.before))
        )


class Day(NamedTuple):
    """A day (UTC) that may have something, and of whom."""

    day: date
    persons: Sequence[UUID]
    browsers: Sequence[str]

    @property
    def start(self) -> datetime:
        return datetime.combine(self.day, time(), UTC)

    @property
    def end(self) -> datetime:
        """The first instant after it."""
        return self.start + _ONE


class Left(NamedTuple):
    """What has left the log, of some days: events that are on their way to a file, and files."""

    events: Sequence[Event]
    files: Mapping[date, Sequence[Readable]]


class Reads(Protocol):
    """What each kind of store brings. All raise StoreUnavailable. They are asked in this order: a day that
    leaves the log in between is then seen twice, and not missed."""

    at_first: int  # how many days the first look takes

    def days(self, asked: Question) -> Sequence[Day]:
        """The days on which there may be something, newest first."""
        ...

    def stored(self, days: Sequence[Day], asked: Question) -> list[Event]:
        """Of these days of the log at most `asked.most` events, the newest, in order."""
        ...

    def left(self, days: Sequence[Day], asked: Question) -> Left:
        """What these days have besides, at most `asked.most` events; files are not opened."""
        ...


class Looked(NamedTuple):
    """What was found on some days. `rest`: what has not been looked at is older than this."""

    days: Sequence[Day]
    stored: Sequence[Event]
    left: Left
    rest: datetime | None


def look(reads: Reads, asked: Question) -> Looked:
    """Go back until there is enough for a page: a few days, then as many as it seems to take."""
    days = reads.days(asked) if asked.persons or asked.browsers else ()
    stored: list[Event] = []
    at, most = 0, min(len(days), DAYS)
    size = most if len(days) <= FEW else reads.at_first
    while at < most and len(stored) <= asked.limit:
        some = days[at : min(at + size, most)]
        stored += reads.stored(some, asked)
        at += len(some)
        wanted = asked.most - len(stored)
        size = max(at, wanted * at * 5 // (4 * len(stored)) + 1 if stored else 4 * at)
    left = reads.left(days[:at], asked) if at else Left((), {})
    return Looked(days[:at], stored, left, days[at].end if at < len(days) else None)


def days_of(
    asked: Question, present: Iterable[tuple[int, date, int]], unknown: Iterable[date]
) -> list[Day]:
    """Days from what the store knows: (number of an id, month, its days as bits), and the days of which it
    does not know, on which everybody may be. Ids are numbered from 1: persons, then browsers."""
    whose: dict[date, set[int]] = {}
    for number, month, bits in present:
        while bits:
            bit = bits & -bits  # the lowest
            whose.setdefault(month + timedelta(days=bit.bit_length() - 1), set()).add(number)
            bits -= bit
    everybody = set(range(1, len(asked.persons) + len(asked.browsers) + 1))
    whose |= dict.fromkeys(unknown, everybody)
    inside = [day for day in whose if asked.first_day <= day <= asked.last_day]
    # One more than a page looks at tells whether there is more.
    return [_day(asked, day, whose[day]) for day in sorted(inside, reverse=True)[: DAYS + 1]]


def ids_of(asked: Question) -> list[str]:
    """In the order in which they are numbered."""
    return [*map(str, asked.persons), *asked.browsers]


def newest_first(event: Event) -> tuple[float, ...]:
    """What a timeline compares: later first, then the higher id."""
    return (-((event.time - _EPOCH) // _INSTANT), -event.id.int)


def merged(sources: Sequence[Iterable[Event]]) -> Iterator[Event]:
    """What several sources have, in order; an event that two of them have is taken once."""
    last: UUID | None = None
    for event in heapq.merge(*sources, key=newest_first):
        if event.id != last:
            yield event
        last = event.id


def asked(
    persons: Collection[UUID],
    browsers: Collection[str],
    before: Mark | None,
    limit: int,
    **wanted: Unpack[Only],
) -> Question:
    """Raises ValueError for more than a page, or a human, may have."""
    if not 1 <= limit <= LONGEST:
        raise ValueError(f"A page has 1 to {LONGEST} events, not {limit}.")
    if len(persons) + len(browsers) > MOST_IDS:
        raise ValueError(f"A timeline is of at most {MOST_IDS} persons and browsers.")
    return Question(
        persons=list(dict.fromkeys(persons)),
        browsers=list(dict.fromkeys(browsers)),
        before=before,
        limit=limit,
        names=list(wanted.get("names", ())),
        tenant=wanted.get("tenant"),
        start=wanted.get("start"),
        end=wanted.get("end"),
    )


def _day(asked: Question, day: date, numbers: set[int]) -> Day:
    persons = len(asked.persons)
    return Day(
        day,
        [asked.persons[number - 1] for number in sorted(numbers) if number <= persons],
        [asked.browsers[number - 1 - persons] for number in sorted(numbers) if number > persons],
    )


def _place(mark: Mark) -> tuple[datetime, int]:
    return mark.time, mark.event.int
