"""The billing page beside the usage page of the same workspaces: both are drawn from what is here.

Asked in turns, request by request, so that a slow moment of the machine meets both. Stripe's simulator is not
there: a page that asked it would fail.
"""

from __future__ import annotations

import itertools

from bench import project
from bench.figures import Figure, percentile
from bench.sizes import Size
from bench.tenants import deployed
from bench.tenants.request import Caller, a_member
from plg_site.devstack import programs
from plg_site.devstack.stack import Stack

REQUESTS, WORKSPACES = 600, 5
BAR = 1.2


def figures(*, size: Size, stack: Stack) -> list[Figure]:
    log = project.set_up("billing_pages", stack=stack, tables=True)
    members = [a_member(f"billed-{number}") for number in range(WORKSPACES)]
    _pay()
    env = log.env | {"DEBUG": "0", "WATCH_FILES": "0", "WEB_WORKERS": "1"}
    deployed.collect_static(stack, env)
    port = stack.addresses.port
    with log.running(programs.web(stack.addresses, env)):
        billing = [Caller(port, each, page="/billing/", says=b"Pro") for each in members]
        usage = [Caller(port, each, page="/usage/", says=b"links") for each in members]
        _turns(billing, usage, requests=4 * WORKSPACES)  # warm
        runs = [_turns(billing, usage, requests=size.of(REQUESTS)) for _ in range(size.runs)]
    runs.sort(key=lambda run: run[0] / run[1])
    middle = runs[len(runs) // 2]
    return [
        Figure(
            name="the billing page, p99",
            value=middle[0] * 1e3,
            unit="ms",
            reference="ms, the usage page, p99",
            reference_value=middle[1] * 1e3,
            bar=BAR,
            better="less",
            note=f"{WORKSPACES} workspaces that pay; runs: "
            + ", ".join(f"{one / other:.3f}" for one, other in runs),
        )
    ]


def _pay() -> None:
    """As after a payment, with a subscription as Stripe would show it."""
    from datetime import timedelta

    from django.utils import timezone

    from billing.models import Account

    ends = timezone.now() + timedelta(days=20)
    for number, account in enumerate(Account.objects.order_by("pk")):
        account.stripe_customer_id, account.subscription_id = f"cus_{number}", f"sub_{number}"
        account.plan_key, account.interval, account.status = "pro", "month", "active"
        account.amount, account.currency, account.current_period_end = 29_00, "usd", ends
        account.save()


def _turns(ours: list[Caller], others: list[Caller], *, requests: int) -> tuple[float, float]:
    """The p99 of each, asked one after the other."""
    pairs = itertools.islice(itertools.cycle(zip(ours, others, strict=True)), requests)
    mine, theirs = zip(*((one.seconds(), other.seconds()) for one, other in pairs), strict=True)
    return percentile(mine, 99), percentile(theirs, 99)
