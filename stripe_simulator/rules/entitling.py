"""Entitlements: the features that a customer's running subscriptions give, and telling of changes."""

import stripe

from stripe_simulator.errors import no_such
from stripe_simulator.events import after, emit
from stripe_simulator.objects.subscription_items import items_of, price_of
from stripe_simulator.presentation import presenter
from stripe_simulator.shapes import Json, list_object, shape
from stripe_simulator.sources import assumed, documented
from stripe_simulator.store import State

_KNOWN = "simulator.entitled"
_GIVING = ("active", "trialing", "past_due")


@presenter("product_feature")
def _present(state: State, attached: Json) -> Json:
    feature = state.require("entitlements.feature", attached["_feature"])
    return attached | {"entitlement_feature": feature}


@documented("billing/entitlements")
@assumed("a subscription that is past due still gives its features; one unpaid or paused does not")
def active(state: State, customer: str) -> list[Json]:
    """One for each feature of each product that the customer has, by identifier."""
    features = set()
    for subscription in state.select("subscription", {"customer": customer}):
        if subscription["status"] not in _GIVING:
            continue
        for item in items_of(state, subscription["id"]):
            product = price_of(state, item)["product"]
            attached = state.select("product_feature", {"_product": product})
            features |= {one["_feature"] for one in attached}
    return [_entitlement(state, customer, feature) for feature in sorted(features)]


def _entitlement(state: State, customer: str, id: str) -> Json:
    feature = state.require("entitlements.feature", id)
    return shape(
        stripe.entitlements.ActiveEntitlement,
        id=f"ent_test_{customer.removeprefix('cus_')}{id.removeprefix('feat_')}",
        feature=feature["id"],
        livemode=False,
        lookup_key=feature["lookup_key"],
    )


def named(state: State, id: str) -> Json:
    """The active entitlement with this identifier. Raises StripeError."""
    for customer in state.select("customer"):
        if customer["id"].removeprefix("cus_") in id and not customer.get("deleted"):
            for one in active(state, customer["id"]):
                if one["id"] == id:
                    return one
    raise no_such("active entitlement", id)


@documented("billing/entitlements#webhooks")
def refresh(state: State, customer: str) -> None:
    """Tell of the customer's features when they have changed since they were last told."""
    found = active(state, customer)
    now = [one["lookup_key"] for one in found]
    known = state.get(_KNOWN, customer) or {"keys": []}
    if now == known["keys"]:
        return
    state.save({"id": customer, "object": _KNOWN, "keys": now})
    url = f"/v1/customer/{customer}/entitlements"
    summary = shape(
        stripe.entitlements.ActiveEntitlementSummary,
        customer=customer,
        entitlements=list_object(found, url=url),
        livemode=False,
    )
    previous = {"entitlements": {"data": known["keys"]}}
    emit(
        state,
        "entitlements.active_entitlement_summary.updated",
        summary,
        before=summary | previous,
    )


@after("customer.subscription.created")
@after("customer.subscription.updated")
@after("customer.subscription.deleted")
def _follow(state: State, subscription: Json) -> None:
    refresh(state, subscription["customer"])


def refresh_all(state: State, product: str) -> None:
    """After the features of a product changed: tell each customer that has it."""
    prices = {price["id"] for price in state.select("price", {"product": product})}
    customers = {
        state.require("subscription", item["subscription"])["customer"]
        for item in state.select("subscription_item", {"price": sorted(prices) or ["none"]})
    }
    for customer in sorted(customers):
        refresh(state, customer)
