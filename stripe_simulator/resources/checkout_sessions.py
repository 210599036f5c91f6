"""Checkout sessions: https://docs.stripe.com/api/checkout/sessions."""

from stripe_simulator.listing import PAGING, page
from stripe_simulator.objects.checkout_sessions import line_items
from stripe_simulator.registry import Call, route
from stripe_simulator.rules import checkout, checkout_payment, checkout_setup
from stripe_simulator.shapes import Json, list_object

_HONOURED = (
    "allow_promotion_codes automatic_tax billing_address_collection cancel_url "
    "client_reference_id currency custom_text customer customer_email customer_update discounts "
    "expires_at line_items locale metadata mode payment_intent_data payment_method_collection "
    "payment_method_types setup_intent_data submit_type subscription_data success_url "
    "tax_id_collection ui_mode"
)
_OPENERS = {
    "payment": checkout_payment.open_session,
    "setup": checkout_setup.open_session,
}


@route("POST", "/v1/checkout/sessions", honours=_HONOURED)
def create(call: Call) -> Json:
    open_session = _OPENERS.get(call.params.get("mode", ""), checkout.open_session)
    return open_session(call.state, call.params)


@route("GET", "/v1/checkout/sessions/{session}")
def retrieve(call: Call) -> Json:
    return _require(call)


@route("POST", "/v1/checkout/sessions/{session}/expire")
def expire(call: Call) -> Json:
    return checkout.expire(call.state, _require(call))


@route(
    "GET",
    "/v1/checkout/sessions/{session}/line_items",
    honours="limit starting_after ending_before",
)
def list_line_items(call: Call) -> Json:
    return list_object(line_items(call.state, _require(call)), url=call.url)


@route("GET", "/v1/checkout/sessions", honours=f"{PAGING} customer status subscription")
def list_all(call: Call) -> Json:
    where = {name: call.params.get(name) for name in ("customer", "status", "subscription")}
    return page(call, "checkout.session", where)


def _require(call: Call) -> Json:
    return call.state.require("checkout.session", call.path["session"], param="session")
