"""Records clicks at a steady rate, in batches as requests do. A process of its own:

    python -m bench.events.producer \\
        '{"rate": 5000, "seconds": 60, "at_once": 10, "threads": 8, "tenants": ["w_…"]}'

Says on its last line, as JSON, how many it recorded, in how many seconds, and how late it ever was.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypedDict
from uuid import UUID

import django
from uuid_utils.compat import uuid7


class Order(TypedDict):
    """`rate` events a second, `at_once` of them in one round trip, to `tenants` in turn, by so many
    `threads`, as a web process has them."""

    rate: int
    seconds: int
    at_once: int
    threads: int
    tenants: list[str]


class Report(TypedDict):
    """`late`: the longest time in seconds that a thread was behind its schedule."""

    recorded: int
    seconds: float
    late: float


def produce(order: Order) -> Report:
    """Record all of them, each batch when it is due."""
    links: list[UUID] = [uuid7() for _ in range(100)]
    total, at_once, threads = order["rate"] * order["seconds"], order["at_once"], order["threads"]
    began = time.monotonic()

    def thread(first: int) -> float:
        late = 0.0
        for done in range(first * at_once, total, threads * at_once):
            early = began + done / order["rate"] - time.monotonic()
            if early > 0:
                time.sleep(early)
            late = max(late, -early)
            _record(range(done, min(done + at_once, total)), order["tenants"], links)
        return late

    with ThreadPoolExecutor(threads) as running:
        late = max(running.map(thread, range(threads)))
    return {"recorded": total, "seconds": time.monotonic() - began, "late": late}


def _record(numbers: range, tenants: Sequence[str], links: Sequence[UUID]) -> None:
    import events

    with events.batch():
        for number in numbers:
            link = number % len(links)
            events.record(
                "Link Clicked",
                tenant=tenants[number % len(tenants)],
                properties={"link_id": links[link], "code": f"link{link}"},
            )


if __name__ == "__main__":
    django.setup()
    print("ready", flush=True)
    print(json.dumps(produce(json.loads(sys.argv[1]))), flush=True)
