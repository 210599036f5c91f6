"""The price list as other parts show it: the website through its slot, the billing page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from billing import catalogue
from billing.catalogue import Interval, Plan
from billing.usage import usage_words
from metering import Limit, Meter
from metering.definitions import meters, shown_meters
from metering.wording import in_sentence, things


@dataclass(frozen=True)
class PublicPlan:
    """A plan for display. `prices` are minor currency units for each interval."""

    key: str
    name: str
    summary: str
    prices: Mapping[Interval, int]
    currency: str
    features: Sequence[str]
    limits_in_words: Sequence[str]
    highlighted: bool
    is_free: bool


def public_plans() -> list[PublicPlan]:
    """The plans that are for sale, in the order of the catalogue."""
    return [public(plan) for plan in catalogue.plans() if plan.for_sale]


def public(plan: Plan) -> PublicPlan:
    return PublicPlan(
        key=plan.key,
        name=plan.name,
        summary=plan.summary,
        prices=plan.prices,
        currency=plan.currency,
        features=plan.features,
        limits_in_words=limits_in_words(plan),
        highlighted=plan.highlighted,
        is_free=plan.is_free,
    )


def limits_in_words(plan: Plan) -> list[str]:
    """One phrase for each meter, in its order: "1,000 links", "100,000 clicks a month, then $1.00
    per 10,000 clicks"."""
    return [_phrase(meter, plan.limits.get(key), plan) for key, meter in shown_meters().items()]


def usage_prices(plan: Plan) -> list[str]:
    """What is charged above the plan, as sentences for the moment of buying; none: nothing is."""
    return [
        f"{things(meter, limit.value)} a month are included, then "
        f"{usage_words.price(meter, limit.price, plan.currency)}, invoiced at the end of each month."
        for meter, limit in ((meters()[key], limit) for key, limit in plan.limits.items())
        if limit.price is not None and limit.value is not None
    ]


def _phrase(meter: Meter, limit: Limit | None, plan: Plan) -> str:
    if limit is None or limit.value is None:
        return f"Unlimited {in_sentence(meter.label)}"
    phrase = things(meter, limit.value) + (" a month" if meter.period == "month" else "")
    if limit.price is None:
        return phrase
    return f"{phrase}, then {usage_words.price(meter, limit.price, plan.currency)}"
