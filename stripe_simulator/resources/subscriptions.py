"""Subscriptions: https://docs.stripe.com/api/subscriptions."""

from typing import Any

from stripe_simulator.cards import Decline
from stripe_simulator.errors import NotSimulated, StripeError, invalid, missing, no_such
from stripe_simulator.events import emit
from stripe_simulator.listing import PAGING, page
from stripe_simulator.metadata import merge_metadata
from stripe_simulator.objects.subscription_items import items_of
from stripe_simulator.objects.subscriptions import ENDED
from stripe_simulator.presentation import present
from stripe_simulator.registry import Call, route
from stripe_simulator.rules import changes
from stripe_simulator.rules.cancellation import cancel_now, set_cancel_at_period_end
from stripe_simulator.rules.invoicing import no_payment_method
from stripe_simulator.rules.subscribing import start, wanted_items
from stripe_simulator.shapes import Json

_ALL_BUT_ENDED = ["active", "past_due", "incomplete", "trialing", "unpaid", "paused"]
_ITEM_CREATE = {"price", "quantity", "metadata"}
_ITEM_UPDATE = {"id", "price", "quantity"}


@route(
    "POST",
    "/v1/subscriptions",
    honours="collection_method customer default_payment_method description items metadata "
    "off_session payment_behavior",
)
def create(call: Call) -> Json:
    params, state = call.params, call.state
    if "customer" not in params:
        raise missing("customer")
    customer = state.require("customer", params["customer"], param="customer", status=400)
    _refuse_sent_invoices(params)
    _refuse_unsimulated_items(params.get("items") or [], _ITEM_CREATE)
    wanted = wanted_items(state, params.get("items") or [], name="items")
    behavior = params.get("payment_behavior", "allow_incomplete")
    if behavior == "pending_if_incomplete":
        raise NotSimulated("`pending_if_incomplete`", param="payment_behavior")
    method = params.get("default_payment_method")
    if method:
        state.require("payment_method", method, param="default_payment_method", status=400)
    usable = method or customer["invoice_settings"]["default_payment_method"]
    pays_now = behavior != "default_incomplete"
    if pays_now and not usable and any(one.price["unit_amount"] for one in wanted):
        raise no_payment_method()
    subscription, decline = start(
        state, customer, wanted, payment_method=method, params=params, pay_now=pays_now
    )
    _refuse_incomplete(decline, behavior)
    emit(state, "customer.subscription.created", subscription)
    return subscription


@route("GET", "/v1/subscriptions/{subscription}")
def retrieve(call: Call) -> Json:
    return _require(call)


@route(
    "POST",
    "/v1/subscriptions/{subscription}",
    honours="cancel_at_period_end cancellation_details default_payment_method description items "
    "metadata off_session payment_behavior proration_behavior proration_date",
)
def update(call: Call) -> Json:
    subscription, params, state = _require(call), call.params, call.state
    before = present(state, subscription)
    if subscription["status"] in ENDED and params.keys() - {"metadata", "cancellation_details"}:
        raise StripeError(
            "A canceled subscription can only update its cancellation_details and metadata.",
            code="resource_missing",
        )
    _apply(call, subscription)
    outcome = changes.Outcome([])
    if "items" in params:
        outcome = _change_items(call, subscription)
        subscription |= {"latest_invoice": _require(call)["latest_invoice"]}
    if outcome.decline:
        subscription["status"] = "past_due"
    # Last, because another interval moves the end of the period.
    if "cancel_at_period_end" in params:
        set_cancel_at_period_end(state, subscription, params["cancel_at_period_end"])
    state.save(subscription)
    if present(state, subscription) != before:
        emit(state, "customer.subscription.updated", subscription, before=before)
    changes.announce(state, outcome.prorations)
    return subscription


def _apply(call: Call, subscription: Json) -> None:
    params = call.params
    if "description" in params:
        subscription["description"] = params["description"] or None
    if method := params.get("default_payment_method"):
        call.state.require("payment_method", method, param="default_payment_method", status=400)
        subscription["default_payment_method"] = method
    for name, value in (params.get("cancellation_details") or {}).items():
        subscription["cancellation_details"][name] = value or None
    merge_metadata(subscription, params)
    call.state.save(subscription)


def _change_items(call: Call, subscription: Json) -> changes.Outcome:
    params = call.params
    _refuse_unsimulated_items(params["items"], _ITEM_UPDATE)
    behavior = params.get("payment_behavior", "allow_incomplete")
    if behavior not in ("allow_incomplete", "error_if_incomplete"):
        raise NotSimulated(f"`{behavior}` on an update", param="payment_behavior")
    at = params.get("proration_date", call.now)
    for item in items_of(call.state, subscription["id"]):
        if not item["current_period_start"] <= at <= item["current_period_end"]:
            raise invalid("Invalid timestamp: must be within the current period.", "proration_date")
    outcome = changes.change_items(
        call.state,
        subscription,
        params["items"],
        behavior=params.get("proration_behavior", "create_prorations"),
        at=at,
    )
    _refuse_incomplete(outcome.decline, behavior)
    return outcome


@route(
    "DELETE",
    "/v1/subscriptions/{subscription}",
    honours="cancellation_details invoice_now prorate",
)
def cancel(call: Call) -> Json:
    subscription = _require(call)
    for name in ("invoice_now", "prorate"):
        if call.params.get(name):
            raise NotSimulated(f"`{name}` on a cancellation", param=name)
    if subscription["status"] in ENDED:
        raise _no_longer_there(subscription)
    details = call.params.get("cancellation_details")
    return cancel_now(call.state, subscription, details=details)


@route("GET", "/v1/subscriptions", honours=f"{PAGING} customer price status")
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


def _refuse_unsimulated_items(items: list[dict[str, Any]], honoured: set[str]) -> None:
    for position, item in enumerate(items):
        for name in item.keys() - honoured:
            raise NotSimulated(f"An item's `{name}`", param=f"items[{position}][{name}]")


def _refuse_incomplete(decline: Decline | None, behavior: str) -> None:
    if decline is not None and behavior == "error_if_incomplete":
        raise decline.error(keeps_changes=False)
