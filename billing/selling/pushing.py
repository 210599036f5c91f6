"""The catalogue at Stripe, made equal to ours: first as a list of steps in words, then done.

Safe to repeat and to run twice at once: ids of products and coupons are ours, lookup keys are unique at
Stripe, and what is made has an idempotency key. An amount is never edited: another one is a new price,
and the old one is only no longer sold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import stripe

from billing import catalogue
from billing.catalogue import AddOn, Amount, Interval, Plan
from billing.selling import discounts, metered_catalogue, prices
from billing.selling.steps import Step
from billing.stripe_client import client
from metering import Tiers

_OURS = "plg_plan"  # metadata key of products that this catalogue made
_AT_ONCE = 10  # lookup keys that Stripe takes in one request


@dataclass(frozen=True)
class _Wanted:
    """A price that the catalogue has."""

    thing: Plan | AddOn
    interval: Interval
    currency: str
    amount: Amount

    @property
    def key(self) -> str:
        return prices.lookup_key(self.thing, self.interval, self.currency)


def push(*, dry_run: bool = False, say: Callable[[str], None] | None = None) -> list[str]:
    """Make Stripe's products, prices, coupons and promotion codes equal to the catalogue; `dry_run`
    only says how. Returns what was (or would be) done, a line each; some requests when nothing is.

    Raises stripe.StripeError; a later call goes on.
    """
    lines = []
    for step in steps():
        if not dry_run:
            step.do()
        lines.append(step.words)
        if say is not None:
            say(step.words)
    return lines


def steps() -> Iterator[Step]:
    """What is to be done, in an order in which each may rely on those before."""
    sold: list[Plan | AddOn] = [
        *(plan for plan in catalogue.plans() if plan.prices),
        *catalogue.add_ons(),
    ]
    products = {product.id: product for product in _our_products()}
    for thing in sold:
        yield from _product(thing, products.get(prices.product_id(thing)))
    yield from _prices(sold)
    yield from metered_catalogue.steps()
    wanted = {prices.product_id(thing) for thing in sold if thing.for_sale}
    for product in products.values():
        if product.active and product.id not in wanted:
            yield Step(f"product {product.id} archived", partial(_archive, product))
    yield from discounts.steps()


def _our_products() -> Iterator[stripe.Product]:
    for product in client().v1.products.list({"limit": 100}).auto_paging_iter():
        if _OURS in product.metadata:
            yield product


def _product(thing: Plan | AddOn, product: stripe.Product | None) -> Iterator[Step]:
    product_id = prices.product_id(thing)
    said = {"name": thing.name, "description": thing.summary}
    if product is None:
        new: Any = {"id": product_id, **said, "metadata": {_OURS: thing.key}}
        yield Step(f"product {product_id} created", lambda: client().v1.products.create(new))
        return
    active = product.active or thing.for_sale
    if (product.name, product.description, product.active) != (*said.values(), active):
        changed: Any = {**said, "active": active}
        yield Step(
            f"product {product_id} updated",
            lambda: client().v1.products.update(product_id, changed),
        )


def _prices(sold: list[Plan | AddOn]) -> Iterator[Step]:
    wanted = [
        _Wanted(thing, interval, currency, amount)
        for thing in sold
        for interval in thing.prices
        for currency, amount in thing.amounts(interval).items()
    ]
    keys = [each.key for each in wanted]
    in_tiers = any(isinstance(each.amount, Tiers) for each in wanted)
    existing: dict[str | None, stripe.Price] = {}
    for start in range(0, len(keys), _AT_ONCE):
        asked: Any = {"lookup_keys": keys[start : start + _AT_ONCE], "limit": 100}
        if in_tiers:
            asked["expand"] = ["data.tiers"]
        existing |= {each.lookup_key: each for each in client().v1.prices.list(asked).data}
    for each in wanted:
        yield from _price(each, existing.get(each.key))


def _price(wanted: _Wanted, price: stripe.Price | None) -> Iterator[Step]:
    key, for_sale = wanted.key, wanted.thing.for_sale
    if price is not None and _is_same(wanted, price):
        if price.active != for_sale:
            words = f"price {key} {'sold again' if for_sale else 'archived'}"
            yield Step(words, lambda: client().v1.prices.update(price.id, {"active": for_sale}))
    elif for_sale:
        yield Step(f"price {key} is {_words(wanted)}", lambda: _make(wanted, price))
    elif price is not None and price.active:
        yield Step(
            f"price {key} archived", lambda: client().v1.prices.update(price.id, {"active": False})
        )


def _make(wanted: _Wanted, former: stripe.Price | None) -> None:
    key = f"price-{wanted.key}-{_words(wanted)}-{former.id if former else ''}"
    client().v1.prices.create(
        {
            "product": prices.product_id(wanted.thing),
            "currency": wanted.currency,
            **_amount(wanted.amount),
            "recurring": {"interval": wanted.interval},
            "lookup_key": wanted.key,
            "transfer_lookup_key": True,
            "metadata": prices.metadata_of(wanted.thing),
        },
        {"idempotency_key": key[:255]},
    )
    if former is not None and former.active:
        client().v1.prices.update(former.id, {"active": False})


def _amount(amount: Amount) -> Any:
    """As parameters of a new price ("Tiered pricing"; the last tier ends with "inf")."""
    if not isinstance(amount, Tiers):
        return {"unit_amount": amount}
    tiers = [
        {"up_to": each.up_to or "inf", "unit_amount": each.amount, "flat_amount": each.flat}
        for each in amount.tiers
    ]
    return {"billing_scheme": "tiered", "tiers_mode": amount.mode, "tiers": tiers}


def _is_same(wanted: _Wanted, price: stripe.Price) -> bool:
    recurring = price.recurring.interval if price.recurring else None
    if (price.currency, recurring) != (wanted.currency, wanted.interval):
        return False
    if not isinstance(wanted.amount, Tiers):
        return price.billing_scheme == "per_unit" and price.unit_amount == wanted.amount
    found = [
        (each.up_to, each.unit_amount or 0, each.flat_amount or 0) for each in price.tiers or ()
    ]
    ours = [(each.up_to, each.amount, each.flat) for each in wanted.amount.tiers]
    return (price.tiers_mode, found) == (wanted.amount.mode, ours)


def _words(wanted: _Wanted) -> str:
    amount = wanted.amount
    if not isinstance(amount, Tiers):
        return f"{amount} {wanted.currency}"
    parts = [f"{each.up_to or 'inf'}:{each.amount}+{each.flat}" for each in amount.tiers]
    return f"{amount.mode} {' '.join(parts)} {wanted.currency}"


def _archive(product: stripe.Product) -> None:
    listed = client().v1.prices.list({"product": product.id, "active": True})
    for price in listed.auto_paging_iter():
        client().v1.prices.update(price.id, {"active": False})
    client().v1.products.update(product.id, {"active": False})
