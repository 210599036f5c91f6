"""From the stream to the store: how close it comes to a bare COPY of the same rows.

The reference is handed its bytes ready-made, and its table has the columns and indexes of a day's
partition plus a unique index over the id, which is what knowing duplicates costs at the least. Ours
begins with the filled stream: read, decode, claim the ids, COPY, project, commit, let go.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bench import project
from bench.events import synthetic
from bench.figures import Figure
from bench.sizes import Size
from plg_site.devstack.stack import Stack

if TYPE_CHECKING:
    from events.consuming.consumer import Consumer

EVENTS, WORKSPACES = 300_000, 100
_SHAPE = """
    DROP TABLE IF EXISTS bare;
    CREATE TABLE bare (LIKE event INCLUDING ALL);
    ALTER TABLE bare ADD PRIMARY KEY (id);
"""


def figures(*, size: Size, stack: Stack) -> list[Figure]:
    from events.store import projections

    project.set_up("throughput", stack=stack)
    count = size.of(EVENTS, at_least=2_000)
    bare, alone, projected = [], [], []
    for _ in range(size.runs):  # in turns: a machine that is slow for a while is so for all three
        bare.append(copy_bare(count, workspaces=WORKSPACES))
        with projections.none():
            alone.append(store_from_stream(count, workspaces=WORKSPACES))
        projected.append(store_from_stream(count, workspaces=WORKSPACES))
    return [
        _figure("stream to store with deduplication", alone, bare, bar=0.5),
        _figure("the same with all rollups", projected, bare, bar=0.6),
    ]


def _figure(name: str, ours: Sequence[float], bare: Sequence[float], *, bar: float) -> Figure:
    rates = ", ".join(f"{rate:,.0f}" for rate in ours)
    return Figure(
        name=f"PostgreSQL: {name}",
        value=statistics.median(ours),
        unit="events/s",
        reference="rows/s, bare COPY into the uniquely indexed table",
        reference_value=statistics.median(bare),
        bar=bar,
        better="more",
        limit=True,
        note=f"runs: {rates}; bare: {', '.join(f'{rate:,.0f}' for rate in bare)}",
    )


def copy_bare(count: int, *, workspaces: int) -> float:
    """Rows a second of a COPY, with one commit for as many rows as the consumer takes at most."""
    from events.consuming.batches import MOST
    from events.store import copytext, get_store

    texts = [
        b"".join(copytext.rows(synthetic.events(some, workspaces=workspaces)))
        for some in synthetic.pieces(count, MOST)
    ]
    with get_store().connection() as connection:
        connection.execute(_SHAPE)
    began = time.perf_counter()
    for text in texts:
        with get_store().connection() as connection:
            copytext.copy(connection, "bare", [text])
    rate = count / (time.perf_counter() - began)
    with get_store().connection() as connection:
        connection.execute("DROP TABLE bare")
    return rate


def store_from_stream(count: int, *, workspaces: int) -> float:
    """Events a second of a consumer that finds this many in the stream."""
    synthetic.fill_stream(count, workspaces=workspaces)
    consumer, before = new_consumer(), stored()
    began = time.perf_counter()
    while consumer.read_stream():
        pass
    rate = count / (time.perf_counter() - began)
    if stored() - before != count:
        raise RuntimeError(f"{stored() - before} of {count} events were stored.")
    return rate


def new_consumer() -> Consumer:
    """As `consume_events` makes it."""
    from events import conf
    from events.consuming.consumer import Consumer, collect_rarely
    from events.redis.keys import Keys
    from events.redis.redis_client import patient
    from events.store import get_store
    from events.transport.reader import StreamReader
    from events.transport.spool import get_spool

    collect_rarely()
    reader = StreamReader(patient(conf.redis_url()), keys=Keys(conf.stream()), name="bench")
    return Consumer(store=get_store(), reader=reader, spool=get_spool())


def stored() -> int:
    """How many events the store has."""
    from events.store import get_store

    with get_store().connection() as connection:
        return connection.execute("SELECT count(*) FROM event_key").fetchone()[0]
