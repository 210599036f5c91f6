"""Prices: https://docs.stripe.com/api/prices. Licensed, per unit; one-time or recurring."""

from decimal import Decimal
from typing import Any

import stripe

from stripe_simulator.errors import NotSimulated, StripeError, invalid, missing
from stripe_simulator.events import emit
from stripe_simulator.identifiers import new_id
from stripe_simulator.listing import PAGING, page
from stripe_simulator.metadata import merge_metadata
from stripe_simulator.objects.products import create_product
from stripe_simulator.presentation import present
from stripe_simulator.registry import Call, route
from stripe_simulator.shapes import Json, shape
from stripe_simulator.store import State

_UPDATABLE = "active lookup_key metadata nickname tax_behavior transfer_lookup_key"


@route(
    "POST",
    "/v1/prices",
    honours=f"{_UPDATABLE} billing_scheme currency product product_data recurring unit_amount "
    "unit_amount_decimal",
)
def create(call: Call) -> Json:
    params = call.params
    recurring = _recurring(params.get("recurring"))
    if params.get("billing_scheme") == "tiered":
        raise NotSimulated("Tiered pricing", param="billing_scheme")
    amount, exact = _amounts(params)
    price = shape(
        stripe.Price,
        id=new_id("price"),
        active=params.get("active", True),
        billing_scheme="per_unit",
        created=call.now,
        currency=params["currency"].lower(),
        livemode=False,
        metadata={},
        nickname=params.get("nickname"),
        product=_product(call.state, params),
        recurring=recurring,
        tax_behavior=params.get("tax_behavior", "unspecified"),
        type="recurring" if recurring else "one_time",
        unit_amount=amount,
        unit_amount_decimal=exact,
    )
    merge_metadata(price, params)
    _give_lookup_key(call.state, price, params)
    call.state.save(price)
    emit(call.state, "price.created", price)
    return price


@route("GET", "/v1/prices/{price}")
def retrieve(call: Call) -> Json:
    return call.state.require("price", call.path["price"], param="price")


@route("POST", "/v1/prices/{price}", honours=_UPDATABLE)
def update(call: Call) -> Json:
    price = call.state.require("price", call.path["price"], param="price")
    before = present(call.state, price)
    for name in ("active", "nickname", "tax_behavior"):
        if name in call.params:
            price[name] = call.params[name]
    merge_metadata(price, call.params)
    _give_lookup_key(call.state, price, call.params)
    call.state.save(price)
    emit(call.state, "price.updated", price, before=before)
    return price


@route("GET", "/v1/prices", honours=f"{PAGING} active currency lookup_keys product recurring type")
def list_all(call: Call) -> Json:
    wanted = call.params
    where = {
        "active": wanted.get("active"),
        "currency": wanted.get("currency"),
        "lookup_key": wanted.get("lookup_keys"),
        "product": wanted.get("product"),
        "type": wanted.get("type"),
    }
    for name, value in (wanted.get("recurring") or {}).items():
        where[f"recurring.{name}"] = value
    return page(call, "price", where)


def _recurring(given: dict[str, Any] | None) -> Json | None:
    if given is None:
        return None
    for name in ("meter", "trial_period_days"):
        if name in given:
            raise NotSimulated(f"A price's `{name}`", param=f"recurring[{name}]")
    if given.get("usage_type", "licensed") != "licensed":
        raise NotSimulated("Metered usage", param="recurring[usage_type]")
    return shape(
        stripe.Price.Recurring,
        interval=given["interval"],
        interval_count=given.get("interval_count", 1),
        usage_type="licensed",
    )


def _amounts(params: dict[str, Any]) -> tuple[int | None, str]:
    """Whole minor units (None when there is a fraction) and the exact decimal."""
    if ("unit_amount" in params) == ("unit_amount_decimal" in params):
        raise (
            missing("unit_amount")
            if "unit_amount" not in params
            else invalid(
                "You may only specify one of these parameters: unit_amount, unit_amount_decimal.",
                "unit_amount",
            )
        )
    exact = Decimal(str(params.get("unit_amount", params.get("unit_amount_decimal"))))
    if exact < 0:
        raise invalid(
            "This value must be greater than or equal to 0.",
            "unit_amount",
            code="parameter_invalid_integer",
        )
    whole = int(exact) if exact == exact.to_integral_value() else None
    return whole, f"{exact.normalize():f}"


def _product(state: State, params: dict[str, Any]) -> str:
    if "product_data" in params:
        return str(create_product(state, **params["product_data"])["id"])
    if "product" not in params:
        raise missing("product")
    return str(state.require("product", params["product"], param="product", status=400)["id"])


def _give_lookup_key(state: State, price: Json, params: dict[str, Any]) -> None:
    """Set the lookup key, taking it from another price only when asked to."""
    if "lookup_key" not in params:
        return
    key = params["lookup_key"] or None
    holders = state.select("price", {"lookup_key": key}) if key else []
    for holder in holders:
        if holder["id"] == price["id"]:
            continue
        if not params.get("transfer_lookup_key"):
            raise StripeError(
                f"A price (`{holder['id']}`) already uses that lookup key.", param="lookup_key"
            )
        before = present(state, holder)
        holder["lookup_key"] = None
        state.save(holder)
        emit(state, "price.updated", holder, before=before)
    price["lookup_key"] = key
