"""The price list as other parts show it: the website through its slot, the billing page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from billing import catalogue
from billing.catalogue import Interval, Plan
from billing.usage import usage_words
from metering import Limit, Meter
from metering.definitions import meters, shown_meters
from metering.wording import in_sentence, money_in_words, things


@dataclass(frozen=True)
class PublicPlan:
    """A plan for display. `prices` are minor units of `currency` for each interval, with `per_seat` of
    one seat; `also` says in words what it costs in other currencies, by interval."""

    key: str
    name: str
    summary: str
    prices: Mapping[Interval, int]
    currency: str
    per_seat: bool
    also: Mapping[Interval, str]
    trial_days: int
    features: Sequence[str]
    limits_in_words: Sequence[str]
    highlighted: bool
    is_free: bool


def public_plans() -> list[PublicPlan]:
    """The plans that are for sale, in the order of the catalogue."""
    return [public(plan) for plan in catalogue.plans() if plan.for_sale]


def public(plan: Plan, currency: str = "") -> PublicPlan:
    """The plan in this currency, or its own."""
    shown = currency if currency in plan.currencies else plan.currency
    return PublicPlan(
        key=plan.key,
        name=plan.name,
        summary=plan.summary,
        prices={each: plan.cost(each, shown) for each in plan.prices},
        currency=shown,
        per_seat=plan.per_seat,
        also={each: _also(plan, each, shown) for each in plan.prices},
        trial_days=plan.trial_days,
        features=plan.features,
        limits_in_words=limits_in_words(plan, shown),
        highlighted=plan.highlighted,
        is_free=plan.is_free,
    )


def limits_in_words(plan: Plan, currency: str = "") -> list[str]:
    """One phrase for each meter, in its order: "1,000 links", "100,000 clicks a month, then $1.00
    per 10,000 clicks"; of a plan per seat "20,000 clicks a month for each seat"."""
    shown = currency or plan.currency
    limits = plan.limits_for(currency=shown, seats=0)
    return [
        _phrase(meter, limits.get(key), plan, shown)
        for key, meter in shown_meters().items()
        if not (plan.per_seat and key == catalogue.SEATS)  # of seats it goes without saying
    ]


def usage_prices(plan: Plan, currency: str = "", *, seats: int = 1) -> list[str]:
    """What is charged above the plan, as sentences for the moment of buying; none: nothing is."""
    shown = currency or plan.currency
    limits = plan.limits_for(currency=shown, seats=seats)
    return [
        f"{things(meter, limit.value)}{_by_month(meter)} are included, then "
        f"{usage_words.price(meter, limit.price, shown)}, invoiced at the end of each month"
        + ("." if meter.period == "month" else " by what there is then.")
        for meter, limit in ((meters()[key], limit) for key, limit in limits.items())
        if limit.price is not None and limit.value is not None
    ]


def _phrase(meter: Meter, limit: Limit | None, plan: Plan, currency: str) -> str:
    if limit is None or limit.value is None:
        return f"Unlimited {in_sentence(meter.label)}"
    phrase = _included(meter, limit.value, plan.each_seat.get(meter.key, 0))
    if limit.price is None:
        return phrase
    return f"{phrase}, then {usage_words.price(meter, limit.price, currency)}"


def _included(meter: Meter, value: int, each_seat: int) -> str:
    each = f"{things(meter, each_seat)}{_by_month(meter)} for each seat"
    if not each_seat:
        return things(meter, value) + _by_month(meter)
    return f"{things(meter, value)}{_by_month(meter)} and {each}" if value else each


def _by_month(meter: Meter) -> str:
    return " a month" if meter.period == "month" else ""


def _also(plan: Plan, interval: Interval, shown: str) -> str:
    others = [each for each in plan.amounts(interval) if each != shown]
    return " or ".join(
        money_in_words(plan.cost(interval, each), each, short=True) for each in others
    )
