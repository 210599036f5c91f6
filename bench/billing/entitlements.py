"""What `entitlements.allows` costs a request, over workspaces on paid and free plans."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from bench import project
from bench.figures import Figure, percentile
from bench.sizes import Size
from bench.tenants.claim import fill
from plg_site.devstack.stack import Stack

QUESTIONS, WORKSPACES = 200_000, 20
MEDIAN = 50  # microseconds


def figures(*, size: Size, stack: Stack) -> list[Figure]:
    project.set_up("entitlements", stack=stack, fresh=True)
    fill(WORKSPACES)
    from django.conf import settings

    from billing import entitlements
    from billing.models import Account
    from events.redis.redis_client import quick
    from identity.models import User
    from tenants.signing_up import provisioning

    tenants = [
        provisioning.create_workspace(
            provisioning.NewWorkspace(name=f"E {number}", slug=f"entitled-{number}"),
            owner=User.objects.create_user(f"owner-{number}@entitlements.example"),
        )
        for number in range(WORKSPACES)
    ]
    half = [tenant.pk for tenant in tenants[::2]]
    Account.objects.filter(tenant__in=half).update(plan_key="pro", status="active")
    redis = quick(settings.REDIS_URL)
    asked: list[float] = []
    pinged: list[float] = []
    for number in range(size.of(QUESTIONS, at_least=200)):
        tenant = tenants[number % WORKSPACES]
        asked.append(_time(lambda: entitlements.allows(tenant, "own_domains")))  # noqa: B023
        if number % 50 == 0:
            pinged.append(_time(redis.ping))
    median, ping = statistics.median(asked) * 1e6, statistics.median(pinged) * 1e6
    return [
        Figure(
            name="may they, median",
            value=median,
            unit="µs",
            reference="µs for a PING of Redis",
            reference_value=ping,
            bar=MEDIAN,
            bar_on="value",
            better="less",
            note=f"{len(asked):,} questions over {WORKSPACES} workspaces, half refused with the cheapest "
            f"plan named; p99 {percentile(asked, 99) * 1e6:.0f} µs, the rows are read once in 0.9 s",
        )
    ]


def _time(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began
