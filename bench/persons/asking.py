"""Pages of timelines, asked over and over, and their slowest: the same for each kind of store.

The log has ten million events over 400 days; one person has a hundredth of them, another thirty in two
years, and a third of all events are of one of 100,000 browsers.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

from bench.figures import Figure, percentile
from bench.sizes import Size

EVENTS, DAYS, ASKED = 10_000_000, 400, 300
PAGE, LIMIT_MS = 50, 50.0
ONE_IN = 100  # events are of the person who has many
SPARSE, SPARSE_DAYS = 30, 730
BROWSERS = 100_000
MANY, FEW = UUID(int=1 << 96), UUID(int=2 << 96)
NAMES = 20  # kinds of events
Ask = Callable[[], int]


def midnight() -> datetime:
    """The end of the days that are filled."""
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def figures(*, kind: str, size: Size) -> list[Figure]:
    """A row for each kind of page; the log is filled."""
    return [_figure(kind, name, ask, size) for name, ask in _pages()]


def _pages() -> Iterator[tuple[str, Ask]]:
    """What is asked, each at random places; gives how many events came."""
    from events.store import TimelineMark, get_store

    chance = random.Random(5)  # noqa: S311 (nothing secret)
    end, mark = midnight(), TimelineMark

    def page(*, persons: list[UUID] | None = None, before: datetime | None = None, **more) -> int:  # type: ignore[no-untyped-def]
        browsers = more.pop("browsers", [])
        found = get_store().timeline(
            [MANY] if persons is None else persons,
            browsers,
            before=None if before is None else mark(before),
            limit=PAGE,
            **more,
        )
        return len(found.events)

    def some_day() -> datetime:
        return end - timedelta(seconds=chance.randrange(86400, (DAYS - 2) * 86400))

    yield "first page of 1 % of all events", page
    yield "any page of it", lambda: page(before=some_day())
    yield "last page of it", lambda: page(before=end - timedelta(days=DAYS - 1, hours=18))
    yield "page of it, of one name in twenty", lambda: page(before=some_day(), names=["Name 4"])
    yield "30 events in two years", lambda: page(persons=[FEW])
    yield (
        "first page of 200 browsers",
        lambda: page(
            persons=[], browsers=[f"browser-{chance.randrange(BROWSERS)}" for _ in range(200)]
        ),
    )


def _figure(kind: str, name: str, ask: Ask, size: Size) -> Figure:
    counts = [ask() for _ in range(3)]  # connections are there, catalogues are read
    took = []
    for _ in range(size.of(ASKED, at_least=5)):
        began = time.perf_counter()
        counts.append(ask())
        took.append(1000 * (time.perf_counter() - began))
    p50, p99 = percentile(took, 50), percentile(took, 99)
    return Figure(
        name=f"{kind}: {name}, p99",
        value=p99,
        unit="ms",
        reference="ms, the limit",
        reference_value=LIMIT_MS,
        bar=LIMIT_MS,
        bar_on="value",
        better="less",
        void="" if min(counts) else "an empty page",
        note=f"median {p50:.1f} ms; {min(counts)} to {max(counts)} events a page",
    )


@contextmanager
def told(what: str) -> Iterator[None]:
    """How long filling took is worth a line."""
    began = time.monotonic()
    yield
    print(f"      {what}: {time.monotonic() - began:.0f} s", flush=True)
