"""What a customer does on the portal: another plan, an end or none, another card."""

from typing import Any

from stripe_simulator.errors import StripeError, invalid
from stripe_simulator.events import emit
from stripe_simulator.objects.payment_methods import attach, new_card
from stripe_simulator.objects.prices import item_amount, sold_in
from stripe_simulator.objects.setup_intents import new_setup_intent
from stripe_simulator.objects.subscription_items import items_of, price_of
from stripe_simulator.objects.subscriptions import ENDED, period_end
from stripe_simulator.presentation import present
from stripe_simulator.rules import previewing, schedules, setting_up, updating
from stripe_simulator.rules.cancellation import cancel_now
from stripe_simulator.shapes import Json
from stripe_simulator.sources import assumed, documented
from stripe_simulator.store import State

_LENGTHS = {"day": 1, "week": 7, "month": 30, "year": 365}


def features_of(state: State, session: Json) -> Json:
    configuration = state.require("billing_portal.configuration", session["configuration"])
    allowed: Json = configuration["features"]
    return allowed


def own_subscription(state: State, session: Json, id: str) -> Json:
    """A running subscription of the session's customer. Raises StripeError for any other."""
    found = state.require("subscription", id)
    if found["customer"] != session["customer"] or found["status"] in ENDED:
        raise StripeError(f"No such subscription: '{id}'", status=404)
    return found


def offers(state: State, session: Json, subscription: Json) -> list[tuple[Json, Json]]:
    """Prices and their products that the portal lets this subscription change to."""
    allowed = features_of(state, session)["subscription_update"]
    if not allowed["enabled"]:
        return []
    found = []
    for product in allowed["products"]:
        for id in product["prices"]:
            price = state.require("price", id)
            if price["active"] and sold_in(price, subscription["currency"]):
                found.append((price, state.require("product", price["product"])))
    return found


def change_of(
    state: State, session: Json, subscription: Json, *, price: str | None, quantity: int | None
) -> dict[str, Any]:
    """The parameters of the update that a chosen plan means. Raises StripeError for what the
    portal does not offer."""
    allowed = features_of(state, session)["subscription_update"]
    items = items_of(state, subscription["id"])
    if len(items) != 1:
        raise StripeError("A subscription of several items cannot be changed here.")
    change: dict[str, Any] = {"id": items[0]["id"]}
    if price and price != items[0]["price"]:
        if price not in {one["id"] for one, _ in offers(state, session, subscription)}:
            raise invalid("This plan is not offered here.", "price")
        change["price"] = price
    if quantity is not None and quantity != items[0]["quantity"]:
        if "quantity" not in allowed["default_allowed_updates"] or quantity < 1:
            raise invalid("The quantity cannot be changed to that here.", "quantity")
        change["quantity"] = quantity
    if len(change) == 1:
        raise invalid("Nothing would change.", "price")
    behavior = allowed["proration_behavior"]
    return {"items": [change], "proration_behavior": behavior, "proration_date": state.now()}


@documented("customer-management/configure-portal#schedule-downgrades")
def waits(state: State, session: Json, subscription: Json, change: dict[str, Any]) -> bool:
    """Whether the change waits for the end of the period, as the configuration says."""
    allowed = features_of(state, session)["subscription_update"]
    conditions = {one["type"] for one in allowed["schedule_at_period_end"]["conditions"]}
    item = items_of(state, subscription["id"])[0]
    old, given = price_of(state, item), change["items"][0]
    new = state.require("price", given.get("price", old["id"]))
    currency = subscription["currency"]
    before = item_amount(old, item["quantity"], currency)
    after = item_amount(new, given.get("quantity", item["quantity"]), currency)
    shorter = _length(new) < _length(old)
    cheaper = after < before and _length(new) == _length(old)
    return ("decreasing_item_amount" in conditions and cheaper) or (
        "shortening_interval" in conditions and shorter
    )


def _length(price: Json) -> int:
    every = price["recurring"]
    return _LENGTHS[every["interval"]] * int(every["interval_count"])


def preview(state: State, subscription: Json, change: dict[str, Any]) -> Json:
    return previewing.preview(
        state, {"subscription": subscription["id"], "subscription_details": change}
    )


@assumed("the portal's update of a plan invoices by the configuration's proration_behavior")
def update(state: State, session: Json, subscription: Json, change: dict[str, Any]) -> None:
    """Change now, or let a schedule do it. Raises CardError when it is not paid."""
    if not waits(state, session, subscription, change):
        updating.update(state, subscription, {**change, "payment_behavior": "error_if_incomplete"})
        return
    if subscription["schedule"]:
        old = state.require("subscription_schedule", subscription["schedule"])
        schedules.release(state, old)
    schedule = schedules.from_subscription(state, subscription["id"])
    item, given = items_of(state, subscription["id"])[0], change["items"][0]
    running = schedule["phases"][0]
    then = {
        "price": given.get("price", item["price"]),
        "quantity": given.get("quantity", item["quantity"]),
    }
    phases = [
        {
            "items": [{"price": item["price"], "quantity": item["quantity"]}],
            "start_date": running["start_date"],
            "end_date": running["end_date"],
        },
        {"items": [then], "proration_behavior": "none"},
    ]
    schedules.update(state, schedule, {"phases": phases, "end_behavior": "release"})


def cancel(state: State, session: Json, subscription: Json, *, feedback: str) -> None:
    """End it as the configuration says: now, or at the end of the period."""
    allowed = features_of(state, session)["subscription_cancel"]
    if not allowed["enabled"]:
        raise StripeError("Cancelling is not offered here.")
    details = {"feedback": feedback} if feedback else {}
    if allowed["mode"] == "immediately":
        prorate = allowed["proration_behavior"] != "none"
        invoice_now = allowed["proration_behavior"] == "always_invoice"
        cancel_now(state, subscription, details=details, prorate=prorate, invoice_now=invoice_now)
        return
    params = {"cancel_at_period_end": True, "cancellation_details": details}
    updating.update(state, subscription, params)


def keep(state: State, subscription: Json) -> None:
    """Take a scheduled end back."""
    updating.update(state, subscription, {"cancel_at_period_end": False, "cancel_at": ""})


def ends(state: State, subscription: Json) -> int:
    return period_end(state, subscription)


def save_card(state: State, session: Json, typed: Any) -> Json:
    """Set a card up, and make it the one that is charged, of all the customer's subscriptions.

    `typed` has card, exp_month, exp_year and confirmed. Raises CardError.
    """
    customer = state.require("customer", session["customer"])
    intent = new_setup_intent(state, customer=customer["id"])
    emit(state, "setup_intent.created", intent)
    method = new_card(state, typed.card, exp_month=typed.exp_month, exp_year=typed.exp_year)
    setting_up.confirm(state, intent, payment_method=method["id"], confirmed=typed.confirmed)
    method = attach(state, state.require("payment_method", method["id"]), customer)
    before = present(state, customer)
    customer["invoice_settings"]["default_payment_method"] = method["id"]
    state.save(customer)
    emit(state, "customer.updated", customer, before=before)
    for subscription in state.select("subscription", {"customer": customer["id"]}):
        if subscription["status"] not in ENDED and subscription["default_payment_method"]:
            updating.update(state, subscription, {"default_payment_method": method["id"]})
    return method
