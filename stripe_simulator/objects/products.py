"""Products: https://docs.stripe.com/api/products."""

from typing import Any

import stripe

from stripe_simulator.errors import invalid
from stripe_simulator.events import emit
from stripe_simulator.identifiers import new_id
from stripe_simulator.metadata import merge_metadata
from stripe_simulator.shapes import Json, shape
from stripe_simulator.store import State

FIELDS = (
    "active description images marketing_features name shippable statement_descriptor tax_code "
    "unit_label url"
)


def create_product(state: State, **params: Any) -> Json:
    """A new product, with its event. `params` are those of the API route."""
    id = params.pop("id", None) or new_id("prod")
    if state.get("product", id):
        raise invalid(f"Product already exists: '{id}'.", "id", code="resource_already_exists")
    product = shape(
        stripe.Product,
        id=id,
        active=True,
        created=state.now(),
        images=[],
        livemode=False,
        marketing_features=[],
        metadata={},
        name=params["name"],
        type="service",
        updated=state.now(),
    )
    apply(product, params)
    state.save(product)
    emit(state, "product.created", product)
    return product


def apply(product: Json, params: dict[str, Any]) -> None:
    for name in FIELDS.split():
        if name in params:
            emptied: Any = [] if name in ("images", "marketing_features") else None
            product[name] = emptied if params[name] == "" else params[name]
    merge_metadata(product, params)
