"""Whether a catalogue makes sense: what is wrong with it, in words that name the place."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping

from billing.catalogue import listed
from billing.catalogue.plan import INTERVALS, AddOn, Amounts, Coupon, Plan, PromotionCode
from billing.catalogue.rules import problems as problems_of_rules
from metering import Meter, Tiers

SEATS = "seats"  # the meter of members, where the product counts them
MOST_TRIAL_DAYS = 730  # Stripe: "Free trials may not exceed two years"
_KEY = re.compile(r"[a-z][a-z0-9_]{0,38}")
_CURRENCY = re.compile(r"[a-z]{3}")
_CODE = re.compile(r"[A-Za-z0-9-]{1,100}")


def problems(meters: Mapping[str, Meter]) -> Iterator[str]:
    """All that is wrong with the product's catalogue over these meters; nothing when it is right."""
    plans, features = listed.plans(), {each.key for each in listed.features()}
    if not plans or not plans[0].is_free or not plans[0].for_sale:
        yield "the first plan must be free and for sale: it is where everybody starts"
    yield from _twice("plan", [each.key for each in plans])
    yield from _twice("plan named", [each.name for each in plans if each.for_sale])
    yield from _twice("feature", [each.key for each in listed.features()])
    yield from _twice("add-on", [each.key for each in listed.add_ons()])
    yield from _twice("coupon", [each.key for each in listed.coupons()])
    codes = [each.code.lower() for each in listed.promotion_codes()]
    yield from _twice("promotion code", codes)
    yield from _twice("price", _price_keys(plans, listed.add_ons()))
    named = [each.name for each in plans]
    for plan in plans:
        yield from _under(plan.name or plan.key, _of_plan(plan, meters, features))
    for add_on in listed.add_ons():
        yield from _under(f"add-on {add_on.key}", _of_add_on(add_on, meters, features))
    for coupon in listed.coupons():
        yield from _under(f"coupon {coupon.key}", _of_coupon(coupon, plans))
    known = {each.key for each in listed.coupons()}
    for code in listed.promotion_codes():
        yield from _under(f"promotion code {code.code}", _of_code(code, known))
    yield from _under("rules", problems_of_rules(listed.rules()))
    if any(not name.strip() for name in named):
        yield "a plan has no name"


def _of_plan(plan: Plan, meters: Mapping[str, Meter], features: Collection[str]) -> Iterator[str]:
    yield from _key(plan.key)
    yield from _prices({each: plan.amounts(each) for each in plan.prices}, plan.per_seat)
    if plan.for_sale and plan.prices:
        yield from _missing("price", listed.currencies(), plan.currencies)
    yield from _unknown("meter", [*plan.limits, *plan.each_seat], meters)
    yield from _unknown("feature", plan.allows, features)
    yield from _usage(plan, meters)
    if plan.trial_days and plan.is_free:
        yield "a plan that is free has no trial"
    if not 0 <= plan.trial_days <= MOST_TRIAL_DAYS:
        yield f"a trial has 1 to {MOST_TRIAL_DAYS} days"
    yield from _seats(plan, meters)
    if isinstance(plan.spend_limit, Mapping):
        yield from _missing("spend limit", plan.currencies, plan.spend_limit)


def _seats(plan: Plan, meters: Mapping[str, Meter]) -> Iterator[str]:
    if plan.each_seat and not plan.per_seat:
        yield "it says what each seat brings, and has no price per seat"
    if plan.per_seat and plan.is_free:
        yield "it is free, so it has no price per seat"
    if plan.per_seat and SEATS in meters and not plan.each_seat.get(SEATS):
        yield f'its seats bring no members: each_seat={{"{SEATS}": 1}} is missing'
    if plan.least_seats < 1:
        yield "at least one seat is bought"
    for key, more in plan.each_seat.items():
        limit = plan.limits.get(key)
        if limit is None or limit.value is None:
            yield f'a seat adds to "{key}", which has no limit to add to'
        if more < 0:
            yield f'a seat takes away from "{key}"'


def _usage(plan: Plan, meters: Mapping[str, Meter]) -> Iterator[str]:
    """What is used in a month is stated and billed, above an amount that does not refuse."""
    for currency, priced in plan.usage_prices.items():
        yield from _unknown("meter", priced, meters)
        for key in priced:
            if key not in plan.limits or plan.limits[key].price is None:
                yield f"{key} has a price in {currency.upper()} and none in {plan.currency.upper()}"
    for key, limit in plan.limits.items():
        if limit.price is None or key not in meters:
            continue
        meter = meters[key]
        if meter.period != "month" and meter.aggregation != "sum":
            yield f"{key} is not counted by the month, so no period of it can be billed"
        if limit.hard:
            yield f"{key} has a price above a limit that lets nothing through"
        if limit.value is None:
            yield f"{key} has a price above a limit that there is not"
        priced_in = [each for each, priced in plan.usage_prices.items() if key in priced]
        if plan.prices:
            yield from _missing(f"price of {key}", plan.currencies, [plan.currency, *priced_in])


