"""Starting a subscription: its items, its first invoice, the first payment."""

from dataclasses import dataclass
from typing import Any

from stripe_simulator.cards import Decline
from stripe_simulator.errors import StripeError, invalid
from stripe_simulator.objects.prices import item_amount, price_label
from stripe_simulator.objects.subscription_items import items_of, new_item, price_of
from stripe_simulator.objects.subscriptions import new_subscription
from stripe_simulator.rules import invoicing
from stripe_simulator.rules.periods import boundary_after
from stripe_simulator.shapes import Json
from stripe_simulator.store import State

MAX_ITEMS = 20
TIMES = "\N{MULTIPLICATION SIGN}"


@dataclass(frozen=True)
class Wanted:
    """One thing to subscribe to."""

    price: Json
    quantity: int = 1
    metadata: Json | None = None


def wanted_items(state: State, given: list[dict[str, Any]], *, name: str) -> list[Wanted]:
    """Read `items` or `line_items`. Raises StripeError for what cannot be subscribed to."""
    if not given or len(given) > MAX_ITEMS:
        raise invalid(f"You must pass 1 to {MAX_ITEMS} items.", name)
    wanted = []
    for position, item in enumerate(given):
        param = f"{name}[{position}][price]"
        price = state.require("price", item.get("price", ""), param=param, status=400)
        if not price["active"]:
            raise invalid(
                "The price specified is inactive. This field only accepts active prices.", param
            )
        if price["type"] != "recurring":
            raise invalid(
                "The price specified is set to `type=one_time` but this field only accepts prices "
                "with `type=recurring`.",
                param,
            )
        wanted.append(Wanted(price, item.get("quantity", 1), item.get("metadata")))
    if len({one.price["currency"] for one in wanted}) > 1:
        raise StripeError("All prices on a subscription must have the same currency.")
    return wanted


def start(
    state: State,
    customer: Json,
    wanted: list[Wanted],
    *,
    payment_method: str | None,
    params: dict[str, Any],
    pay_now: bool = True,
) -> tuple[Json, Decline | None]:
    """Create the subscription and its first invoice, and charge it unless told to wait.

    `params` may carry description and metadata. The caller emits customer.subscription.created,
    which in Stripe's logs comes after all events of the invoice.
    """
    now = state.now()
    subscription = new_subscription(
        state,
        customer,
        currency=wanted[0].price["currency"],
        payment_method=payment_method,
        params=params,
    )
    for one in wanted:
        recurring = one.price["recurring"]
        end = boundary_after(
            now, anchor=now, interval=recurring["interval"], count=recurring["interval_count"]
        )
        new_item(
            state,
            subscription,
            one.price,
            quantity=one.quantity,
            period=(now, end),
            metadata=one.metadata,
        )
    lines = [cycle_line(state, subscription, item) for item in items_of(state, subscription["id"])]
    invoice = invoicing.draft(
        state, subscription, lines, billing_reason="subscription_create", period=(now, now)
    )
    subscription["latest_invoice"] = invoice["id"]
    state.save(subscription)
    invoicing.finalize(state, invoice)
    decline = None
    if pay_now and invoice["status"] != "paid":
        decline = invoicing.collect(state, invoice)
    if invoice["status"] == "paid":
        subscription["status"] = "active"
    return state.save(subscription), decline


def cycle_line(state: State, subscription: Json, item: Json) -> invoicing.Line:
    """The line that bills an item for its current period in full."""
    price = price_of(state, item)
    product = state.require("product", price["product"])
    return invoicing.Line(
        price=price,
        quantity=item["quantity"],
        amount=item_amount(price, item["quantity"]),
        description=f"{item['quantity']} {TIMES} {product['name']} (at {price_label(price)})",
        period=(item["current_period_start"], item["current_period_end"]),
        subscription=subscription["id"],
        subscription_item=item["id"],
    )
