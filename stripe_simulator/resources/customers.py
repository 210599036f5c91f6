"""Customers: https://docs.stripe.com/api/customers."""

from stripe_simulator.errors import invalid
from stripe_simulator.events import emit
from stripe_simulator.listing import PAGING, page
from stripe_simulator.objects.customers import WRITABLE, apply, create_customer
from stripe_simulator.objects.payment_methods import attach, by_token_or_id
from stripe_simulator.presentation import present
from stripe_simulator.registry import Call, route
from stripe_simulator.rules.cancellation import cancel_now
from stripe_simulator.rules.clocks import attachable
from stripe_simulator.shapes import Json
from stripe_simulator.store import State


@route("POST", "/v1/customers", honours=f"{WRITABLE} payment_method test_clock")
def create(call: Call) -> Json:
    """A new customer; `payment_method` is saved to it, and may be named as its default."""
    params = dict(call.params)
    given = params.pop("payment_method", None)
    if "test_clock" in params:
        attachable(call.state, params["test_clock"])
    customer = create_customer(call.state, **params)
    default = customer["invoice_settings"]["default_payment_method"]
    if given:
        method = by_token_or_id(call.state, given)
        attach(call.state, method, customer)
        if default == given:
            customer["invoice_settings"]["default_payment_method"] = method["id"]
            call.state.save(customer)
    elif default:
        _require_attached(call.state, default, customer["id"])
    return customer


@route("GET", "/v1/customers/{customer}")
def retrieve(call: Call) -> Json:
    gone = call.state.get("customer", call.path["customer"])
    if gone is not None and gone.get("deleted"):
        return gone
    return call.state.require("customer", call.path["customer"])


@route("POST", "/v1/customers/{customer}", honours=WRITABLE)
def update(call: Call) -> Json:
    customer = call.state.require("customer", call.path["customer"])
    before = present(call.state, customer)
    settings = call.params.get("invoice_settings") or {}
    if method := settings.get("default_payment_method"):
        _require_attached(call.state, method, customer["id"])
    apply(customer, call.params)
    call.state.save(customer)
    emit(call.state, "customer.updated", customer, before=before)
    return customer


@route("DELETE", "/v1/customers/{customer}")
def delete(call: Call) -> Json:
    """Delete for good: its subscriptions are canceled at once, as Stripe does."""
    customer = call.state.require("customer", call.path["customer"])
    for subscription in call.state.select("subscription", {"customer": customer["id"]}):
        if subscription["status"] not in ("canceled", "incomplete_expired"):
            cancel_now(call.state, subscription)
    emit(call.state, "customer.deleted", customer)
    return call.state.save({"id": customer["id"], "object": "customer", "deleted": True})


@route("GET", "/v1/customers", honours=f"{PAGING} email test_clock")
def list_all(call: Call) -> Json:
    return page(call, "customer", {name: call.params.get(name) for name in ("email", "test_clock")})


def _require_attached(state: State, method: str, customer: str) -> None:
    found = state.require("payment_method", method, param="default_payment_method", status=400)
    if found["customer"] != customer:
        raise invalid(
            f"The customer does not have a payment method with the ID {method}. The payment "
            "method must be attached to the customer.",
            "invoice_settings[default_payment_method]",
            code="resource_missing",
        )