def _of_add_on(
    add_on: AddOn, meters: Mapping[str, Meter], features: Collection[str]
) -> Iterator[str]:
    yield from _key(add_on.key)
    yield from _prices({each: add_on.amounts(each) for each in add_on.prices}, True)
    if not add_on.prices:
        yield "it has no price"
    for interval in add_on.prices:
        yield from _missing("price", listed.currencies(), add_on.amounts(interval))
    yield from _unknown("meter", add_on.adds, meters)
    yield from _unknown("feature", add_on.allows, features)
    yield from _unknown("plan", add_on.plans, [each.key for each in listed.plans()])
    if not (add_on.adds or add_on.allows or add_on.custom_domains):
        yield "it brings nothing"
    if add_on.most < 1:
        yield "it can be bought once at least"


def _of_coupon(coupon: Coupon, plans: Iterable[Plan]) -> Iterator[str]:
    yield from _key(coupon.key)
    if (coupon.percent is None) == (not coupon.amounts):
        yield "it takes off either percent or amounts"
    if coupon.percent is not None and not 0 < coupon.percent <= 100:
        yield "percent are above 0 and at most 100"
    if any(not _is_amount(each) or each == 0 for each in coupon.amounts.values()):
        yield "an amount is a whole number of minor units above 0"
    if coupon.amounts:
        yield from _missing("amount", listed.currencies(), coupon.amounts)
    if (coupon.duration == "repeating") != (coupon.months is not None):
        yield "months are said of what is repeating, and only there"
    if coupon.duration not in ("once", "repeating", "forever"):
        yield f'the duration "{coupon.duration}" is none of once, repeating, forever'
    if coupon.months is not None and coupon.months < 1:
        yield "it repeats for one month or more"
    yield from _unknown("plan", coupon.plans, [each.key for each in plans])


def _of_code(code: PromotionCode, coupons: Collection[str]) -> Iterator[str]:
    if not _CODE.fullmatch(code.code):
        yield "it has letters, digits and dashes, at most 100"
    yield from _unknown("coupon", [code.coupon], coupons)
    if code.expires is not None and code.expires.tzinfo is None:
        yield "the moment when it expires needs a time zone"
    if code.most is not None and code.most < 1:
        yield "it can be used once at least"


def _prices(prices: Mapping[str, Amounts], by_quantity: bool) -> Iterator[str]:
    for interval, amounts in prices.items():
        if interval not in INTERVALS:
            yield f'the interval "{interval}" is none of {", ".join(INTERVALS)}'
        if not amounts:
            yield f"it has no price by the {interval}"
        for currency, amount in amounts.items():
            if not _CURRENCY.fullmatch(currency):
                yield f'the currency "{currency}" is no code of three small letters (ISO 4217)'
            if isinstance(amount, Tiers):
                yield from _tiers(amount, by_quantity)
            elif not _is_amount(amount) or amount == 0:
                yield f"{amount!r} is no whole number of minor units above 0 (by the {interval})"
    in_all = sorted({each for amounts in prices.values() for each in amounts})
    for interval, amounts in prices.items():
        yield from _missing(f"price by the {interval}", in_all, amounts)


def _tiers(tiers: Tiers, by_quantity: bool) -> Iterator[str]:
    if not by_quantity:
        yield "a price in tiers is over a number of seats: per_seat=True is missing"
    if any(each.per != 1 for each in tiers.tiers):
        yield "tiers of seats are priced one by one (per=1)"


def _price_keys(plans: Iterable[Plan], add_ons: Iterable[AddOn]) -> Iterator[str]:
    sold: list[Plan | AddOn] = [*plans, *add_ons]
    for each in sold:
        for interval in each.prices:
            for currency in each.amounts(interval):
                yield price_key(each.key, interval, currency, default=each.currency)


def price_key(key: str, interval: str, currency: str, *, default: str) -> str:
    """The lookup key of a price at Stripe: "pro_month", and "pro_month_eur" in another currency than
    the plan's own."""
    return f"{key}_{interval}" + ("" if currency == default else f"_{currency}")


def _is_amount(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _key(key: str) -> Iterator[str]:
    if not _KEY.fullmatch(key):
        yield f'the key "{key}" must be at most 39 small letters, digits and "_"'


def _unknown(what: str, named: Iterable[str], known: Collection[str]) -> Iterator[str]:
    for each in named:
        if each not in known:
            yield f'the catalogue has no {what} "{each}"'


def _missing(what: str, wanted: Iterable[str], has: Collection[str]) -> Iterator[str]:
    for currency in wanted:
        if currency not in has:
            yield f"there is no {what} in {currency.upper()}"


def _twice(what: str, named: Iterable[str]) -> Iterator[str]:
    for each, number in Counter(named).items():
        if number > 1:
            yield f'there are {number} of the {what} "{each}"'


def _under(name: str, found: Iterable[str]) -> Iterator[str]:
    return (f"{name}: {problem}" for problem in found)
