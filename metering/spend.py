"""The limits that a workspace sets for itself: a cap on a meter, or money for a period.

Quotas enforce them like the limits of a plan. Money is turned into a cap of each meter that has a
price: what is included, and what the money buys. With several such meters they share the money: a
cap takes off what the others have cost so far, as fresh as the copies of limits are (30 s).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db import transaction
from django.utils import timezone

import events
from events.store import StoreUnavailable
from identity.models import User
from identity.persons import person_of
from metering import counters, usage
from metering.catalogue import Limit, get
from metering.event_types import SPEND_LIMIT_CHANGED
from metering.models import SpendLimit
from metering.watch_models import MONEY
from tenants import audit
from tenants.life_models import AuditEntry
from tenants.models import Tenant

LARGEST = 10**18


@dataclass(frozen=True)
class OwnLimits:
    """`money` in minor units for a period (None: no limit), and caps of meters in their units."""

    money: int | None = None
    caps: Mapping[str, int] = field(default_factory=dict)


def of(tenant: Tenant) -> OwnLimits:
    """What the workspace has set."""
    rows = dict(SpendLimit.objects.for_tenant(tenant).values_list("meter", "amount"))
    return OwnLimits(money=rows.pop(MONEY, None), caps=rows)


def has_chosen(tenant: Tenant) -> bool:
    """Whether the workspace has, or ever had, a limit of money: by the audit log, which forgets none."""
    said = AuditEntry.objects.for_tenant(tenant).filter(action="limit.changed", target="money")
    return of(tenant).money is not None or said.exists()


def set_own(tenant: Tenant, wanted: OwnLimits, *, by: User | None) -> None:
    """Make these the workspace's own limits; what is not named is not limited by it.

    In force once the current transaction commits. Raises KeyError (no such meter), ValueError (a
    negative limit, or one above LARGEST).
    """
    from metering import limits

    rows = {get(key).key: amount for key, amount in wanted.caps.items()}
    if wanted.money is not None:
        rows[MONEY] = wanted.money
    if any(not 0 <= amount <= LARGEST for amount in rows.values()):
        raise ValueError("A limit is not negative, and not larger than anything can be.")
    with transaction.atomic():
        # Two who set limits at once do so one after the other; rows that are not there cannot be locked.
        Tenant.objects.select_for_update(no_key=True).only("pk").get(pk=tenant.pk)
        before = dict(SpendLimit.objects.for_tenant(tenant).values_list("meter", "amount"))
        if before == rows:
            return
        SpendLimit.objects.for_tenant(tenant).exclude(meter__in=rows).delete()
        currency = limits.currency_of(tenant)
        for meter in rows.keys() - {key for key in rows if before.get(key) == rows[key]}:
            SpendLimit.objects.update_or_create(
                tenant=tenant,
                meter=meter,
                defaults={
                    "amount": rows[meter],
                    "currency": currency if meter == MONEY else "",
                    "set_by": by,
                    "set_at": timezone.now(),
                },
            )
        _record(tenant, before, rows, by=by)
        counters.forget_limits(tenant.schema_name)
        transaction.on_commit(lambda: limits.put_in_force(tenant))


def caps(tenant: Tenant, plan: Mapping[str, Limit]) -> dict[str, int]:
    """The caps of meters that follow from what the workspace has set, under these limits of a plan."""
    own = of(tenant)
    found = {key: amount for key, amount in own.caps.items() if key in plan}
    if own.money is None:
        return found
    priced = {key: limit for key, limit in plan.items() if buys(limit)}
    costs = _costs(tenant, priced) if len(priced) > 1 else {}
    for key, limit in priced.items():
        others = sum(cost for other, cost in costs.items() if other != key)
        cap = affordable(limit, max(0, own.money - others))
        found[key] = min(cap, found.get(key, cap))
    return found


def buys(limit: Limit) -> bool:
    """Whether usage above this limit costs something."""
    return limit.value is not None and limit.price is not None and limit.price.amount > 0


def affordable(limit: Limit, money: int) -> int:
    """How much may be used in a period for this money (minor units): the exact cost stays within."""
    assert limit.value is not None and limit.price is not None  # noqa: S101, PT018
    return limit.value + money * limit.price.per // limit.price.amount


def _costs(tenant: Tenant, priced: Mapping[str, Limit]) -> dict[str, int]:
    try:
        used = usage.totals(tenant, priced)
    except StoreUnavailable:
        return {}
    return {key: limit.cost(used[key]) for key, limit in priced.items()}


def _record(
    tenant: Tenant, before: Mapping[str, int], after: Mapping[str, int], *, by: User | None
) -> None:
    for meter in sorted(before.keys() | after.keys()):
        if before.get(meter) != after.get(meter):
            audit.note(
                tenant,
                "limit.changed",
                by=by,
                target=get(meter).label if meter else "money",
                details={"from": before.get(meter), "to": after.get(meter)},
            )
            events.record_with_row(
                SPEND_LIMIT_CHANGED.name,
                tenant=tenant,
                person=person_of(by) if by else None,
                properties={
                    "meter": meter or None,
                    "before": before.get(meter),
                    "after": after.get(meter),
                },
            )
