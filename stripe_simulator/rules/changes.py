"""Changing what a subscription holds: another price or quantity, an item more or less.

Within the same interval the period stays; unused time of the old item is credited and the rest
of the period charged at the new one. Another interval starts a new period now, invoiced at once
(Stripe, "Prorations").
"""

from dataclasses import dataclass, field
from typing import Any, Literal

from stripe_simulator.cards import Decline
from stripe_simulator.errors import invalid
from stripe_simulator.events import emit
from stripe_simulator.metadata import merge_metadata
from stripe_simulator.objects.prices import is_metered, sold_in
from stripe_simulator.objects.subscription_items import items_of, new_item, price_of
from stripe_simulator.rules import invoicing
from stripe_simulator.rules.collecting import collect
from stripe_simulator.rules.crediting import charge_item, credit_item
from stripe_simulator.rules.lines import cycle_lines
from stripe_simulator.rules.pending import claim, take_pending
from stripe_simulator.rules.periods import boundary_after
from stripe_simulator.rules.subscribing import MAX_ITEMS, wanted_items
from stripe_simulator.shapes import Json
from stripe_simulator.sources import assumed, documented
from stripe_simulator.store import State

Behavior = Literal["create_prorations", "always_invoice", "none"]


@dataclass
class Outcome:
    """What a change did: its proration items (events due after the subscription's own), the items
    that began a new period, and the decline when it was invoiced at once and not paid."""

    prorations: list[Json] = field(default_factory=list)
    restarted: list[str] = field(default_factory=list)
    invoice: Json | None = None
    decline: Decline | None = None

    def add(self, *items: Json | None) -> None:
        self.prorations += [item for item in items if item is not None]


def change_items(
    state: State,
    subscription: Json,
    given: list[dict[str, Any]],
    *,
    behavior: Behavior,
    at: int,
) -> Outcome:
    """Apply `items` of an update. `at` is the instant that prorations count from."""
    outcome = Outcome()
    if subscription["status"] == "trialing":
        behavior = "none"  # nothing was billed for this period
    for position, change in enumerate(given):
        name = f"items[{position}]"
        if "id" not in change:
            _add(state, subscription, change, outcome, behavior=behavior, at=at, name=name)
            continue
        item = _item(state, subscription, change["id"], name)
        if change.get("deleted"):
            _remove(state, subscription, item, outcome, behavior=behavior, at=at)
        else:
            _change(state, subscription, item, change, outcome, behavior=behavior, at=at, name=name)
    left = items_of(state, subscription["id"])
    if not left:
        raise invalid("A subscription must have at least one active plan.", "items")
    if len(left) > MAX_ITEMS:
        raise invalid(f"A subscription has at most {MAX_ITEMS} items.", "items")
    return outcome


def _item(state: State, subscription: Json, id: str, name: str) -> Json:
    """The item that a change names."""
    item = state.get("subscription_item", id)
    if item is None or item["subscription"] != subscription["id"]:
        raise invalid(f"No such subscription item: '{id}'", f"{name}[id]", code="resource_missing")
    return item


@documented("billing/subscriptions/prorations#what-triggers-prorations")
def _change(
    state: State,
    subscription: Json,
    item: Json,
    change: dict[str, Any],
    outcome: Outcome,
    *,
    behavior: Behavior,
    at: int,
    name: str,
) -> None:
    old_price = price_of(state, item)
    new_price = _price(state, subscription, change, name) if "price" in change else old_price
    quantity = _quantity(change, new_price, item["quantity"], name)
    same_interval = _every(new_price) == _every(old_price) or subscription["status"] == "trialing"
    changes = (new_price["id"], quantity) != (old_price["id"], item["quantity"])
    if changes and behavior != "none":
        outcome.add(credit_item(state, subscription, item, at=at))
        if same_interval:
            outcome.add(charge_item(state, subscription, item, new_price, quantity, at=at))
    if new_price["id"] != old_price["id"]:
        item["_metered_since"] = at
    if "tax_rates" in change:
        item["_tax_rates"] = change["tax_rates"] or []
    merge_metadata(item, change)
    item.update(price=new_price["id"], quantity=quantity)
    state.save(item)
    if not same_interval:
        restart_period(state, subscription, item)
        outcome.restarted.append(item["id"])


def _price(state: State, subscription: Json, change: dict[str, Any], name: str) -> Json:
    asked = {key: change[key] for key in ("price",) if key in change}
    price = wanted_items(state, [asked], name=name)[0].price
    if not sold_in(price, subscription["currency"]):
        raise invalid(
            f"The price has no amount in the subscription's currency, {subscription['currency']}.",
            f"{name}[price]",
        )
    return price


