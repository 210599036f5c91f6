"""A page of a web process that counts its requests, against one that does not.

Two web processes of the same code and databases; only METRICS_PORT differs. They are asked in turns,
request by request, so that a slow moment of the machine meets both.
"""

from __future__ import annotations

import statistics
import time
from dataclasses import replace

from bench import project
from bench.figures import Figure
from bench.serving.http import Connection
from bench.sizes import Size
from bench.tenants import deployed
from plg_site.devstack import ports, programs
from plg_site.devstack.program import Program
from plg_site.devstack.stack import Stack

REQUESTS = 2_000
WARM = 50
PAGE = "/login/"


def figures(*, size: Size, stack: Stack) -> list[Figure]:
    from events.metrics import folder

    log = project.set_up("metrics", stack=stack, tables=True)
    env = log.env | {"DEBUG": "0", "WATCH_FILES": "0", "WEB_WORKERS": "1"}
    deployed.collect_static(stack, env)
    here, there = stack.addresses.port, ports.find_free()
    asked_at = ports.find_free()
    counts = programs.web(stack.addresses, env | {"METRICS_PORT": str(asked_at)})
    with log.running(counts, _beside(stack, env, there)):
        request = (
            f"GET {PAGE} HTTP/1.1\r\nHost: {stack.addresses.domain}:{stack.addresses.port}\r\n\r\n"
        ).encode()
        with Connection(here) as ours, Connection(there) as other:
            _turns(ours, other, request, WARM)
            runs = [_turns(ours, other, request, size.of(REQUESTS)) for _ in range(size.runs)]
    for table in folder().glob(f"plg-metrics-*-{asked_at}"):
        table.unlink()
    ratios = sorted(one / two for one, two in runs)
    median = next(run for run in runs if run[0] / run[1] == ratios[len(ratios) // 2])
    return [
        Figure(
            name="a page, counted",
            value=median[0] * 1000,
            unit="ms",
            reference="ms, the same page, not counted",
            reference_value=median[1] * 1000,
            bar=1.02,
            better="less",
            note=f"{PAGE}; runs: " + ", ".join(f"{ratio:.3f}" for ratio in ratios),
        )
    ]


def _beside(stack: Stack, env: dict[str, str], port: int) -> Program:
    web = programs.web(replace(stack.addresses, port=port), env | {"METRICS_PORT": "0"})
    return replace(web, name="web-uncounted")


def _turns(ours: Connection, other: Connection, request: bytes, count: int) -> tuple[float, float]:
    """The median seconds of each."""
    pairs = []
    for number in range(count):
        order = (ours, other) if number % 2 else (other, ours)
        taken = [_seconds(each, request) for each in order]
        pairs.append(taken if number % 2 else taken[::-1])
    return statistics.median(one for one, _ in pairs), statistics.median(two for _, two in pairs)


def _seconds(connection: Connection, request: bytes) -> float:
    began = time.perf_counter()
    status, head = connection.ask(request)
    if status != 200:
        raise RuntimeError(f"{status}: {head[:300]!r}")
    return time.perf_counter() - began
