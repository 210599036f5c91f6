"""Products: https://docs.stripe.com/api/products."""

from stripe_simulator.errors import StripeError
from stripe_simulator.events import emit
from stripe_simulator.listing import PAGING, page
from stripe_simulator.objects.products import FIELDS, apply, create_product
from stripe_simulator.presentation import present
from stripe_simulator.registry import Call, route
from stripe_simulator.shapes import Json


@route("POST", "/v1/products", honours=f"{FIELDS} id metadata")
def create(call: Call) -> Json:
    return create_product(call.state, **call.params)


@route("GET", "/v1/products/{id}")
def retrieve(call: Call) -> Json:
    return call.state.require("product", call.path["id"])


@route("POST", "/v1/products/{id}", honours=f"{FIELDS} default_price metadata")
def update(call: Call) -> Json:
    product = call.state.require("product", call.path["id"])
    before = present(call.state, product)
    apply(product, call.params)
    if default := call.params.get("default_price"):
        call.state.require("price", default, param="default_price", status=400)
        product["default_price"] = default
    product["updated"] = call.now
    call.state.save(product)
    emit(call.state, "product.updated", product, before=before)
    return product


@route("DELETE", "/v1/products/{id}")
def delete(call: Call) -> Json:
    product = call.state.require("product", call.path["id"])
    if call.state.select("price", {"product": product["id"]}, limit=1):
        raise StripeError(
            "This product cannot be deleted because it has one or more user-created prices."
        )
    call.state.remove("product", product["id"])
    emit(call.state, "product.deleted", product)
    return {"id": product["id"], "object": "product", "deleted": True}


@route("GET", "/v1/products", honours=f"{PAGING} active ids url")
def list_all(call: Call) -> Json:
    wanted = call.params
    where = {"active": wanted.get("active"), "id": wanted.get("ids"), "url": wanted.get("url")}
    return page(call, "product", where)
