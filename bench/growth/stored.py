"""What an event adds: bytes of PostgreSQL and of its WAL, of the Parquet file of its day, and of Redis
while it waits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import redis

from bench import project
from bench.events import synthetic
from bench.figures import Figure
from bench.growth import server
from bench.sizes import Size
from plg_site.devstack.stack import Stack

EVENTS, WORKSPACES, BATCH = 200_000, 500, 10_000
WAITING = 50_000
FLAT = 1.2
_SIZE = "SELECT pg_database_size(current_database())"


def figures(*, size: Size, stack: Stack) -> list[Figure]:
    log = project.set_up("stored", stack=stack, tables=True)
    count = size.of(EVENTS, at_least=2_000)
    yesterday = datetime.now(UTC) - timedelta(days=1)
    with server.connect(stack, log.url) as link:
        measured = [[0.0, server.number(link, _SIZE), server.wal(link)]]
        for events in _batches(count, yesterday):
            _store().append(events)
            done = measured[-1][0] + len(events)
            measured.append([done, server.number(link, _SIZE), server.wal(link)])
    parquet = _parquet(count)
    return [
        _flat("PostgreSQL, keys and rollups included", measured, 1),
        _flat("WAL", measured, 2),
        Figure(
            name=f"an event in the Parquet file of its day, of {count:,}",
            value=parquet, unit="bytes", reference="bytes in PostgreSQL",
            reference_value=(measured[-1][1] - measured[0][1]) / count, bar=0.5, better="less",
        ),
        _waiting(size, stack),
    ]  # fmt: skip


def _store() -> Any:
    from events.store import get_store

    return get_store()


def _batches(count: int, day: datetime) -> Iterator[list[Any]]:
    for each in synthetic.pieces(count, min(BATCH, max(count // 10, 1))):
        yield synthetic.events(each, workspaces=WORKSPACES, time=day)


def _flat(name: str, measured: list[list[float]], which: int) -> Figure:
    half = measured[len(measured) // 2]
    first, last = measured[0], measured[-1]
    return Figure(
        name=f"an event in {name}, of {last[0]:,.0f}",
        value=(last[which] - half[which]) / (last[0] - half[0]),
        unit="bytes",
        reference="bytes in the first half",
        reference_value=(half[which] - first[which]) / half[0],
        bar=FLAT,
        better="less",
        note=f"a billion: {(last[which] - first[which]) / last[0]:,.0f} GB",
    )


def _parquet(count: int) -> float:
    """All days are archived as `maintain_events` does it, into a folder of our own."""
    from events.store.shelf import Folder

    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    with TemporaryDirectory() as folder:
        retention = replace(_store().retention, shelf=Folder(Path(folder)))
        files = retention.drop_before(tomorrow)
        return sum(Path(file).stat().st_size for file in files) / count


def _waiting(size: Size, stack: Stack) -> Figure:
    """Memory of Redis for a stream that nobody empties."""
    client = redis.Redis.from_url(stack.env["REDIS_URL"])
    readings = [(0, client.info("memory")["used_memory"])]
    count = size.of(WAITING, at_least=2_000)
    for done in (count // 10, count):
        synthetic.fill_stream(done - readings[-1][0], workspaces=WORKSPACES)
        readings.append((done, client.info("memory")["used_memory"]))
    (_, none), (few, early), (most, late) = readings
    return Figure(
        name=f"an event that waits in Redis, of {most:,}",
        value=(late - none) / most,
        unit="bytes",
        reference=f"bytes with {few:,}",
        reference_value=(early - none) / few,
        bar=FLAT,
        better="less",
    )
