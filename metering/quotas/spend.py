"""The limits that a workspace sets for itself: a cap on a meter, or money for a period.

Quotas enforce them like the limits of a plan. Money is turned into a cap of each meter that has a
price: what is included, and what the money buys. With several such meters they share the money: a
cap takes off what the others have cost so far, as fresh as the copies of limits are (30 s). What a part of
the month cost before the plan changed is spent (`earlier.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from events.store import StoreUnavailable
from metering.asking import usage
from metering.asking.query import WrongQuestion
from metering.definitions.limit import Limit
from metering.models import SpendLimit
from metering.models.watching import MONEY
from metering.quotas import earlier
from metering.quotas.earlier import NOTHING, Earlier
from tenants.models import Tenant


@dataclass(frozen=True)
class OwnLimits:
    """`money` in minor units for a period (None: no limit), and caps of meters in their units."""

    money: int | None = None
    caps: Mapping[str, int] = field(default_factory=dict)


def of(tenant: Tenant) -> OwnLimits:
    """What the workspace has set."""
    rows = dict(SpendLimit.objects.for_tenant(tenant).values_list("meter", "amount"))
    return OwnLimits(money=rows.pop(MONEY, None), caps=rows)


def caps(tenant: Tenant, plan: Mapping[str, Limit]) -> dict[str, int]:
    """The caps of meters that follow from what the workspace has set, under these limits of a plan."""
    own = of(tenant)
    found = {key: amount for key, amount in own.caps.items() if key in plan}
    if own.money is None:
        return found
    priced = {key: limit for key, limit in plan.items() if buys(limit)}
    over = _earlier(tenant, plan)
    costs = _costs(tenant, priced, over) if len(priced) > 1 or over else {}
    for key, limit in priced.items():
        others = sum(cost for other, cost in costs.items() if other != key)
        left = over.get(key, NOTHING).money_for(limit, max(0, own.money - others))
        cap = affordable(limit, left)
        found[key] = min(cap, found.get(key, cap))
    return found


def buys(limit: Limit) -> bool:
    """Whether usage above this limit costs something."""
    return limit.value is not None and limit.price is not None and not limit.price.is_free


def affordable(limit: Limit, money: int) -> int:
    """How much may be used in a period for this money (minor units): the exact cost stays within."""
    assert limit.value is not None and limit.price is not None  # noqa: S101, PT018
    return limit.value + limit.price.affordable(money)


def _earlier(tenant: Tenant, plan: Mapping[str, Limit]) -> Mapping[str, Earlier]:
    try:
        return earlier.of(tenant, plan)
    except (StoreUnavailable, WrongQuestion):
        return {}


def _costs(
    tenant: Tenant, priced: Mapping[str, Limit], over: Mapping[str, Earlier]
) -> dict[str, int]:
    """Of each priced meter, and of those that had a price earlier in the month."""
    try:
        used = usage.totals(tenant, priced)
    except StoreUnavailable:
        return {}
    gone = {key: each.cost for key, each in over.items() if key not in priced}
    return gone | {
        key: over.get(key, NOTHING).cost_so_far(limit, used[key]) for key, limit in priced.items()
    }
