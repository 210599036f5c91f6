"""Subscription items: https://docs.stripe.com/api/subscription_items."""

import stripe

from stripe_simulator.identifiers import new_id
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
) -> Json:
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
        )
    )


def items_of(state: State, subscription: str) -> list[Json]:
    return state.select("subscription_item", {"subscription": subscription})


def price_of(state: State, item: Json) -> Json:
    return state.require("price", item["price"])


@presenter("subscription_item")
def _present(state: State, item: Json) -> Json:
    price = present(state, price_of(state, item))
    return item | {"price": price, "plan": _plan(price)}


def _plan(price: Json) -> Json:
    """The price as the older Plan object, which items still carry."""
    recurring = price["recurring"]
    return shape(
        stripe.Plan,
        **{name: price[name] for name in ("id", "active", "billing_scheme", "created", "currency")},
        amount=price["unit_amount"],
        amount_decimal=price["unit_amount_decimal"],
        interval=recurring["interval"],
        interval_count=recurring["interval_count"],
        livemode=False,
        metadata=price["metadata"],
        nickname=price["nickname"],
        product=price["product"],
        usage_type=recurring["usage_type"],
    )
