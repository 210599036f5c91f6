"""One reader that counts, beside one plain SELECT of the same columns through a server-side cursor.

Ours hands over event objects, batch after batch, each committed with its position in the primary
database. The reference fetches rows as psycopg makes them, and counts them. Both read all events of
the log, in turns; the log is filled once, in batches as large as the consumer's.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from typing import Any

import psutil

from bench import project
from bench.events import synthetic
from bench.figures import Figure
from bench.sizes import Size
from plg_site.devstack.stack import Stack

EVENTS, WORKSPACES, AT_ONCE = 2_000_000, 100, 10_000
_SELECT = "SELECT id, name, time, received_at, tenant, person, anonymous_id, properties, context FROM event"


def figures(*, size: Size, stack: Stack) -> list[Figure]:
    project.set_up("readers", stack=stack, tables=True)
    count = size.of(EVENTS, at_least=2_000)
    fill(count)
    plain, ours, memory = [], [], []
    for run in range(size.runs):
        plain.append(select(count))
        counter = Counter(count)
        ours.append(follow(counter, name=f"bench.{run}"))
        memory.append(counter.late / counter.early)
    return [
        Figure(
            name=f"a reader that counts {count:,} events",
            value=statistics.median(ours),
            unit="events/s",
            reference="rows/s, plain SELECT through a server-side cursor",
            reference_value=statistics.median(plain),
            bar=0.5,
            better="more",
            note=f"runs: {_words(ours)}; plain: {_words(plain)}",
        ),
        Figure(
            name="its process's memory in the last tenth",
            value=statistics.median(memory),
            unit="times",
            reference="that of the first tenth",
            reference_value=1.0,
            bar=1.1,
            better="less",
        ),
    ]


def fill(count: int) -> None:
    """Store so many events, without projections."""
    from events.consuming.batches import MOST
    from events.store import get_store, projections

    with projections.none():
        for some in synthetic.pieces(count, MOST):
            get_store().append(synthetic.events(some, workspaces=WORKSPACES))
    with get_store().connection() as connection:
        connection.execute("ANALYZE event")


def select(count: int) -> float:
    """Rows a second of the reference."""
    from events.store import get_store

    seen, began = 0, time.perf_counter()
    with (
        get_store().connection() as connection,
        connection.cursor("plain") as cursor,
    ):
        cursor.execute(_SELECT)
        while rows := cursor.fetchmany(AT_ONCE):
            seen += len(rows)
    _check(seen, count)
    return seen / (time.perf_counter() - began)


class Counter:
    """A handler that counts, and looks at the memory of the process on the way."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.seen = self.early = self.late = 0

    def __call__(self, events: Sequence[Any], _: Any) -> None:
        self.seen += len(events)
        if self.seen <= max(self.count / 10, AT_ONCE):
            self.early = max(self.early, resident())
        if self.seen >= self.count * 0.9:
            self.late = max(self.late, resident())


def follow(counter: Counter, *, name: str) -> float:
    """Events a second of a reader, from the log's beginning to its end."""
    from events.readers import Reader
    from events.readers.running import Runner
    from events.store import get_store

    reader = Reader(name, counter, starts="beginning", at_once=AT_ONCE)
    runner = Runner([reader], store=get_store())
    began = time.perf_counter()
    if not runner.drain():
        raise RuntimeError("The reader failed: see the log.")
    seconds = time.perf_counter() - began
    _check(counter.seen, counter.count)
    return counter.seen / seconds


def resident() -> int:
    """Bytes of this process."""
    return int(psutil.Process().memory_info().rss)


def _check(seen: int, count: int) -> None:
    if seen != count:
        raise RuntimeError(f"{seen:,} of {count:,} events were read.")


def _words(rates: Sequence[float]) -> str:
    return ", ".join(f"{rate:,.0f}" for rate in rates)
