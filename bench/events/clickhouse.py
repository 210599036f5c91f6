"""The ClickHouse store against bare inserts of the same rows, in the engine of chDB over HTTP.

The reference is clickhouse-connect's own `insert` of rows that lie ready, into a table of the same
columns, order and durability. Ours begins with events: which are known, JSON, the batch in Redis, raw
rows, keys, every rollup. Both go through the same loopback server, which needs the development
dependencies.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import project
from bench.events import synthetic
from bench.figures import Figure
from bench.sizes import Size
from plg_site.devstack.stack import Stack

if TYPE_CHECKING:
    from events import Event

EVENTS, WORKSPACES = 300_000, 100
_ROW = "id, name, time, received_at, tenant, person, anonymous_id, properties, context, batch"


def figures(*, size: Size, stack: Stack) -> list[Figure]:
    project.set_up("clickhouse", stack=stack)
    with server():
        count = size.of(EVENTS, at_least=2_000)
        bare, ours, broken_down = [], [], []
        append(count)  # the first inserts of a server and of a client are slower
        insert(count)
        for _ in range(size.runs):  # in turns: a machine that is slow for a while is so for all
            bare.append(insert(count))
            broken_down.append(append(count))
            with _without_dimensions():
                ours.append(append(count))
    words = [", ".join(f"{rate:,.0f}" for rate in each) for each in (ours, bare, broken_down)]
    return [
        Figure(
            name="ClickHouse (chDB): events to store, deduplicated, with minute, hour and day",
            value=statistics.median(ours),
            unit="events/s",
            reference="rows/s, bare inserts into the same table",
            reference_value=statistics.median(bare),
            bar=0.5,
            better="more",
            limit=True,
            note=f"runs: {words[0]}; bare: {words[1]}; with the product's dimensions and unique "
            f"counts, some five rows more for each event: {words[2]}",
        )
    ]


@contextmanager
def _without_dimensions() -> Iterator[None]:
    """The product's meters, but for their breakdowns and unique counts."""
    from importlib import import_module

    from django.conf import settings

    from metering.definitions import catalogue

    product: Any = import_module(f"{settings.PRODUCT_APP}.catalogue")
    kept = product.METERS
    product.METERS = [
        replace(meter, group_by=()) for meter in kept if meter.aggregation != "unique"
    ]
    catalogue.meters.cache_clear()
    yield
    product.METERS = kept
    catalogue.meters.cache_clear()


def append(count: int) -> float:
    """Events a second, in batches as large as the consumer's."""
    from events.store import get_store

    batches = list(_batches(count))
    began = time.perf_counter()
    for batch in batches:
        if get_store().append(batch, reader="bench", position="0-0").new != len(batch):
            raise RuntimeError("Not every event was stored.")
    return count / (time.perf_counter() - began)


def insert(count: int) -> float:
    """Rows a second, in inserts of the same size."""
    from events.store import get_store

    blocks = [[_row(event) for event in batch] for batch in _batches(count)]
    columns = _ROW.split(", ")
    with get_store().connection() as client:
        client.command("DROP TABLE IF EXISTS bare")
        client.command("CREATE TABLE bare AS event")
        began = time.perf_counter()
        for block in blocks:
            client.insert("bare", block, column_names=columns)
        return count / (time.perf_counter() - began)


def _batches(count: int) -> Iterator[list[Event]]:
    from events.consuming.batches import MOST

    for some in synthetic.pieces(count, MOST):
        yield synthetic.events(some, workspaces=WORKSPACES)


def _row(event: Event) -> Sequence[Any]:
    import msgspec

    texts = [msgspec.json.encode(each).decode() for each in (event.properties, event.context)]
    told = (event.tenant, event.person, event.anonymous_id)
    return (event.id, event.name, event.time, event.received_at, *told, *texts, 1)


@contextmanager
def server() -> Iterator[None]:
    """A server of its own, named by the settings of this process."""
    from django.conf import settings

    from events.store import get_store
    from tests.clickhouse_process import ClickHouseProcess

    postgres = settings.EVENTS_DATABASE_URL
    with tempfile.TemporaryDirectory(prefix="plg-clickhouse-") as folder:
        server = ClickHouseProcess(Path(folder)).start()
        try:
            settings.EVENTS_DATABASE_URL = server.url("bench")
            get_store().migrate()
            yield
            get_store().close()
        finally:
            server.kill()
            settings.EVENTS_DATABASE_URL = postgres
