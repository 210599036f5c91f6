"""What the consumer's memory does over five million events: nothing.

The real process, `consume_events`, fed through the real transport. The stream is kept filled, so
that batches have their full size from the beginning, but short, so that Redis keeps its size, too.
"""

from __future__ import annotations

import time

import psutil

from bench import project
from bench.events import synthetic
from bench.figures import Figure
from bench.sizes import Size
from plg_site.devstack import programs
from plg_site.devstack.stack import Stack

EVENTS, WORKSPACES, MOST_WAITING = 5_000_000, 100, 120_000
GIVE_UP_AFTER = 60.0  # seconds in which nothing was stored


def figures(*, size: Size, stack: Stack) -> list[Figure]:
    log = project.set_up("memory", stack=stack, tables=True)
    count = size.of(EVENTS, at_least=10_000)
    began = time.monotonic()
    with log.running(programs.events(log.env)):
        samples = _feed(count, pid=_pid(stack))
    rate = count / (time.monotonic() - began)
    early = max(resident for done, resident in samples if done <= max(count / 10, samples[0][0]))
    late = max(resident for done, resident in samples if done >= count * 0.9)
    most = max(resident for _, resident in samples)
    return [
        Figure(
            name=f"consumer's memory in the last tenth of {count:,} events",
            value=late / 2**20,
            unit="MiB",
            reference="MiB at most in the first tenth",
            reference_value=early / 2**20,
            bar=1.1,
            better="less",
            note=f"at most {most / 2**20:.0f} MiB; {rate:,.0f} events/s with the producer",
        )
    ]


def _feed(count: int, *, pid: int) -> list[tuple[int, int]]:
    """Send all, wait until all are stored: (events done, the process's resident bytes) on the way."""
    from events import health

    samples: list[tuple[int, int]] = []
    moved_at, sent, done = time.monotonic(), 0, 0
    while done < count:
        waiting = health.lag().waiting
        if sent - waiting > done:
            moved_at, done = time.monotonic(), sent - waiting
            samples.append((done, _resident(pid)))
        elif time.monotonic() - moved_at > GIVE_UP_AFTER:
            raise RuntimeError(f"{waiting} events wait, and none is stored.")
        if sent < count and waiting < MOST_WAITING:
            some = min(count - sent, 10 * synthetic.AT_ONCE)
            synthetic.fill_stream(some, workspaces=WORKSPACES)
            sent += some
        else:
            time.sleep(0.02)
    return samples


def _pid(stack: Stack) -> int:
    pid = stack.supervisor.process("events").pid
    if pid is None:
        raise RuntimeError("The consumer is not running.")
    return pid


def _resident(pid: int) -> int:
    """Bytes. Raises psutil.NoSuchProcess when the consumer has ended."""
    return int(psutil.Process(pid).memory_info().rss)
