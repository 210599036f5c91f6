"""Batches of 100 events to the collector, beside an endpoint that parses the same bodies and does nothing.

`consume_events` runs beside both, with what the turns before have left it to store. Each request has new
events. Afterwards every event that was answered is counted in the store.
"""

from __future__ import annotations

import base64
import statistics
import sys
import threading
import time
from dataclasses import replace

from bench import project
from bench.collector import EVENTS, load
from bench.collector.load import Post
from bench.figures import Figure, percentile
from bench.serving.clients import wanting
from bench.sizes import Size
from plg_site.devstack import ports, programs
from plg_site.devstack.program import Program
from plg_site.devstack.stack import Stack

SECONDS = 6
KEPT, SINGLES = 100, 500  # connections, and single events a second over all of them
_DRAINED = 300.0  # seconds


def figures(*, size: Size, stack: Stack) -> list[Figure]:
    log = project.set_up("collector", stack=stack, tables=True)
    from identity import collecting

    bare_port = ports.find_free()
    env = {**log.env, "DEBUG": "0", "WATCH_FILES": "0"}
    _, key = collecting.create("Bench", kind="server")
    basic = "Basic " + base64.b64encode(f"{key}:".encode()).decode()
    post = Post(stack.addresses.collect_port, "/v1/batch", basic, load.batch())
    bare = replace(post, port=bare_port)
    seconds = max(1, size.of(SECONDS))
    started = programs.collect(stack.addresses, env), _bare(env, bare_port), programs.events(env)
    with log.running(*started):
        for each in (post, bare):
            load.requests_per_second(each, seconds=1)  # warm
        turns = []
        for _ in range(size.runs):
            turns.append([load.requests_per_second(each, seconds=seconds) for each in (bare, post)])
            _drained()  # the stream is bounded: what waits must not grow from run to run
        bares, ours = (statistics.median(column) for column in zip(*turns, strict=True))
        half = [_half(post, rate=ours / 2, seconds=seconds) for _ in range(size.runs)]
        singles, lost = _beside(post, rate=ours / 2, seconds=seconds)
    spread = ", ".join(f"{turn[1]:,.0f} of {turn[0]:,.0f}" for turn in turns)
    ratio = Figure(
        name=f"batches of {EVENTS} events, answered once the log has them on disk",
        value=ours,
        unit="requests/s",
        reference="an ASGI endpoint that reads and parses the same bodies",
        reference_value=bares,
        bar=0.3,
        better="more",
        limit=True,
        void=wanting(),
        note=f"{ours * EVENTS:,.0f} events/s; runs: {spread}",
    )
    p99 = replace(
        ratio,
        name="batches at half of that load, p99",
        value=statistics.median(half) * 1000,
        unit="ms",
        reference="requests/s",
        reference_value=ours / 2,
        bar=50,
        bar_on="value",
        better="less",
        limit=False,
        note="from when a request was due; runs: "
        + ", ".join(f"{each * 1000:.1f}" for each in half),
    )
    beside = replace(
        p99,
        name=f"single events at {SINGLES}/s over {KEPT} kept connections beside it, p99",
        value=percentile(singles, 99) * 1000,
        reference="events that were answered",
        reference_value=len(singles),
        bar=1_000,
        note=f"{lost} of {len(singles):,} lost",
        void=f"{lost} events were lost" if lost else wanting(),
    )
    return [ratio, p99, beside]


def _half(post: Post, *, rate: float, seconds: float) -> float:
    taken = percentile(load.latencies(post, rate=rate, seconds=seconds), 99)
    _drained()
    return taken


def _beside(post: Post, *, rate: float, seconds: float) -> tuple[list[float], int]:
    """Single events while batches come at this rate: how long each took, and how many are not stored."""
    from identity import collecting

    source, key = collecting.create("Single events", kind="server")
    basic = "Basic " + base64.b64encode(f"{key}:".encode()).decode()
    single = Post(post.port, "/v1/batch", basic, load.batch(1))
    batches = threading.Thread(
        target=load.latencies, args=[post], kwargs={"rate": rate, "seconds": seconds}
    )
    batches.start()
    taken = load.latencies(single, rate=SINGLES, seconds=seconds, connections=KEPT)
    batches.join()
    _drained()
    return taken, len(taken) - _stored(str(source.pk))


def _stored(source: str) -> int:
    from events.store import get_store

    with get_store().connection() as connection:
        row = connection.execute(
            "SELECT count(*) FROM event WHERE context ->> 'source' = %s", [source]
        ).fetchone()
    return int(row[0])


def _drained() -> None:
    """Until the consumer has stored all that waits. Raises TimeoutError."""
    from events import health

    until = time.monotonic() + _DRAINED
    while (lag := health.lag()).waiting or lag.pending:
        if time.monotonic() > until:
            raise TimeoutError(f"{lag.waiting} events still wait.")
        time.sleep(0.2)


def _bare(env: dict[str, str], port: int) -> Program:
    return Program(
        name="bare",
        command=[sys.executable, "-m", "bench.collector.bare", str(port)],
        env=env,
        ready=lambda: ports.answers_http(port, host="localhost", path="/healthz"),
        layer=programs.APPLICATION,
    )
