"""Records clicks at a steady rate, in batches as requests do. A process of its own:

    python -m bench.events.producer '{"rate": 5000, "seconds": 60, "at_once": 10, "tenants": ["w_…"]}'

Says on its last line, as JSON, how many it recorded, in how many seconds, and how late it ever was.
"""

from __future__ import annotations

import json
import sys
import time
from typing import TypedDict
from uuid import UUID

import django
from uuid_utils.compat import uuid7


class Order(TypedDict):
    """`rate` events a second, `at_once` of them in one round trip, to `tenants` in turn."""

    rate: int
    seconds: int
    at_once: int
    tenants: list[str]


class Report(TypedDict):
    """`late`: the longest time in seconds that it was behind its schedule."""

    recorded: int
    seconds: float
    late: float


def produce(order: Order) -> Report:
    import events

    total, tenants = order["rate"] * order["seconds"], order["tenants"]
    links: list[UUID] = [uuid7() for _ in range(100)]
    began, late = time.monotonic(), 0.0
    for done in range(0, total, order["at_once"]):
        due = began + done / order["rate"]
        early = due - time.monotonic()
        if early > 0:
            time.sleep(early)
        late = max(late, -early)
        with events.batch():
            for number in range(done, min(done + order["at_once"], total)):
                events.record(
                    "Link Clicked",
                    tenant=tenants[number % len(tenants)],
                    properties={"link_id": links[number % 100], "code": f"link{number % 100}"},
                )
    return {"recorded": total, "seconds": time.monotonic() - began, "late": late}


if __name__ == "__main__":
    django.setup()
    print("ready", flush=True)
    print(json.dumps(produce(json.loads(sys.argv[1]))), flush=True)
