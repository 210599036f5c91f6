"""A click on a short link against an empty Django view, both on gunicorn as it is deployed.

The click does all that it does: workspace, link, visitor's id, quota, event in the stream before
the answer leaves. The consumer does not run meanwhile; its speed is measured elsewhere.
"""

from __future__ import annotations

import statistics
import sys
from dataclasses import replace

from bench import project
from bench.figures import Figure, percentile
from bench.serving.clients import Target, latencies, requests_per_second, wanting
from bench.sizes import Size
from plg_site.devstack import ports, programs
from plg_site.devstack.options import ROOT
from plg_site.devstack.program import Program
from plg_site.devstack.stack import Stack

SECONDS = 8


def figures(*, size: Size, stack: Stack) -> list[Figure]:
    log = project.set_up("redirect", stack=stack, tables=True)
    code = _link()
    env = log.env | {"DEBUG": "0", "WATCH_FILES": "0"}
    empty_port = ports.find_free()
    web = programs.web(stack.addresses, env)
    seconds = max(1, size.of(SECONDS))
    host = f"clicks.{stack.addresses.domain}:{stack.addresses.port}"
    click = Target(stack.addresses.port, f"/{code}", host, 302)
    ours = Target(stack.addresses.port, "/healthz", stack.addresses.domain, 200)
    bare = Target(empty_port)
    with log.running(web, _empty_view(env, empty_port)):
        for target in (click, ours, bare):
            requests_per_second(target, seconds=1)  # warm
        # In turns, so that a moment in which the machine is slow meets all of them.
        turns = [
            [requests_per_second(target, seconds=seconds) for target in (bare, click, ours)]
            for _ in range(size.runs)
        ]
        views, clicks, behind = (statistics.median(column) for column in zip(*turns, strict=True))
        half = [
            percentile(latencies(click, rate=clicks / 2, seconds=seconds), 99)
            for _ in range(size.runs)
        ]
        idle = percentile(latencies(click, rate=20, seconds=1), 99)
    spread = ", ".join(f"{turn[1]:,.0f} of {turn[0]:,.0f}" for turn in turns)
    ratio = Figure(
        name="click on a short link",
        value=clicks,
        unit="requests/s",
        reference="an empty Django view without middleware",
        reference_value=views,
        bar=0.75,
        better="more",
        limit=True,
        void=wanting(),
        note=f"runs: {spread}; {clicks / behind:.2f} of an empty view behind our own middleware"
        f" ({behind:,.0f})",
    )
    slowest = replace(
        ratio,
        name="click on a short link at half of that load, p99",
        value=statistics.median(half) * 1000,
        unit="ms",
        reference="ms without load",
        reference_value=idle * 1000,
        bar=50,
        bar_on="value",
        better="less",
        limit=False,
        note="from when a request was due; runs: "
        + ", ".join(f"{each * 1000:.1f}" for each in half),
    )
    return [ratio, slowest]


def _empty_view(env: dict[str, str], port: int) -> Program:
    """The empty project on a port of its own."""
    return Program(
        name="empty",
        command=[
            *(sys.executable, "-m", "gunicorn", "bench.serving.empty"),
            *("-c", str(ROOT / "bench" / "serving" / "gunicorn.conf.py")),
        ],
        env={**env, "WEB_BIND": f"{ports.LOOPBACK}:{port}"},
        ready=lambda: ports.answers_http(port, host="localhost", path="/"),
        layer=programs.APPLICATION,
    )


def _link() -> str:
    """The code of a link in a workspace whose clicks have a soft limit, as on every plan."""
    from django_tenants.utils import tenant_context

    from metering import Limit
    from metering.quotas import limits
    from product.models import Link

    tenant = project.make_workspace("clicks")
    limits.set_limits(tenant, {"clicks": Limit(1_000_000, hard=False)})
    with tenant_context(tenant):
        return Link.objects.create(code="spring", target_url="https://example.com/sale").code
