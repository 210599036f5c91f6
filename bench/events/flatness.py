"""What an event costs with more workspaces, and with more events in the store: the same.

All rollups included, from the stream to the store, as in `throughput`.
"""

from __future__ import annotations

import statistics

from bench import project
from bench.events import synthetic
from bench.events.throughput import store_from_stream, stored
from bench.figures import Figure
from bench.sizes import Size
from plg_site.devstack.stack import Stack

EVENTS = 200_000  # in one measurement
FEW_WORKSPACES, MANY_WORKSPACES = 10, 5_000
FEW_STORED, MANY_STORED = 100_000, 10_000_000
AT_ONCE = 50_000
BAR = 1.3  # times the cost; what a noisy machine makes of "the same"


def figures(*, size: Size, stack: Stack) -> list[Figure]:
    project.set_up("flatness", stack=stack)
    count = size.of(EVENTS, at_least=2_000)
    _fill_store(size.of(FEW_STORED, at_least=500))
    few_stored = _cost(count, FEW_WORKSPACES, size)
    many_workspaces = _cost(count, MANY_WORKSPACES, size)
    _fill_store(size.of(MANY_STORED, at_least=5_000))
    many_stored = _cost(count, FEW_WORKSPACES, size)
    return [
        _figure(f"{MANY_WORKSPACES:,} workspaces", many_workspaces, "10 workspaces", few_stored),
        _figure(f"{stored():,} stored events", many_stored, "100,000 stored events", few_stored),
    ]


def _figure(of: str, cost: float, reference: str, reference_cost: float) -> Figure:
    return Figure(
        name=f"cost of an event with {of}",
        value=cost,
        unit="µs",
        reference=f"µs with {reference}",
        reference_value=reference_cost,
        bar=BAR,
        better="less",
    )


def _cost(count: int, workspaces: int, size: Size) -> float:
    """Microseconds an event; the median of the runs."""
    rates = [store_from_stream(count, workspaces=workspaces) for _ in range(size.runs)]
    return 1e6 / statistics.median(rates)


def _fill_store(count: int) -> None:
    """Store events until it has this many."""
    from events.store import get_store

    for some in synthetic.pieces(count - stored(), AT_ONCE):
        get_store().append(synthetic.events(some, workspaces=FEW_WORKSPACES))
