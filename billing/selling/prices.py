"""The price to sell: found at Stripe by its lookup key.

A price carries a lookup key ("pro_month", "pro_month_eur"), by which it is found, and the plan's key in
its metadata, by which a subscription says what it is for. Stripe's prices cannot change: another amount
is a new price that takes the lookup key over, and who subscribed before stays on the old one.
"""

from __future__ import annotations

from typing import Any

import stripe

from billing.catalogue import AddOn, Interval, NotPriced, Plan
from billing.catalogue.sense import price_key
from billing.stripe_client import client


class NotForSale(LookupError):
    """The plan has no active price of this interval and currency at Stripe; run `sync_catalogue`."""


def lookup_key(thing: Plan | AddOn, interval: Interval, currency: str = "") -> str:
    """The key of a price; without a currency, of the one in the plan's own."""
    return price_key(thing.key, interval, currency or thing.currency, default=thing.currency)


def product_id(thing: Plan | AddOn) -> str:
    """The id at Stripe, which we give."""
    return f"plg_{thing.key}" if isinstance(thing, Plan) else f"plg_add_on_{thing.key}"


def find(plan: Plan, interval: Interval, currency: str = "") -> stripe.Price:
    """The price to sell. Raises NotForSale, stripe.StripeError."""
    try:
        plan.amount(interval, currency or plan.currency)
    except NotPriced as error:
        raise NotForSale(f"Not sold: {error}.") from None
    if not plan.for_sale:
        raise NotForSale(f"{plan.name} is not sold any more.")
    key = lookup_key(plan, interval, currency)
    found = client().v1.prices.list({"lookup_keys": [key], "active": True})
    if not found.data:
        raise NotForSale(f"Stripe has no active price {key}; run manage.py sync_catalogue.")
    return found.data[0]


def metadata_of(thing: Plan | AddOn) -> dict[str, Any]:
    """What a price says of itself."""
    return {"plan": thing.key} if isinstance(thing, Plan) else {"add_on": thing.key}
