"""Payment methods: https://docs.stripe.com/api/payment_methods. Cards only."""

from stripe_simulator.cards import TOKENS, TestCard, by_number
from stripe_simulator.errors import NotSimulated, invalid, missing
from stripe_simulator.events import emit
from stripe_simulator.listing import PAGING, page
from stripe_simulator.metadata import merge_metadata
from stripe_simulator.objects.payment_methods import LAST_YEAR, attach, by_token_or_id, new_card
from stripe_simulator.presentation import present
from stripe_simulator.registry import Call, route
from stripe_simulator.shapes import Json


@route("POST", "/v1/payment_methods", honours="type card billing_details metadata")
def create(call: Call) -> Json:
    if call.params.get("type") != "card":
        raise NotSimulated("A payment method that is not a card", param="type")
    card = call.params.get("card")
    if not card:
        raise missing("card")
    if "token" in card:
        test_card = _by_token(card["token"], "card[token]")
    elif "number" in card:
        test_card = by_number(card["number"])
    else:
        raise missing("card[number]")
    method = new_card(
        call.state,
        test_card,
        exp_month=card.get("exp_month", 12),
        exp_year=card.get("exp_year", LAST_YEAR),
        billing_details=call.params.get("billing_details"),
    )
    merge_metadata(method, call.params)
    return call.state.save(method)


@route("GET", "/v1/payment_methods/{payment_method}")
def retrieve(call: Call) -> Json:
    return _require(call)


@route("POST", "/v1/payment_methods/{payment_method}", honours="billing_details metadata")
def update(call: Call) -> Json:
    method = _require(call)
    before = present(call.state, method)
    method["billing_details"] |= call.params.get("billing_details") or {}
    merge_metadata(method, call.params)
    call.state.save(method)
    emit(call.state, "payment_method.updated", method, before=before)
    return method


@route("POST", "/v1/payment_methods/{payment_method}/attach", honours="customer")
def attach_to(call: Call) -> Json:
    if "customer" not in call.params:
        raise missing("customer")
    customer = call.state.require("customer", call.params["customer"], param="customer", status=400)
    method = by_token_or_id(call.state, call.path["payment_method"], status=404)
    return attach(call.state, method, customer)


@route("POST", "/v1/payment_methods/{payment_method}/detach")
def detach(call: Call) -> Json:
    method = _require(call)
    if not method["customer"]:
        raise invalid(
            "The payment method you provided is not attached to a customer so detachment is "
            "impossible.",
            "payment_method",
        )
    customer = call.state.require("customer", method["customer"])
    before = present(call.state, method)
    method["customer"] = None
    call.state.save(method)
    if customer["invoice_settings"]["default_payment_method"] == method["id"]:
        customer["invoice_settings"]["default_payment_method"] = None
        call.state.save(customer)
    emit(call.state, "payment_method.detached", method, before=before)
    return method


@route("GET", "/v1/payment_methods", honours=f"{PAGING} customer type")
def list_all(call: Call) -> Json:
    return page(
        call,
        "payment_method",
        {"customer": call.params.get("customer"), "type": call.params.get("type")},
    )


@route("GET", "/v1/customers/{customer}/payment_methods", honours=f"{PAGING} type")
def list_of_customer(call: Call) -> Json:
    call.state.require("customer", call.path["customer"], param="customer")
    where = {"customer": call.path["customer"], "type": call.params.get("type")}
    return page(call, "payment_method", where)


def _require(call: Call) -> Json:
    return call.state.require("payment_method", call.path["payment_method"], param="payment_method")


def _by_token(name: str, param: str) -> TestCard:
    if name not in TOKENS:
        raise invalid(f"No such token: '{name}'", param, code="resource_missing")
    return TOKENS[name]
