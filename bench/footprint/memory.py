"""The proportional set size of everything that `bin/dev` runs, idle after the walk; and its start.

One side after the other, so that neither shares a library's pages with the other. Idle: the pools of
both commits have let go of what the walk needed.
"""

from __future__ import annotations

import time

from bench import against
from bench.against import Code
from bench.figures import Figure
from bench.footprint import sides
from bench.footprint.tree import Weighed, can_weigh, weigh
from bench.sizes import Size
from plg_site.devstack.progress import step
from plg_site.devstack.stack import Stack

TURNS, IDLE_SECONDS = 3, 75
MEMORY_BAR, READY_BAR = 0.55, 0.8


def figures(*, size: Size, stack: Stack) -> list[Figure]:
    del stack  # each side has services of its own
    turns, idle = size.of(TURNS), size.of(IDLE_SECONDS)
    ready: dict[str, list[float]] = {}
    seen: dict[str, Weighed] = {}

    def measure(code: Code) -> float:
        began = time.monotonic()
        with step(f"  {code.name}"), sides.running(code) as side:
            ready.setdefault(code.name, []).append(time.monotonic() - began)
            sides.walk(side)
            time.sleep(idle)
            seen[code.name] = weigh(side.pid)
            return seen[code.name].mib

    codes = sides.both(size)
    columns = against.in_turns(codes, measure, runs=turns) if codes else []
    parts = "; then ".join(f"{name}: {each}" for name, each in reversed(seen.items()))
    return [
        sides.figure(
            "memory of all processes, idle after the walk", columns, unit="MiB", bar=MEMORY_BAR,
            note=parts, void="" if can_weigh() else "this system does not tell it (proc(5), smaps)",
        ),
        sides.figure(
            "from an empty state until ready", list(ready.values()), unit="s", bar=READY_BAR
        ),
    ]  # fmt: skip
