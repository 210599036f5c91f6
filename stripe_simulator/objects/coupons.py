"""Coupons, promotion codes and discounts: https://docs.stripe.com/api/coupons."""

from typing import Any

import stripe

from stripe_simulator.identifiers import new_id
from stripe_simulator.presentation import inclusion, presenter
from stripe_simulator.shapes import Json, shape
from stripe_simulator.store import State


@inclusion("coupon.applies_to")
def _applies_to(state: State, coupon: Json) -> Json | None:
    return state.require("coupon", coupon["id"])["_applies_to"]


@inclusion("coupon.currency_options")
def _currency_options(state: State, coupon: Json) -> Json | None:
    return state.require("coupon", coupon["id"])["_currency_options"]


@presenter("coupon")
def _coupon(state: State, coupon: Json) -> Json:
    return coupon | {"valid": is_valid(state, coupon)}


@presenter("promotion_code")
def _promotion_code(state: State, code: Json) -> Json:
    coupon = state.get("coupon", code["promotion"]["coupon"])
    usable = coupon is not None and not coupon.get("deleted") and is_valid(state, coupon)
    return code | {"active": code["active"] and usable and not is_spent(state, code)}


def is_valid(state: State, coupon: Json) -> bool:
    """Whether the coupon may still be redeemed."""
    used_up = coupon["max_redemptions"] and coupon["times_redeemed"] >= coupon["max_redemptions"]
    late = coupon["redeem_by"] and coupon["redeem_by"] <= state.now()
    return not used_up and not late


def is_spent(state: State, code: Json) -> bool:
    """Whether a promotion code expired or was redeemed as often as it may be."""
    used_up = code["max_redemptions"] and code["times_redeemed"] >= code["max_redemptions"]
    return bool(used_up or (code["expires_at"] and code["expires_at"] <= state.now()))


def amount_off(coupon: Json, currency: str) -> int | None:
    """What an amount-off coupon takes off in this currency; None when it does not say."""
    if coupon["currency"] == currency:
        amount: int | None = coupon["amount_off"]
        return amount
    option = (coupon["_currency_options"] or {}).get(currency)
    return option["amount_off"] if option else None


def new_discount(state: State, coupon: Json, *, end: int | None, **belongs: Any) -> Json:
    """A redeemed coupon. `belongs` names customer, subscription, invoice, promotion_code ..."""
    made = shape(
        stripe.Discount,
        id=new_id("di"),
        end=end,
        source={"coupon": coupon["id"], "type": "coupon"},
        start=state.now(),
        **belongs,
    )
    return state.save({"object": "discount"} | made)
