"""Prices that are said where they are used (`price_data`): kept as inactive ones, and never listed as for
sale."""

from typing import Any

import stripe

from stripe_simulator.errors import invalid, missing
from stripe_simulator.identifiers import new_id
from stripe_simulator.objects.prices import currency_option
from stripe_simulator.objects.products import create_product
from stripe_simulator.shapes import Json, shape
from stripe_simulator.sources import documented
from stripe_simulator.store import State


@documented("products-prices/pricing-models#inline-pricing")
def inline_price(state: State, data: dict[str, Any], *, name: str) -> Json:
    """A one-time price for this use; `name` is the parameter's. Raises StripeError."""
    if data.get("recurring"):
        raise invalid("Only one-time prices can be passed in `payment` mode.", f"{name}[recurring]")
    if ("product" in data) == ("product_data" in data):
        raise invalid("Pass either `product` or `product_data`.", f"{name}[product]")
    if "unit_amount" not in data and "unit_amount_decimal" not in data:
        raise missing(f"{name}[unit_amount]")
    if int(data.get("unit_amount", 0)) < 0:
        raise invalid("This value must be greater than or equal to 0.", f"{name}[unit_amount]")
    if "product" in data:
        product = state.require("product", data["product"], param=f"{name}[product]", status=400)
    else:
        product = create_product(state, **data["product_data"])
    currency, tax_behavior = data["currency"].lower(), data.get("tax_behavior", "unspecified")
    option = currency_option(data, tax_behavior)
    return state.save(
        shape(
            stripe.Price,
            id=new_id("price"),
            active=False,
            billing_scheme="per_unit",
            created=state.now(),
            currency=currency,
            livemode=False,
            metadata={},
            product=product["id"],
            tax_behavior=tax_behavior,
            type="one_time",
            unit_amount=option["unit_amount"],
            unit_amount_decimal=option["unit_amount_decimal"],
            _currency_options={currency: option},
        )
    )
