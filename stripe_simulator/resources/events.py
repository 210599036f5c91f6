"""Events: https://docs.stripe.com/api/events."""

from stripe_simulator.listing import PAGING, page
from stripe_simulator.registry import Call, route
from stripe_simulator.shapes import Json


@route("GET", "/v1/events/{id}")
def retrieve(call: Call) -> Json:
    return call.state.require("event", call.path["id"])


@route("GET", "/v1/events", honours=f"{PAGING} type types")
def list_all(call: Call) -> Json:
    return page(call, "event", {"type": call.params.get("type", call.params.get("types"))})
