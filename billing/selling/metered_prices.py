"""Which prices Stripe's meters can charge to the same cent, how they are said there, and their names.

Stripe multiplies a whole quantity by a price of at most 12 decimals and rounds each tier by itself. So a
price goes by meters only where that is what ours comes to: its amount for one unit ends within 12
decimals, each tier but the last costs whole minor units in full, and nothing is asked for nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

from billing.catalogue import Plan
from metering import Limit, Meter, Price, Tier, Tiers, price_columns

DECIMALS = 12  # of `unit_amount_decimal` (API reference, "The Price object")
USAGE_OF = "usage_of"  # metadata key of a metered price: its plan
METER, DIGEST = "meter", "price"  # and its meter, and what it charges
_COUNTED = ("count", "unique")  # whole numbers that only grow


def counts(meter: Meter) -> bool:
    """Whether Stripe's meters can count it: by the month, in whole numbers that only grow."""
    return meter.period == "month" and meter.aggregation in _COUNTED


def is_metered(plan: Plan, meter: Meter, limit: Limit) -> bool:
    """Whether the use of this meter goes by Stripe's meters on this plan."""
    return (
        plan.usage_by == "meter_events"
        and counts(meter)
        and limit.price is not None
        and not limit.price.is_free
        and not list(problems(limit.price))
    )


def reasons(meter: Meter, price: Price) -> Iterator[str]:
    """Why a meter with this price cannot go by Stripe's meters, in words; nothing where it can."""
    if not counts(meter):
        yield "it is not counted by the month in whole numbers that only grow"
    yield from problems(price)


def problems(price: Price) -> Iterator[str]:
    """Why Stripe might round it otherwise than we do; nothing where it cannot."""
    for tier in _tiers(price):
        if _decimal(tier) is None:
            yield f"{tier.amount} per {tier.per} has no end within {DECIMALS} decimals"
    if not isinstance(price, Tiers):
        return
    if price.tiers[0].flat:
        yield "its first tier has a flat amount, which Stripe asks for without any use, too"
    before = 0
    for tier in price.tiers[:-1]:
        assert tier.up_to is not None  # noqa: S101
        whole = Fraction(tier.up_to - before) * tier.amount / tier.per
        if price.mode == "graduated" and whole.denominator != 1:
            yield f"its tier up to {tier.up_to} costs a fraction of a minor unit in full"
        before = tier.up_to


def said(price: Price) -> Any:
    """Parameters of a new price at Stripe."""
    if not isinstance(price, Tiers):
        return {"unit_amount_decimal": _decimal(Tier(None, price.amount, price.per))}
    tiers = [
        {
            "up_to": each.up_to or "inf",
            "unit_amount_decimal": _decimal(each),
            **({"flat_amount": each.flat} if each.flat else {}),  # one of 0 would be a line of 0
        }
        for each in price.tiers
    ]
    return {"billing_scheme": "tiered", "tiers_mode": price.mode, "tiers": tiers}


def digest(price: Price) -> str:
    """16 characters that change with what is charged, and with nothing else."""
    columns = json.dumps(price_columns(price), sort_keys=True)
    return hashlib.sha256(columns.encode()).hexdigest()[:16]


def lookup_key(plan: Plan, meter: str, currency: str, price: Price) -> str:
    """The key of a metered price. It names what is charged, so each version stays to be found."""
    return f"usage_{plan.key}_{meter}_{currency}_{digest(price)}"


def event_name(meter: str) -> str:
    """The name of the events of a meter at Stripe."""
    return f"plg_{meter}"


def _tiers(price: Price) -> tuple[Tier, ...]:
    return price.tiers if isinstance(price, Tiers) else (Tier(None, price.amount, price.per),)


def _decimal(tier: Tier) -> str | None:
    scaled = Fraction(tier.amount, tier.per) * 10**DECIMALS
    if scaled.denominator != 1:
        return None
    exact = Decimal(int(scaled)).scaleb(-DECIMALS)
    return f"{exact.normalize():f}"
