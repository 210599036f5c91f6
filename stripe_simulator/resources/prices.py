"""Prices: https://docs.stripe.com/api/prices."""

from decimal import Decimal
from typing import Any

import stripe

from stripe_simulator.errors import NotSimulated, StripeError, invalid, missing
from stripe_simulator.events import emit
from stripe_simulator.identifiers import new_id
from stripe_simulator.listing import PAGING, page
from stripe_simulator.metadata import merge_metadata
from stripe_simulator.objects.prices import currency_option
from stripe_simulator.objects.products import create_product
from stripe_simulator.presentation import present
from stripe_simulator.registry import Call, route
from stripe_simulator.shapes import Json, shape
from stripe_simulator.store import State

_UPDATABLE = "active lookup_key metadata nickname tax_behavior transfer_lookup_key"


@route(
    "POST",
    "/v1/prices",
    honours=f"{_UPDATABLE} billing_scheme currency currency_options product product_data recurring "
    "tiers tiers_mode transform_quantity unit_amount unit_amount_decimal",
)
def create(call: Call) -> Json:
    params = call.params
    recurring = _recurring(call.state, params.get("recurring"))
    tiered = params.get("billing_scheme") == "tiered"
    currency, tax_behavior = params["currency"].lower(), params.get("tax_behavior", "unspecified")
    given = {currency: params, **(params.get("currency_options") or {})}
    for code, option in given.items():
        _check_option(option, tiered, "" if option is params else f"currency_options[{code}]")
    options = {code: currency_option(option, tax_behavior) for code, option in given.items()}
    price = shape(
        stripe.Price,
        id=new_id("price"),
        active=params.get("active", True),
        billing_scheme="tiered" if tiered else "per_unit",
        created=call.now,
        currency=currency,
        livemode=False,
        metadata={},
        nickname=params.get("nickname"),
        product=_product(call.state, params),
        recurring=recurring,
        tax_behavior=tax_behavior,
        tiers_mode=_tiers_mode(params, tiered),
        transform_quantity=_transform(params, tiered),
        type="recurring" if recurring else "one_time",
        unit_amount=options[currency]["unit_amount"],
        unit_amount_decimal=options[currency]["unit_amount_decimal"],
        _currency_options=options,
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


def _recurring(state: State, given: dict[str, Any] | None) -> Json | None:
    if given is None:
        return None
    if "trial_period_days" in given:
        raise NotSimulated("A price's trial", param="recurring[trial_period_days]")
    usage_type = given.get("usage_type", "licensed")
    if (usage_type == "metered") != ("meter" in given):
        raise invalid(
            "A metered price needs a `meter`, and only a metered one has it.", "recurring[meter]"
        )
    if "meter" in given:
        state.require("billing.meter", given["meter"], param="recurring[meter]", status=400)
    return shape(
        stripe.Price.Recurring,
        interval=given["interval"],
        interval_count=given.get("interval_count", 1),
        meter=given.get("meter"),
        usage_type=usage_type,
    )


def _check_option(option: dict[str, Any], tiered: bool, inside: str) -> None:
    """Raises StripeError unless exactly one way to say the amount is used, and it is no debt."""

    def named(name: str) -> str:
        return f"{inside}[{name}]" if inside else name

    if tiered:
        _check_tiers(option.get("tiers"), named("tiers"))
        return
    if "tiers" in option:
        raise invalid("Tiers need `billing_scheme=tiered`.", named("tiers"))
    given = [name for name in ("unit_amount", "unit_amount_decimal") if name in option]
    if not given:
        raise missing(named("unit_amount"))
    if len(given) > 1:
        raise invalid(
            "You may only specify one of these parameters: unit_amount, unit_amount_decimal.",
            named("unit_amount"),
        )
    _not_negative(option[given[0]], named(given[0]))


def _check_tiers(tiers: list[dict[str, Any]] | None, name: str) -> None:
    if not tiers:
        raise missing(name)
    if tiers[-1]["up_to"] != "inf":
        raise invalid("The last tier must have `up_to` equal to `inf`.", f"{name}[up_to]")
    ends = [tier["up_to"] for tier in tiers[:-1]]
    if any(end == "inf" for end in ends) or ends != sorted(set(ends)) or (ends and ends[0] < 1):
        raise invalid("The tiers must be in ascending order of `up_to`.", f"{name}[up_to]")
    for position, tier in enumerate(tiers):
        amounts = {key: value for key, value in tier.items() if key != "up_to"}
        if not amounts:
            raise missing(f"{name}[{position}][unit_amount]")
        for key, value in amounts.items():
            _not_negative(value, f"{name}[{position}][{key}]")


def _not_negative(amount: Any, name: str) -> None:
    if Decimal(str(amount)) < 0:
        raise invalid(
            "This value must be greater than or equal to 0.",
            name,
            code="parameter_invalid_integer",
        )


def _tiers_mode(params: dict[str, Any], tiered: bool) -> str | None:
    if tiered and "tiers_mode" not in params:
        raise missing("tiers_mode")
    if not tiered and "tiers_mode" in params:
        raise invalid("A price without tiers has no `tiers_mode`.", "tiers_mode")
    return params.get("tiers_mode")


def _transform(params: dict[str, Any], tiered: bool) -> Json | None:
    given: Json | None = params.get("transform_quantity")
    if given and tiered:
        raise invalid("A price in tiers takes no `transform_quantity`.", "transform_quantity")
    if given and given["divide_by"] < 1:
        raise invalid("Must be greater than 0.", "transform_quantity[divide_by]")
    return given


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
