"""Coupons: https://docs.stripe.com/api/coupons."""

from typing import Any

import stripe

from stripe_simulator.errors import invalid, missing
from stripe_simulator.events import emit
from stripe_simulator.identifiers import new_id, token
from stripe_simulator.listing import PAGING, page
from stripe_simulator.metadata import merge_metadata
from stripe_simulator.presentation import present
from stripe_simulator.registry import Call, route
from stripe_simulator.shapes import Json, shape

_HONOURED = (
    "amount_off applies_to currency currency_options duration duration_in_months id "
    "max_redemptions metadata name percent_off redeem_by"
)


@route("POST", "/v1/coupons", honours=_HONOURED)
def create(call: Call) -> Json:
    params, state = call.params, call.state
    _check(call)
    id = params.get("id") or token(8)
    if state.get("coupon", id):
        raise invalid("Coupon already exists.", "id", code="resource_already_exists")
    for product in (params.get("applies_to") or {}).get("products", []):
        state.require("product", product, param="applies_to[products]", status=400)
    coupon = shape(
        stripe.Coupon,
        id=id,
        amount_off=params.get("amount_off"),
        created=call.now,
        currency=params["currency"].lower() if "amount_off" in params else None,
        duration=params.get("duration", "once"),
        duration_in_months=params.get("duration_in_months"),
        livemode=False,
        max_redemptions=params.get("max_redemptions"),
        metadata={},
        name=params.get("name"),
        percent_off=params.get("percent_off"),
        redeem_by=params.get("redeem_by"),
        times_redeemed=0,
        valid=True,
        _applies_to=params.get("applies_to"),
        _currency_options=params.get("currency_options"),
    )
    merge_metadata(coupon, params)
    state.save(coupon)
    emit(state, "coupon.created", coupon)
    return coupon


def _check(call: Call) -> None:
    params: dict[str, Any] = call.params
    if ("percent_off" in params) == ("amount_off" in params):
        raise invalid(
            "You must pass either `percent_off` or `amount_off`, and not both.", "percent_off"
        )
    if "percent_off" in params and not 0 < params["percent_off"] <= 100:
        raise invalid("Invalid percent_off: must be greater than 0 and at most 100", "percent_off")
    if "amount_off" in params:
        if params["amount_off"] < 1:
            raise invalid("Invalid positive integer", "amount_off")
        if "currency" not in params:
            raise missing("currency")
    repeating = params.get("duration") == "repeating"
    if repeating and "duration_in_months" not in params:
        raise missing("duration_in_months")
    if not repeating and "duration_in_months" in params:
        raise invalid("Only a repeating coupon has months.", "duration_in_months")
    if params.get("redeem_by", call.now + 1) <= call.now:
        raise invalid("Must be in the future.", "redeem_by")


@route("GET", "/v1/coupons/{coupon}")
def retrieve(call: Call) -> Json:
    return _require(call)


@route("POST", "/v1/coupons/{coupon}", honours="currency_options metadata name")
def update(call: Call) -> Json:
    coupon = _require(call)
    before = present(call.state, coupon)
    if "name" in call.params:
        coupon["name"] = call.params["name"] or None
    if "currency_options" in call.params:
        options = (coupon["_currency_options"] or {}) | call.params["currency_options"]
        coupon["_currency_options"] = options
    merge_metadata(coupon, call.params)
    call.state.save(coupon)
    emit(call.state, "coupon.updated", coupon, before=before)
    return coupon


@route("DELETE", "/v1/coupons/{coupon}")
def delete(call: Call) -> Json:
    """Nobody can redeem it any more; discounts that were given stay, and so does what they say."""
    coupon = _require(call)
    call.state.save(coupon | {"deleted": True})
    emit(call.state, "coupon.deleted", coupon)
    return {"id": coupon["id"], "object": "coupon", "deleted": True}


@route("GET", "/v1/coupons", honours=PAGING)
def list_all(call: Call) -> Json:
    return page(call, "coupon")


def _require(call: Call) -> Json:
    return call.state.require("coupon", call.path["coupon"], param="coupon")


@route(
    "POST",
    "/v1/promotion_codes",
    honours="active code customer expires_at max_redemptions metadata promotion restrictions",
)
def create_code(call: Call) -> Json:
    params, state = call.params, call.state
    coupon = (params["promotion"] or {}).get("coupon")
    if not coupon:
        raise missing("promotion[coupon]")
    state.require("coupon", coupon, param="promotion[coupon]", status=400)
    if params.get("customer"):
        state.require("customer", params["customer"], param="customer", status=400)
    code = params.get("code") or token(8).upper()
    if any(one["active"] for one in _with_code(call, code)):
        raise invalid("An active promotion code with this code already exists.", "code")
    given = params.get("restrictions") or {}
    if ("minimum_amount" in given) != ("minimum_amount_currency" in given):
        raise missing("restrictions[minimum_amount_currency]")
    made = shape(
        stripe.PromotionCode,
        id=new_id("promo"),
        active=params.get("active", True),
        code=code,
        created=call.now,
        customer=params.get("customer"),
        expires_at=params.get("expires_at"),
        livemode=False,
        max_redemptions=params.get("max_redemptions"),
        metadata={},
        promotion={"coupon": coupon, "type": "coupon"},
        restrictions=_restrictions(given),
        times_redeemed=0,
    )
    merge_metadata(made, params)
    state.save(made)
    emit(state, "promotion_code.created", made)
    return made


def _restrictions(given: dict[str, Any]) -> Json:
    restrictions = shape(
        stripe.PromotionCode.Restrictions, **{"first_time_transaction": False} | given
    )
    if "currency_options" not in given:
        del restrictions["currency_options"]
    return restrictions


def _with_code(call: Call, code: str) -> list[Json]:
    """Promotion codes that are spelled so, also ended ones; upper and lower case are the same."""
    return call.state.select(
        "promotion_code",
        condition="lower(json_extract(data, '$.code')) = ?",
        values=(code.lower(),),
    )


@route("GET", "/v1/promotion_codes/{promotion_code}")
def retrieve_code(call: Call) -> Json:
    return _require_code(call)


@route("POST", "/v1/promotion_codes/{promotion_code}", honours="active metadata restrictions")
def update_code(call: Call) -> Json:
    made = _require_code(call)
    before = present(call.state, made)
    if "active" in call.params:
        made["active"] = call.params["active"]
    made["restrictions"] |= call.params.get("restrictions") or {}
    merge_metadata(made, call.params)
    call.state.save(made)
    emit(call.state, "promotion_code.updated", made, before=before)
    return made


@route("GET", "/v1/promotion_codes", honours=f"{PAGING} active code coupon customer")
def list_codes(call: Call) -> Json:
    where = {name: call.params.get(name) for name in ("active", "customer")}
    where["promotion.coupon"] = call.params.get("coupon")
    if "code" in call.params:
        where["id"] = [one["id"] for one in _with_code(call, call.params["code"])] or ["none"]
    return page(call, "promotion_code", where)


def _require_code(call: Call) -> Json:
    code = call.path["promotion_code"]
    return call.state.require("promotion_code", code, param="promotion_code")
