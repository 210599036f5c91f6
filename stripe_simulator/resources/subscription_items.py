"""Subscription items: https://docs.stripe.com/api/subscription_items. Changing one is an update of
its subscription."""

from typing import Any

from stripe_simulator.listing import page
from stripe_simulator.objects.subscription_items import items_of
from stripe_simulator.registry import Call, route
from stripe_simulator.rules import updating
from stripe_simulator.shapes import Json

_ITEM = "metadata price quantity tax_rates"
_HOW = "payment_behavior proration_behavior proration_date"


@route("POST", "/v1/subscription_items", honours=f"subscription {_ITEM} {_HOW}")
def create(call: Call) -> Json:
    subscription = call.state.require(
        "subscription", call.params["subscription"], param="subscription", status=400
    )
    _update(call, subscription, {})
    return items_of(call.state, subscription["id"])[-1]


@route("GET", "/v1/subscription_items/{item}")
def retrieve(call: Call) -> Json:
    return call.state.require("subscription_item", call.path["item"], param="item")


@route("POST", "/v1/subscription_items/{item}", honours=f"{_ITEM} off_session {_HOW}")
def update(call: Call) -> Json:
    item = retrieve(call)
    _update(call, _subscription(call, item), {"id": item["id"]})
    return retrieve(call)


@route("DELETE", "/v1/subscription_items/{item}", honours=_HOW)
def delete(call: Call) -> Json:
    item = retrieve(call)
    _update(call, _subscription(call, item), {"id": item["id"], "deleted": True})
    return {"id": item["id"], "object": "subscription_item", "deleted": True}


def _subscription(call: Call, item: Json) -> Json:
    return call.state.require("subscription", item["subscription"])


def _update(call: Call, subscription: Json, change: dict[str, Any]) -> None:
    given = {name: call.params[name] for name in _ITEM.split() if name in call.params}
    how = {name: call.params[name] for name in _HOW.split() if name in call.params}
    updating.update(call.state, subscription, {"items": [change | given], **how})


@route("GET", "/v1/subscription_items", honours="limit starting_after ending_before subscription")
def list_all(call: Call) -> Json:
    where = {"subscription": call.params["subscription"]}
    return page(call, "subscription_item", where, newest_first=False)