def _quantity(change: dict[str, Any], price: Json, before: int, name: str) -> int:
    if is_metered(price):
        if "quantity" in change:
            raise invalid("A metered price takes no quantity.", f"{name}[quantity]")
        return 0
    quantity = int(change.get("quantity", before))
    if quantity < 0:
        raise invalid("This value must be greater than or equal to 0.", f"{name}[quantity]")
    return quantity


def _every(price: Json) -> tuple[str, int]:
    return price["recurring"]["interval"], price["recurring"]["interval_count"]


@assumed(
    "an added item of an interval that the subscription has ends with its period, others begin"
)
def _add(
    state: State,
    subscription: Json,
    change: dict[str, Any],
    outcome: Outcome,
    *,
    behavior: Behavior,
    at: int,
    name: str,
) -> None:
    price = _price(state, subscription, change, name)
    beside = items_of(state, subscription["id"])
    if any(one["price"] == price["id"] for one in beside):
        raise invalid(
            f"The price `{price['id']}` is already used by an item of this subscription.",
            f"{name}[price]",
        )
    alike = [one for one in beside if _every(price_of(state, one)) == _every(price)]
    trialing = beside if subscription["status"] == "trialing" else []
    period = _period(alike or trialing) or (state.now(), state.now())
    item = new_item(
        state,
        subscription,
        price,
        quantity=_quantity(change, price, 1, name),
        period=period,
        metadata=change.get("metadata"),
        tax_rates=change.get("tax_rates") or [],
    )
    if is_metered(price):
        item["_metered_since"] = at
    if not (alike or trialing):
        restart_period(state, subscription, item, moves_anchor=False)
        outcome.restarted.append(item["id"])
    elif behavior != "none":
        outcome.add(charge_item(state, subscription, item, price, item["quantity"], at=at))
    state.save(item)


def _period(items: list[Json]) -> tuple[int, int] | None:
    if not items:
        return None
    return items[0]["current_period_start"], items[0]["current_period_end"]


def _remove(
    state: State,
    subscription: Json,
    item: Json,
    outcome: Outcome,
    *,
    behavior: Behavior,
    at: int,
) -> None:
    if behavior != "none":
        outcome.add(credit_item(state, subscription, item, at=at))
    state.remove("subscription_item", item["id"])


@documented("billing/subscriptions/change-price#billing-periods")
def restart_period(
    state: State, subscription: Json, item: Json, *, moves_anchor: bool = True
) -> None:
    """Begin a period of the item now (saved); it is the subscription's anchor from now on."""
    now, every = state.now(), price_of(state, item)["recurring"]
    end = boundary_after(now, anchor=now, interval=every["interval"], count=every["interval_count"])
    item.update(current_period_start=now, current_period_end=end, _debit=None)
    state.save(item)
    if moves_anchor:
        subscription["billing_cycle_anchor"] = now


def restart_all(state: State, subscription: Json, outcome: Outcome, *, behavior: Behavior) -> None:
    """`billing_cycle_anchor=now`: all items begin a period now, the rest of the old is credited."""
    for item in items_of(state, subscription["id"]):
        if item["id"] in outcome.restarted:
            continue
        if behavior != "none":
            outcome.add(credit_item(state, subscription, item, at=state.now()))
        restart_period(state, subscription, item)
        outcome.restarted.append(item["id"])


def invoice_change(
    state: State, subscription: Json, outcome: Outcome, *, at: int, pay_now: bool = True
) -> None:
    """Invoice the prorations, and the periods that began, at once; charge unless told to wait."""
    lines = take_pending(state, subscription)
    for id in outcome.restarted:
        item = state.require("subscription_item", id)
        lines += cycle_lines(state, subscription, item)
    invoice = invoicing.draft(
        state, subscription, lines, billing_reason="subscription_update", period=(at, at)
    )
    invoice["parent"]["subscription_details"]["subscription_proration_date"] = at
    state.save(invoice)
    claim(state, lines, invoice)
    subscription["latest_invoice"] = invoice["id"]
    state.save(subscription)
    outcome.invoice = invoice
    if pay_now:
        outcome.decline = collect(state, invoice)


def announce(state: State, prorations: list[Json]) -> None:
    """invoiceitem.created, which Stripe sends after customer.subscription.updated."""
    for item in prorations:
        emit(state, "invoiceitem.created", state.require("invoiceitem", item["id"]))
