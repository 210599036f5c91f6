"""Changing what a subscription holds: another price or quantity, prorated by the second.

Within the same interval the period stays; unused time of the old item is credited and the rest
of the period charged at the new one. Another interval starts a new period now, invoiced at once
(Stripe, "Prorations").
"""

from dataclasses import dataclass
from typing import Any, Literal

from stripe_simulator.cards import Decline
from stripe_simulator.errors import NotSimulated, invalid
from stripe_simulator.events import emit
from stripe_simulator.objects.invoice_items import new_proration_item
from stripe_simulator.objects.prices import item_amount
from stripe_simulator.objects.subscription_items import items_of, price_of
from stripe_simulator.rules import invoicing
from stripe_simulator.rules.pending import claim, take_pending
from stripe_simulator.rules.periods import boundary_after
from stripe_simulator.rules.proration import prorated
from stripe_simulator.rules.subscribing import TIMES, cycle_line, wanted_items
from stripe_simulator.shapes import Json
from stripe_simulator.store import State

Behavior = Literal["create_prorations", "always_invoice", "none"]


@dataclass(frozen=True)
class Outcome:
    """What a change did: its proration items (events due after the subscription's own), and the
    decline when it was invoiced at once and not paid."""

    prorations: list[Json]
    decline: Decline | None = None


def change_items(
    state: State,
    subscription: Json,
    given: list[dict[str, Any]],
    *,
    behavior: Behavior,
    at: int,
) -> Outcome:
    """Apply `items` of a subscription update. `at` is the instant that prorations count from."""
    prorations: list[Json] = []
    restarted: list[Json] = []
    for position, change in enumerate(given):
        item = _item(state, subscription, change, position)
        old_price, old_quantity = price_of(state, item), int(item["quantity"])
        new_price = old_price
        if "price" in change:
            new_price = wanted_items(state, [change], name="items")[0].price
        new_quantity: int = change.get("quantity", old_quantity)
        same_interval = new_price["recurring"] == old_price["recurring"]
        period = (item["current_period_start"], item["current_period_end"])
        changes = (new_price["id"], new_quantity) != (old_price["id"], old_quantity)
        if changes and behavior != "none":
            prorations += _prorations(
                state,
                subscription,
                item,
                (old_price, old_quantity),
                (new_price, new_quantity),
                period=period,
                at=at,
                charge_rest=same_interval,
            )
        item.update(price=new_price["id"], quantity=new_quantity)
        if not same_interval:
            _restart_period(state, subscription, item, new_price)
            restarted.append(item)
        state.save(item)
    if restarted or (behavior == "always_invoice" and prorations):
        return Outcome(prorations, _invoice_now(state, subscription, restarted, at))
    return Outcome(prorations)


def _item(state: State, subscription: Json, change: dict[str, Any], position: int) -> Json:
    """The item that a change names."""
    items = {item["id"]: item for item in items_of(state, subscription["id"])}
    id = change.get("id")
    if id is None:
        raise NotSimulated("Adding an item to a subscription", param=f"items[{position}]")
    if id not in items:
        raise invalid(
            f"No such subscription item: '{id}'", f"items[{position}][id]", code="resource_missing"
        )
    return items[id]


def _prorations(
    state: State,
    subscription: Json,
    item: Json,
    old: tuple[Json, int],
    new: tuple[Json, int],
    *,
    period: tuple[int, int],
    at: int,
    charge_rest: bool,
) -> list[Json]:
    lines = [("Unused time on", *old, -1)]
    if charge_rest:
        lines.append(("Remaining time on", *new, 1))
    found = []
    for label, price, quantity, sign in lines:
        product = state.require("product", price["product"])
        whole = item_amount(price, quantity)
        amount = prorated(whole, at=at, start=period[0], end=period[1])
        found.append(
            new_proration_item(
                state,
                subscription=subscription,
                item=item,
                price=price,
                quantity=quantity,
                amount=sign * amount,
                description=f"{label} {quantity} {TIMES} {product['name']}",
                period=(at, period[1]),
            )
        )
    return found


def _restart_period(state: State, subscription: Json, item: Json, price: Json) -> None:
    now, every = state.now(), price["recurring"]
    end = boundary_after(now, anchor=now, interval=every["interval"], count=every["interval_count"])
    item.update(current_period_start=now, current_period_end=end)
    subscription["billing_cycle_anchor"] = now


def _invoice_now(
    state: State, subscription: Json, restarted: list[Json], at: int
) -> Decline | None:
    lines = [cycle_line(state, subscription, item) for item in restarted]
    lines = take_pending(state, subscription) + lines
    invoice = invoicing.draft(
        state, subscription, lines, billing_reason="subscription_update", period=(at, at)
    )
    invoice["parent"]["subscription_details"]["subscription_proration_date"] = at
    state.save(invoice)
    claim(state, lines, invoice)
    subscription["latest_invoice"] = invoice["id"]
    state.save(subscription)
    return invoicing.collect(state, invoice)


def announce(state: State, prorations: list[Json]) -> None:
    """invoiceitem.created, which Stripe sends after customer.subscription.updated."""
    for item in prorations:
        emit(state, "invoiceitem.created", state.require("invoiceitem", item["id"]))
