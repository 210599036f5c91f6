"""Subscription items: https://docs.stripe.com/api/subscription_items."""

from stripe_simulator.listing import page
from stripe_simulator.registry import Call, route
from stripe_simulator.shapes import Json


@route("GET", "/v1/subscription_items/{item}")
def retrieve(call: Call) -> Json:
    return call.state.require("subscription_item", call.path["item"], param="item")


@route("GET", "/v1/subscription_items", honours="limit starting_after ending_before subscription")
def list_all(call: Call) -> Json:
    where = {"subscription": call.params["subscription"]}
    return page(call, "subscription_item", where, newest_first=False)
