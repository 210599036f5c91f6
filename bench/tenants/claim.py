"""A claim (schema, tenant, domain, owner in one transaction) against stock creation of a schema."""

from __future__ import annotations

import statistics
import time

from bench import project
from bench.figures import Figure
from bench.sizes import Size
from plg_site.devstack.stack import Stack

CLAIMS = 200
BAR, BAR_P99 = 10, 25  # ms
FASTER = 100  # times than stock


def figures(*, size: Size, stack: Stack) -> list[Figure]:
    from bench.tenants import stock

    project.set_up("claim", stack=stack, tables=True)
    taken = claims(size.of(CLAIMS, at_least=5))
    seeded = [stock.create(f"stock_{number}", shared_seeded=True) for number in range(size.runs)]
    for number in range(size.runs):
        stock.drop(f"stock_{number}")
    reference = statistics.median(seeded) * 1000
    return [
        Figure(
            name="claim, median",
            value=statistics.median(taken),
            unit="ms",
            reference="ms for stock django-tenants, shared migrations skipped",
            reference_value=reference,
            bar=1 / FASTER,
            better="less",
        )
    ]


def claims(count: int) -> list[float]:
    """Milliseconds of each claim, from a pool that is never empty."""
    from identity.models import User
    from tenants import pool, provisioning

    owner = User.objects.create_user("owner@claims.example", "correct horse", name="Owner")
    taken = []
    for number in range(count):
        if pool.level() == 0:
            pool.refill()
        wanted = provisioning.NewWorkspace(name="Claimed", slug=f"claimed-{number}")
        began = time.perf_counter()
        provisioning.create_workspace(wanted, owner=owner)
        taken.append((time.perf_counter() - began) * 1000)
    return taken
