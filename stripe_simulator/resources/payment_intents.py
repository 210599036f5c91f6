"""Payment intents: https://docs.stripe.com/api/payment_intents. Made by invoices; read here."""

from stripe_simulator.errors import StripeError
from stripe_simulator.listing import PAGING, page
from stripe_simulator.registry import Call, route
from stripe_simulator.rules import paying
from stripe_simulator.shapes import Json


@route("GET", "/v1/payment_intents/{intent}")
def retrieve(call: Call) -> Json:
    return call.state.require("payment_intent", call.path["intent"], param="intent")


@route(
    "POST", "/v1/payment_intents/{intent}/confirm", honours="off_session payment_method return_url"
)
def confirm(call: Call) -> Json:
    """Try again, perhaps with another card: the payment of an invoice, as all of them are here."""
    intent = retrieve(call)
    if intent["status"] not in ("requires_payment_method", "requires_action"):
        raise StripeError(
            f"You cannot confirm this PaymentIntent because it has a status of {intent['status']}.",
            code="payment_intent_unexpected_state",
        )
    invoice = paying.invoice_of(call.state, intent)
    decline = paying.pay(call.state, invoice, payment_method=call.params.get("payment_method"))
    if decline is not None and not decline.asks_for_authentication:
        raise decline.error()
    intent = retrieve(call)
    if decline is not None and call.params.get("return_url"):
        url = f"{call.state.public_url}/authenticate/{intent['id']}"
        intent["next_action"] = {
            "type": "redirect_to_url",
            "redirect_to_url": {"return_url": call.params["return_url"], "url": url},
        }
        call.state.save(intent)
    return intent


@route("GET", "/v1/payment_intents", honours=f"{PAGING} customer")
def list_all(call: Call) -> Json:
    return page(call, "payment_intent", {"customer": call.params.get("customer")})
