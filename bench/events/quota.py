"""A quota decision: on a lease, against asking the central counter for each one."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from bench import project
from bench.figures import Figure, percentile
from bench.sizes import Size
from plg_site.devstack.stack import Stack

DECISIONS = 300_000


def figures(*, size: Size, stack: Stack) -> list[Figure]:
    project.set_up("quota", stack=stack, tables=True)
    from metering import Limit
    from metering.quotas import limits, quota

    tenant = project.make_workspace("quota")
    limits.set_limits(tenant, {"api_calls": Limit(10**12)})
    count = size.of(DECISIONS, at_least=500)

    def decide() -> None:
        quota.consume(tenant, "api_calls")

    for _ in range(100):
        decide()
    runs = [_times(decide, count) for _ in range(size.runs)]
    asked = _times(lambda: quota.peek(tenant, "api_calls"), max(50, count // 300))
    middle = sorted(runs, key=lambda run: percentile(run, 99))[len(runs) // 2]
    return [
        Figure(
            name="quota decision, p99",
            value=percentile(middle, 99),
            unit="µs",
            reference="µs to ask the central counter, p99",
            reference_value=percentile(asked, 99),
            bar=10,
            bar_on="value",
            better="less",
            note=f"p50 {statistics.median(middle):.1f} µs, p99.9 {percentile(middle, 99.9):.0f} µs of"
            f" {count:,} with a hard limit, renewals of the lease included; asking p50"
            f" {statistics.median(asked):.0f} µs",
        )
    ]


def _times(call: Callable[[], object], count: int) -> list[float]:
    """Microseconds of each call."""
    taken = []
    for _ in range(count):
        began = time.perf_counter_ns()
        call()
        taken.append((time.perf_counter_ns() - began) / 1000)
    return taken
