"""Subscriptions: https://docs.stripe.com/api/subscriptions."""

from typing import Any

from stripe_simulator.errors import NotSimulated, StripeError, missing, no_such
from stripe_simulator.events import emit
from stripe_simulator.listing import PAGING, page
from stripe_simulator.objects.subscriptions import ENDED
from stripe_simulator.registry import Call, route
from stripe_simulator.rules import resuming, updating
from stripe_simulator.rules.cancellation import cancel_now
from stripe_simulator.rules.collecting import no_payment_method
from stripe_simulator.rules.subscribing import amount_of, currency_of, start, wanted_items
from stripe_simulator.rules.trials import end_of_new
from stripe_simulator.shapes import Json

_ALL_BUT_ENDED = ["active", "past_due", "incomplete", "trialing", "unpaid", "paused"]
_ITEM_CREATE = {"price", "quantity", "metadata", "tax_rates"}
_CREATE = (
    "automatic_tax billing_cycle_anchor billing_mode cancel_at cancel_at_period_end "
    "collection_method currency customer default_payment_method default_tax_rates description "
    "discounts items metadata off_session payment_behavior payment_settings proration_behavior "
    "trial_end trial_period_days trial_settings"
)


@route("POST", "/v1/subscriptions", honours=_CREATE)
def create(call: Call) -> Json:
    params, state = call.params, call.state
    if "customer" not in params:
        raise missing("customer")
    customer = state.require("customer", params["customer"], param="customer", status=400)
    _refuse_sent_invoices(params)
    _refuse_unsimulated_items(params.get("items") or [])
    wanted = wanted_items(state, params.get("items") or [], name="items")
    behavior = params.get("payment_behavior", "allow_incomplete")
    if behavior == "pending_if_incomplete":
        raise NotSimulated("`pending_if_incomplete`", param="payment_behavior")
    method = params.get("default_payment_method")
    if method:
        state.require("payment_method", method, param="default_payment_method", status=400)
    usable = method or customer["invoice_settings"]["default_payment_method"]
    pays_now = behavior != "default_incomplete"
    costs = amount_of(wanted, currency_of(customer, wanted, params.get("currency")))
    if pays_now and not usable and costs and not end_of_new(state, params):
        raise no_payment_method()
    subscription, decline = start(
        state, customer, wanted, payment_method=method, params=params, pay_now=pays_now
    )
    if decline is not None and behavior == "error_if_incomplete":
        raise decline.error(keeps_changes=False)
    emit(state, "customer.subscription.created", subscription)
    return subscription


@route("GET", "/v1/subscriptions/{subscription}")
def retrieve(call: Call) -> Json:
    return _require(call)


@route("POST", "/v1/subscriptions/{subscription}", honours=updating.HONOURED)
def update(call: Call) -> Json:
    subscription = _require(call)
    updating.update(call.state, subscription, call.params)
    return subscription


@route("POST", "/v1/subscriptions/{subscription}/resume", honours="billing_cycle_anchor")
def resume(call: Call) -> Json:
    subscription = _require(call)
    resuming.resume(call.state, subscription, call.params)
    return _require(call)


@route("DELETE", "/v1/subscriptions/{subscription}/discount")
def delete_discount(call: Call) -> Json:
    subscription = _require(call)
    updating.update(call.state, subscription, {"discounts": ""})
    return {"object": "discount", "deleted": True}


@route(
    "DELETE",
    "/v1/subscriptions/{subscription}",
    honours="cancellation_details invoice_now prorate",
)
def cancel(call: Call) -> Json:
    subscription = _require(call)
    if subscription["status"] in ENDED:
        raise _no_longer_there(subscription)
    return cancel_now(
        call.state,
        subscription,
        details=call.params.get("cancellation_details"),
        invoice_now=call.params.get("invoice_now", False),
        prorate=call.params.get("prorate", False),
    )


@route("GET", "/v1/subscriptions", honours=f"{PAGING} customer price status test_clock")
def list_all(call: Call) -> Json:
    status: Any = call.params.get("status", _ALL_BUT_ENDED)
    if status == "all":
        status = None
    elif status == "ended":
        status = list(ENDED)
    customer = call.params.get("customer")
    if customer and call.state.get("customer", customer) is None:
        raise no_such("customer", customer, param="customer", status=400)
    where: dict[str, Any] = {"customer": customer, "status": status}
    where["test_clock"] = call.params.get("test_clock")
    if price := call.params.get("price"):
        items = call.state.select("subscription_item", {"price": price})
        where["id"] = [item["subscription"] for item in items] or ["none"]
    return page(call, "subscription", where)


def _require(call: Call) -> Json:
    return call.state.require("subscription", call.path["subscription"])


def _no_longer_there(subscription: Json) -> StripeError:
    return StripeError(
        f"No such subscription: '{subscription['id']}'",
        code="resource_missing",
        param="id",
        status=404,
    )


def _refuse_sent_invoices(params: dict[str, Any]) -> None:
    if params.get("collection_method", "charge_automatically") != "charge_automatically":
        raise NotSimulated("Invoices sent by mail", param="collection_method")


def _refuse_unsimulated_items(items: list[dict[str, Any]]) -> None:
    for position, item in enumerate(items):
        for name in item.keys() - _ITEM_CREATE:
            raise NotSimulated(f"An item's `{name}`", param=f"items[{position}][{name}]")
