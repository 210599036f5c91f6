"""What ten readers cost the consumer: it empties a filled stream with them and without, in turns.

The readers run as in production, in a process of `run_readers` of their own that stands back a little
(READERS_NICE), and each of them gets every event. They follow while the consumer stores; how long they
then take to come to the end is said, too.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

from bench import project
from bench.events import throughput
from bench.figures import Figure
from bench.readers.ten import NAMES
from bench.sizes import Size
from plg_site.devstack.program import Program
from plg_site.devstack.stack import Stack

EVENTS, WORKSPACES = 300_000, 100
PATIENCE = 600.0  # seconds for the readers to come to the end


def figures(*, size: Size, stack: Stack) -> list[Figure]:
    log = project.set_up("readers_beside", stack=stack, tables=True)
    count = size.of(EVENTS, at_least=2_000)
    _forget()
    throughput.store_from_stream(count, workspaces=WORKSPACES)  # caches are warm for both
    alone, beside, after = [], [], []
    for _ in range(size.runs):
        alone.append(_cost(count))
        with log.running(_ten(log.env)):
            _until(lambda: len(_positions()) == len(NAMES) and _behind() == 0)
            beside.append(_cost(count))
            began = time.monotonic()
            _until(lambda: _behind() == 0)
            after.append(time.monotonic() - began)
    return [
        Figure(
            name="consumer, an event, with ten readers beside it",
            value=statistics.median(beside),
            unit="µs",
            reference="µs, alone",
            reference_value=statistics.median(alone),
            bar=1.2,
            better="less",
            note=f"the readers were at the end {statistics.median(after):.1f} s after it",
        )
    ]


def _cost(count: int) -> float:
    return 1e6 / throughput.store_from_stream(count, workspaces=WORKSPACES)


def _ten(env: dict[str, str]) -> Program:
    command = [sys.executable, "-m", "bench.readers.ten"]
    return Program(name="readers", command=command, env=env, layer=1)


def _positions() -> list[str]:
    from events.models import ReaderPosition

    found = ReaderPosition.objects.filter(reader__in=NAMES)
    return list(found.values_list("position", flat=True))


def _behind() -> int:
    from events.store import get_store
    from events.store.batch_order import Mark

    return sum(get_store().order.behind(Mark.of(each)).events for each in set(_positions()))


def _forget() -> None:
    from events.models import ReaderPosition

    ReaderPosition.objects.filter(reader__in=NAMES).delete()


def _until(check: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + PATIENCE
    while not check():
        if time.monotonic() > give_up_at:
            raise RuntimeError("The readers do not come to the end.")
        time.sleep(0.05)
