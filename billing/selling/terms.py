"""What usage of a plan costs, in versions: who subscribed keeps the terms of that day until moved.

Versioned is what costs money: a meter's price, and how much is included before it. Limits that refuse,
features and domains follow the catalogue at once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from billing.catalogue import Plan
from billing.models import PlanTerms
from metering import Limit, Price, price_columns, price_of

METADATA = "terms"  # key at Stripe: a subscription's digest


def said_by(plan: Plan) -> dict[str, Any]:
    """What the catalogue says now, as `PlanTerms.said` keeps it."""
    return {
        meter: {
            "included": limit.value,
            "each_seat": plan.each_seat.get(meter, 0),
            "prices": {
                currency: price_columns(_price_in(plan, meter, limit, currency))
                for currency in sorted(plan.currencies)
            },
        }
        for meter, limit in sorted(plan.limits.items())
        if limit.price is not None
    }


def digest_of(said: Mapping[str, Any]) -> str:
    """16 characters that change with what is said, and with nothing else."""
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]


def current(plan: Plan) -> PlanTerms:
    """The version that the catalogue has now; stored when it is new."""
    said = said_by(plan)
    found, _ = PlanTerms.objects.get_or_create(
        plan_key=plan.key, digest=digest_of(said), defaults={"said": said}
    )
    return found


def named(plan_key: str, digest: str) -> PlanTerms | None:
    """The version of this digest; None when it is none of this plan's."""
    return PlanTerms.objects.filter(plan_key=plan_key, digest=digest).first() if digest else None


def limits(
    plan: Plan, terms: PlanTerms | None, *, currency: str, seats: int = 1
) -> Mapping[str, Limit]:
    """The limits of a workspace on this plan under these terms (None: those of the catalogue)."""
    now = plan.limits_for(currency=currency, seats=seats)
    if terms is None:
        return now
    # A price that came later than the terms is not theirs.
    kept = {key: replace(limit, price=None) if limit.price else limit for key, limit in now.items()}
    return {**kept, **{key: _limit(said, currency, seats) for key, said in terms.said.items()}}


def _limit(said: Mapping[str, Any], currency: str, seats: int) -> Limit:
    columns = said["prices"].get(currency)
    price = price_of(SimpleNamespace(**columns)) if columns else None
    return Limit(said["included"] + said["each_seat"] * seats, hard=False, price=price)


def _price_in(plan: Plan, meter: str, limit: Limit, currency: str) -> Price | None:
    return plan.usage_prices.get(currency, {}).get(meter, limit.price)


def newest(plan_key: str) -> PlanTerms:
    """The last version of a plan that the catalogue has no more; an empty one where there was none."""
    known = PlanTerms.objects.filter(plan_key=plan_key).order_by("-pk").first()
    if known is not None:
        return known
    return PlanTerms.objects.create(plan_key=plan_key, digest=digest_of({}), said={})
