"""Subscription items: https://docs.stripe.com/api/subscription_items."""

import stripe

from stripe_simulator.identifiers import new_id
from stripe_simulator.objects.prices import is_metered
from stripe_simulator.presentation import present, presenter
from stripe_simulator.shapes import Json, shape
from stripe_simulator.store import State


def new_item(
    state: State,
    subscription: Json,
    price: Json,
    *,
    quantity: int,
    period: tuple[int, int],
    metadata: Json | None = None,
    tax_rates: list[str] | None = None,
) -> Json:
    """A new item. `_debit` is what it was billed for its period last (rules/proration.py), and
    `_tax_rates` the identifiers of its own tax rates."""
    return state.save(
        shape(
            stripe.SubscriptionItem,
            id=new_id("si"),
            created=state.now(),
            current_period_end=period[1],
            current_period_start=period[0],
            discounts=[],
            metadata=metadata or {},
            plan=None,
            price=price["id"],
            quantity=quantity,
            subscription=subscription["id"],
            tax_rates=[],
            _debit=None,
            _tax_rates=tax_rates or [],
        )
    )


def items_of(state: State, subscription: str) -> list[Json]:
    return state.select("subscription_item", {"subscription": subscription})


def price_of(state: State, item: Json) -> Json:
    return state.require("price", item["price"])


@presenter("subscription_item")
def _present(state: State, item: Json) -> Json:
    stored = price_of(state, item)
    price = present(state, stored)
    shown = item | {"price": price, "plan": _plan(price)}
    shown["tax_rates"] = [state.require("tax_rate", id) for id in item["_tax_rates"]]
    if is_metered(stored):
        del shown["quantity"]
    return shown


def _plan(price: Json) -> Json:
    """The price as the older Plan object, which items still carry."""
    recurring = price["recurring"]
    return shape(
        stripe.Plan,
        **{name: price[name] for name in ("id", "active", "created", "currency")},
        amount=price["unit_amount"],
        amount_decimal=price["unit_amount_decimal"],
        billing_scheme=price["billing_scheme"],
        interval=recurring["interval"],
        interval_count=recurring["interval_count"],
        meter=recurring["meter"],
        livemode=False,
        metadata=price["metadata"],
        nickname=price["nickname"],
        product=price["product"],
        tiers_mode=price["tiers_mode"],
        transform_usage=price["transform_quantity"],
        usage_type=recurring["usage_type"],
    )
