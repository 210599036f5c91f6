"""The plans as products and prices at Stripe: pushed by `push`, found by `find`.

A price carries a lookup key ("pro_month"), by which it is found, and the plan's key in its
metadata, by which a subscription says what it is for. Stripe's prices cannot change: another amount
is a new price that takes the lookup key over, and who subscribed before stays on the old one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import stripe

from billing import catalogue
from billing.catalogue import Interval, Plan
from billing.stripe_client import client

_OURS = "plg_plan"  # metadata key of products that this catalogue made


class NotForSale(LookupError):
    """The plan has no active price of this interval at Stripe; run `manage.py sync_catalogue`."""


@dataclass
class Changes:
    """What a push did, in words, one line a change."""

    lines: list[str] = field(default_factory=list)

    def note(self, line: str) -> None:
        self.lines.append(line)


def lookup_key(plan: Plan, interval: Interval) -> str:
    return f"{plan.key}_{interval}"


def product_id(plan: Plan) -> str:
    return f"plg_{plan.key}"


def find(plan: Plan, interval: Interval) -> stripe.Price:
    """The price to sell. Raises NotForSale, stripe.StripeError."""
    if not plan.for_sale or interval not in plan.prices:
        raise NotForSale(f"{plan.name} is not sold by the {interval}.")
    key = lookup_key(plan, interval)
    found = client().v1.prices.list({"lookup_keys": [key], "active": True})
    if not found.data:
        raise NotForSale(f"Stripe has no active price {key}; run manage.py sync_catalogue.")
    return found.data[0]


def push() -> Changes:
    """Make Stripe's products and prices equal to the catalogue; two requests when they are.

    Safe to repeat and to run twice at once: product ids and lookup keys are unique at Stripe.
    Raises stripe.StripeError.
    """
    changes = Changes()
    products = {product.id: product for product in _our_products()}
    for plan in catalogue.plans():
        if plan.prices:
            _push_product(plan, products.get(product_id(plan)), changes)
    _push_prices([plan for plan in catalogue.plans() if plan.prices], changes)
    wanted = {product_id(plan) for plan in catalogue.plans() if plan.prices and plan.for_sale}
    for product in products.values():
        if product.active and product.id not in wanted:
            _archive(product, changes)
    return changes


def _our_products() -> Iterator[stripe.Product]:
    for product in client().v1.products.list({"limit": 100}).auto_paging_iter():
        if _OURS in product.metadata:
            yield product


def _push_product(plan: Plan, product: stripe.Product | None, changes: Changes) -> None:
    if product is None:
        client().v1.products.create(
            {
                "id": product_id(plan),
                "name": plan.name,
                "description": plan.summary,
                "metadata": {_OURS: plan.key},
            }
        )
        changes.note(f"product {product_id(plan)} created")
        return
    at_stripe = (product.name, product.description, product.active)
    active = product.active or plan.for_sale
    if at_stripe != (plan.name, plan.summary, active):
        client().v1.products.update(
            product.id, {"name": plan.name, "description": plan.summary, "active": active}
        )
        changes.note(f"product {product.id} updated")


def _push_prices(plans: list[Plan], changes: Changes) -> None:
    keys = [lookup_key(plan, interval) for plan in plans for interval in plan.prices]
    existing: dict[str | None, stripe.Price] = {}
    for start in range(0, len(keys), 10):  # Stripe takes ten lookup keys at a time
        listed = client().v1.prices.list({"lookup_keys": keys[start : start + 10], "limit": 100})
        existing |= {price.lookup_key: price for price in listed.data}
    for plan in plans:
        for interval, amount in plan.prices.items():
            _push_price(plan, interval, amount, existing.get(lookup_key(plan, interval)), changes)


def _push_price(
    plan: Plan, interval: Interval, amount: int, price: stripe.Price | None, changes: Changes
) -> None:
    key = lookup_key(plan, interval)
    if price is not None and (price.unit_amount, price.currency) == (amount, plan.currency):
        if price.active != plan.for_sale:
            client().v1.prices.update(price.id, {"active": plan.for_sale})
            changes.note(f"price {key} {'sold again' if plan.for_sale else 'archived'}")
        return
    if not plan.for_sale:
        return
    client().v1.prices.create(
        {
            "product": product_id(plan),
            "currency": plan.currency,
            "unit_amount": amount,
            "recurring": {"interval": interval},
            "lookup_key": key,
            "transfer_lookup_key": True,
            "metadata": {"plan": plan.key},
        }
    )
    if price is not None:
        client().v1.prices.update(price.id, {"active": False})
    changes.note(f"price {key} is {amount} {plan.currency}")


def _archive(product: stripe.Product, changes: Changes) -> None:
    for price in (
        client().v1.prices.list({"product": product.id, "active": True}).auto_paging_iter()
    ):
        client().v1.prices.update(price.id, {"active": False})
    client().v1.products.update(product.id, {"active": False})
    changes.note(f"product {product.id} archived")
