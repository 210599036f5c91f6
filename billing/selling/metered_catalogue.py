"""Meters and metered prices at Stripe, made with the rest of the catalogue (`sync_catalogue`).

A price is never changed: another amount is another price with a lookup key of its own, and who
subscribed before keeps the item with the old one.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import stripe

from billing import catalogue
from billing.catalogue import Plan
from billing.selling import metered_prices as prices
from billing.selling import prices as sold
from billing.selling.steps import Step
from billing.stripe_client import client
from metering import Meter, Price
from metering.definitions import meters

_AT_ONCE = 10  # lookup keys that Stripe takes in one request


def steps() -> Iterator[Step]:
    """What is to be done; nothing, and no request, where no plan goes by meters."""
    wanted = list(_wanted())
    if not wanted:
        return
    known = meters_at_stripe()
    for key in dict.fromkeys(meter.key for _, meter, _, _ in wanted):
        if prices.event_name(key) not in known:
            yield Step(
                f"meter {prices.event_name(key)} created", partial(_make_meter, meters()[key])
            )
    keys = {prices.lookup_key(plan, meter.key, currency, price): (plan, meter, currency, price)
            for plan, meter, currency, price in wanted}  # fmt: skip
    there = set(find(list(keys)))
    for key, each in keys.items():
        if key not in there:
            yield Step(f"metered price {key} created", partial(_make_price, key, *each))


def find(keys: list[str]) -> dict[str, stripe.Price]:
    """The active prices of these lookup keys."""
    found: dict[str, stripe.Price] = {}
    for start in range(0, len(keys), _AT_ONCE):
        asked: Any = {"lookup_keys": keys[start : start + _AT_ONCE], "active": True, "limit": 100}
        found |= {str(each.lookup_key): each for each in client().v1.prices.list(asked).data}
    return found


def meters_at_stripe() -> dict[str, str]:
    """The ids of the active meters by the name of their events."""
    listed = client().v1.billing.meters.list({"status": "active", "limit": 100})
    return {each.event_name: each.id for each in listed.auto_paging_iter()}


def _wanted() -> Iterator[tuple[Plan, Meter, str, Price]]:
    known = meters()
    for plan in catalogue.plans():
        if not plan.prices or "month" not in plan.prices:
            continue
        for currency in plan.currencies:
            for key, limit in plan.limits_for(currency=currency).items():
                if key in known and prices.is_metered(plan, known[key], limit) and limit.price:
                    yield plan, known[key], currency, limit.price


def _make_meter(meter: Meter) -> None:
    client().v1.billing.meters.create(
        {
            "display_name": meter.label,
            "event_name": prices.event_name(meter.key),
            "default_aggregation": {"formula": "sum"},
            "customer_mapping": {"type": "by_id", "event_payload_key": "stripe_customer_id"},
            "value_settings": {"event_payload_key": "value"},
        },
        {"idempotency_key": f"meter-{prices.event_name(meter.key)}"},
    )


def _make_price(key: str, plan: Plan, meter: Meter, currency: str, price: Price) -> None:
    new: Any = {
        "product": sold.product_id(plan),
        "currency": currency,
        **prices.said(price),
        "recurring": {
            "interval": "month",
            "usage_type": "metered",
            "meter": meters_at_stripe()[prices.event_name(meter.key)],
        },
        "nickname": f"{meter.label} above {plan.name}",
        "lookup_key": key,
        "metadata": {
            prices.USAGE_OF: plan.key,
            prices.METER: meter.key,
            prices.DIGEST: prices.digest(price),
        },
    }
    client().v1.prices.create(new, {"idempotency_key": f"price-{key}"[:255]})
