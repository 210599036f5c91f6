"""Features, of products and of customers: https://docs.stripe.com/api/entitlements/feature."""

import stripe

from stripe_simulator.errors import StripeError
from stripe_simulator.identifiers import new_id
from stripe_simulator.listing import PAGING, page
from stripe_simulator.metadata import merge_metadata
from stripe_simulator.presentation import present
from stripe_simulator.registry import Call, route
from stripe_simulator.rules import entitling
from stripe_simulator.shapes import Json, list_object, shape

_KIND = "entitlements.feature"
_OF_PRODUCT = "/v1/products/{product}/features"


@route("POST", "/v1/entitlements/features", honours="lookup_key metadata name")
def create(call: Call) -> Json:
    key = call.params["lookup_key"]
    if call.state.select(_KIND, {"lookup_key": key}):
        raise StripeError(
            f"A feature with the lookup key `{key}` already exists.",
            code="resource_already_exists",
            param="lookup_key",
        )
    feature = shape(
        stripe.entitlements.Feature,
        id=new_id("feat"),
        active=True,
        livemode=False,
        lookup_key=key,
        metadata={},
        name=call.params["name"],
    )
    merge_metadata(feature, call.params)
    return call.state.save(feature)


@route("GET", "/v1/entitlements/features/{id}")
def retrieve(call: Call) -> Json:
    return call.state.require(_KIND, call.path["id"])


@route("POST", "/v1/entitlements/features/{id}", honours="active metadata name")
def update(call: Call) -> Json:
    feature = retrieve(call)
    for name in ("active", "name"):
        if name in call.params:
            feature[name] = call.params[name]
    merge_metadata(feature, call.params)
    return call.state.save(feature)


@route(
    "GET",
    "/v1/entitlements/features",
    honours="limit starting_after ending_before archived lookup_key",
)
def list_all(call: Call) -> Json:
    archived = call.params.get("archived", False)
    where = {"active": not archived, "lookup_key": call.params.get("lookup_key")}
    return page(call, _KIND, where)


@route("POST", _OF_PRODUCT, honours="entitlement_feature")
def attach(call: Call) -> Json:
    product = call.state.require("product", call.path["product"], param="product")
    feature = call.params["entitlement_feature"]
    call.state.require(_KIND, feature, param="entitlement_feature", status=400)
    made = {"object": "product_feature"} | shape(
        stripe.ProductFeature,
        id=new_id("prodft"),
        entitlement_feature=None,
        livemode=False,
        _feature=feature,
        _product=product["id"],
    )
    call.state.save(made)
    entitling.refresh_all(call.state, product["id"])
    return made


@route("GET", f"{_OF_PRODUCT}/{{id}}")
def retrieve_attached(call: Call) -> Json:
    return call.state.require("product_feature", call.path["id"])


@route("DELETE", f"{_OF_PRODUCT}/{{id}}")
def detach(call: Call) -> Json:
    found = retrieve_attached(call)
    call.state.remove("product_feature", found["id"])
    entitling.refresh_all(call.state, found["_product"])
    return {"id": found["id"], "object": "product_feature", "deleted": True}


@route("GET", _OF_PRODUCT, honours=PAGING)
def list_attached(call: Call) -> Json:
    call.state.require("product", call.path["product"], param="product")
    return page(call, "product_feature", {"_product": call.path["product"]})


@route(
    "GET",
    "/v1/entitlements/active_entitlements",
    honours="customer limit starting_after ending_before",
)
def list_active(call: Call) -> Json:
    call.state.require("customer", call.params["customer"], param="customer", status=400)
    active = [
        present(call.state, one) for one in entitling.active(call.state, call.params["customer"])
    ]
    active = [one for one in active if one["id"] > call.params.get("starting_after", "")]
    limit = call.params.get("limit", 10)
    return list_object(active[:limit], url=call.url, has_more=len(active) > limit)


@route("GET", "/v1/entitlements/active_entitlements/{id}")
def retrieve_active(call: Call) -> Json:
    return entitling.named(call.state, call.path["id"])
