"""Monthly recurring revenue of one subscription, a pure function of what Stripe says of it.

Each item is taken to the month by its own interval (a year is 12 months, a week 7 of 365 days), times its
quantity; discounts that last (for ever, or for some months that have not passed) are taken off, each of a
percentage from what the ones before it left, one for some plans off these alone. What is metered is left
out: usage has invoices of its own. A trial, and what is paused, unpaid or ended, is nothing; a payment that
is being retried still counts. All as in Stripe's "Monthly recurring revenue (MRR)" of its Billing
analytics, where coupons of once do not count.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import stripe
from django.utils import timezone

from billing import catalogue
from billing.catalogue import Interval, NotPriced
from billing.selling import discounts

COUNTED = frozenset({"active", "past_due"})
_A_MONTH = {
    "month": Fraction(1),
    "year": Fraction(1, 12),
    "week": Fraction(365, 7 * 12),
    "day": Fraction(365, 12),
}


def monthly(subscription: stripe.Subscription, *, now: datetime | None = None) -> int:
    """Minor units of the plan's currency a month, rounded half up once."""
    if subscription.status not in COUNTED or subscription.pause_collection is not None:
        return 0
    items = subscription["items"].data
    left = [_item(item) for item in items]
    month = _to_month(items[0].price.recurring) if items else Fraction(1)
    at = (now or timezone.now()).timestamp()
    for coupon in _lasting(subscription, at):
        plans = discounts.plans_of(coupon)
        part = [not plans or _plan(item) in plans for item in items]
        whole = sum((each for each, is_off in zip(left, part, strict=True) if is_off), Fraction(0))
        if whole:
            rest = 1 - _share_off(coupon, whole, month)
            left = [
                each * rest if is_off else each for each, is_off in zip(left, part, strict=True)
            ]
    return _rounded(sum(left, Fraction(0)))


def _share_off(coupon: stripe.Coupon, whole: Fraction, month: Fraction) -> Fraction:
    """Of what it applies to, 1 at most. An amount is taken off each invoice."""
    if coupon.percent_off is not None:
        return min(Fraction(str(coupon.percent_off)) / 100, Fraction(1))
    return min(Fraction(coupon.amount_off or 0) * month / whole, Fraction(1))


def _plan(item: stripe.SubscriptionItem) -> str:
    metadata = item.price.metadata
    return metadata["plan"] if metadata and "plan" in metadata else ""


def _item(item: stripe.SubscriptionItem) -> Fraction:
    price = item.price
    recurring = price.recurring
    if recurring is None or recurring.usage_type == "metered":
        return Fraction(0)
    return _amount(item) * _to_month(recurring)


def _amount(item: stripe.SubscriptionItem) -> Fraction:
    price, quantity = item.price, item.quantity or 0
    if price.unit_amount_decimal is not None:
        return Fraction(str(price.unit_amount_decimal)) * quantity
    return Fraction(price.unit_amount * quantity if price.unit_amount is not None else _tiers(item))


def _tiers(item: stripe.SubscriptionItem) -> int:
    """By the catalogue: a list of subscriptions cannot be asked to expand a price's tiers, which lie a
    level too deep."""
    price = item.price
    if price.recurring is None or not price.metadata or "plan" not in price.metadata:
        return 0
    interval: Interval = "year" if price.recurring.interval == "year" else "month"
    try:
        plan = catalogue.plan(price.metadata["plan"])
        return plan.cost(interval, price.currency, seats=item.quantity or 1)
    except (KeyError, NotPriced):
        return 0


def _lasting(subscription: stripe.Subscription, at: float) -> Iterator[stripe.Coupon]:
    for discount in subscription.discounts or ():
        if isinstance(discount, str) or (discount.end is not None and discount.end <= at):
            continue
        coupon = discount.source.coupon
        if coupon is not None and not isinstance(coupon, str) and coupon.duration != "once":
            yield coupon


def _to_month(recurring: stripe.Price.Recurring | None) -> Fraction:
    if recurring is None:
        return Fraction(1)
    return _A_MONTH[recurring.interval] / (recurring.interval_count or 1)


def _rounded(amount: Fraction) -> int:
    exact = Decimal(amount.numerator) / Decimal(amount.denominator)
    return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))
