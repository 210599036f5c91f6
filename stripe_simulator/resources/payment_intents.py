"""Payment intents: https://docs.stripe.com/api/payment_intents. Made by invoices; read here."""

from stripe_simulator.listing import PAGING, page
from stripe_simulator.registry import Call, route
from stripe_simulator.shapes import Json


@route("GET", "/v1/payment_intents/{intent}")
def retrieve(call: Call) -> Json:
    return call.state.require("payment_intent", call.path["intent"], param="intent")


@route("GET", "/v1/payment_intents", honours=f"{PAGING} customer")
def list_all(call: Call) -> Json:
    return page(call, "payment_intent", {"customer": call.params.get("customer")})
