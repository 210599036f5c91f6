"""What a workspace has that another plan has no room for, named before the change.

All of it stays and can be read; nothing can be added until there is room (`metering.quotas` refuses,
`tenants.domains` lets the newest domains go after their days of grace).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from billing import catalogue
from billing.catalogue import Plan
from billing.usage import usage_words
from events.store import StoreUnavailable
from metering import asking
from metering.definitions import meters
from tenants.domains.face import names_in_service
from tenants.models import Membership, Tenant


@dataclass(frozen=True)
class Overhang:
    """`has` and `holds` in words: "1,200 links", "1,000". `then` says what becomes of what is above."""

    label: str
    has: str
    holds: str
    then: str


def overhang(
    tenant: Tenant, plan: Plan, *, currency: str = "", seats: int = 1
) -> Sequence[Overhang]:
    """What does not fit into a plan with so many seats; nothing while usage cannot be read."""
    return [*_counted(tenant, plan, currency, seats), *_domains(tenant, plan)]


def _counted(tenant: Tenant, plan: Plan, currency: str, seats: int) -> list[Overhang]:
    found = []
    for key, limit in plan.limits_for(currency=currency or plan.currency, seats=seats).items():
        meter = meters().get(key)
        if meter is None or limit.value is None or not limit.hard:
            continue
        used = _used(tenant, key)
        if used <= limit.value:
            continue
        monthly = meter.period == "month"
        then = (
            "So much was used in the running month. Above the limit it is refused."
            if monthly
            else "Everything stays and can be read. Nothing can be added until there is room."
        )
        if key == catalogue.SEATS:
            then = "Everybody stays. Nobody can be invited until there is a seat."
        found.append(
            Overhang(
                label=meter.label,
                has=usage_words.amount(meter, used),
                holds=usage_words.amount(meter, limit.value) + (" a month" if monthly else ""),
                then=then,
            )
        )
    return found


def _used(tenant: Tenant, meter: str) -> int:
    if meter == catalogue.SEATS:
        return Membership.objects.for_tenant(tenant).count()
    try:
        return int(asking.current_usage(tenant, meter, with_waiting=True))
    except StoreUnavailable:
        return 0


def _domains(tenant: Tenant, plan: Plan) -> list[Overhang]:
    served = names_in_service(tenant)
    above = served[plan.custom_domains :]
    if not above:
        return []
    return [
        Overhang(
            label="Domains of your own",
            has=f"{len(served):,}",
            holds=f"{plan.custom_domains:,}",
            then=f"{', '.join(above)}: in service for 14 days more, and then no longer.",
        )
    ]
