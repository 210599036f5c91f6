"""What the indexes of timelines cost the consumer: it empties a filled stream with them and without, in
turns.

A third of the events are of a browser, as the product's clicks are; what is of nobody is in no index.
"""

from __future__ import annotations

import statistics

from bench import project
from bench.events import throughput
from bench.figures import Figure
from bench.sizes import Size
from plg_site.devstack.stack import Stack

EVENTS, WORKSPACES = 300_000, 100
_SHAPES = {
    "event_by_person": "(person, time) WHERE person IS NOT NULL",
    "event_by_browser": "(hashtextextended(anonymous_id, 0), time)"
    " WHERE person IS NULL AND anonymous_id IS NOT NULL",
}


def figures(*, size: Size, stack: Stack) -> list[Figure]:
    project.set_up("persons_storing", stack=stack)
    count = size.of(EVENTS, at_least=2_000)
    throughput.store_from_stream(count, workspaces=WORKSPACES)  # caches are warm for both
    given: list[float] = []
    bare: list[float] = []
    for number in range(size.runs):
        for has_indexes in (True, False) if number % 2 else (False, True):
            _set_indexes(there=has_indexes)
            cost = 1e6 / throughput.store_from_stream(count, workspaces=WORKSPACES)
            (given if has_indexes else bare).append(cost)
    words = [", ".join(f"{cost:.1f}" for cost in each) for each in (given, bare)]
    return [
        Figure(
            name="consumer, an event, with the indexes of timelines",
            value=statistics.median(given),
            unit="µs",
            reference="µs, without them",
            reference_value=statistics.median(bare),
            bar=1.05,
            better="less",
            note=f"with: {words[0]}; without: {words[1]}",
        )
    ]


def _set_indexes(*, there: bool) -> None:
    from events.store import get_store

    with get_store().connection() as connection:
        for name, shape in _SHAPES.items():
            connection.execute(f"DROP INDEX IF EXISTS {name}")
            if there:
                connection.execute(f"CREATE INDEX {name} ON event {shape}")
