"""Charges: https://docs.stripe.com/api/charges. Each attempt to take money is one."""

from stripe_simulator.listing import PAGING, page
from stripe_simulator.registry import Call, route
from stripe_simulator.shapes import Json


@route("GET", "/v1/charges/{charge}")
def retrieve(call: Call) -> Json:
    return call.state.require("charge", call.path["charge"], param="charge")


@route("GET", "/v1/charges", honours=f"{PAGING} customer payment_intent")
def list_all(call: Call) -> Json:
    where = {name: call.params.get(name) for name in ("customer", "payment_intent")}
    return page(call, "charge", where)
