"""Redeeming coupons and promotion codes, and what a discount takes off each line."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from stripe_simulator.errors import StripeError, invalid, missing
from stripe_simulator.events import emit
from stripe_simulator.money import money
from stripe_simulator.objects.coupons import amount_off, is_spent, is_valid, new_discount
from stripe_simulator.rules.periods import add_months
from stripe_simulator.shapes import Json
from stripe_simulator.sources import assumed, documented, recorded
from stripe_simulator.store import State


def redeem(
    state: State,
    given: list[dict[str, Any]] | None,
    *,
    customer: str | None,
    currency: str,
    subtotal: int,
    **belongs: str | None,
) -> list[str]:
    """Identifiers of the discounts that `discounts` names: kept ones, and coupons redeemed now.

    `subtotal` is what is bought, in minor units. Raises StripeError for what cannot be redeemed.
    """
    found = []
    for position, one in enumerate(given or []):
        param = f"discounts[{position}]"
        if "discount" in one:
            kept = state.require("discount", one["discount"], param=f"{param}[discount]")
            if not _is_over(state, kept):
                found.append(str(kept["id"]))
            continue
        coupon, code = redeemable(
            state, one, customer=customer, currency=currency, subtotal=subtotal, param=param
        )
        discount = new_discount(
            state,
            coupon,
            end=_end(state, coupon),
            customer=customer,
            promotion_code=code["id"] if code else None,
            **belongs,
        )
        for redeemed in filter(None, (coupon, code)):
            redeemed["times_redeemed"] += 1
            state.save(redeemed)
        found.append(str(discount["id"]))
        emit(state, "customer.discount.created", discount)
    return found


def redeemable(
    state: State,
    one: dict[str, Any],
    *,
    customer: str | None,
    currency: str,
    subtotal: int,
    param: str,
) -> tuple[Json, Json | None]:
    """The coupon, and the promotion code, that a parameter names. Raises StripeError as above."""
    code = None
    if "promotion_code" in one:
        code = state.require(
            "promotion_code", one["promotion_code"], param=f"{param}[promotion_code]", status=400
        )
        _check_code(state, code, customer, currency, subtotal, f"{param}[promotion_code]")
    id = code["promotion"]["coupon"] if code else one.get("coupon")
    if not id:
        raise missing(f"{param}[coupon]")
    coupon = state.require("coupon", id, param=f"{param}[coupon]", status=400)
    if not is_valid(state, coupon):
        raise invalid(f"Coupon expired: {id}", f"{param}[coupon]", code="coupon_expired")
    if coupon["percent_off"] is None and amount_off(coupon, currency) is None:
        raise invalid(
            f"The coupon's currency ({coupon['currency']}) differs from {currency}.",
            f"{param}[coupon]",
        )
    return coupon, code


@documented("billing/subscriptions/coupons#promotion-codes")
def _check_code(
    state: State, code: Json, customer: str | None, currency: str, subtotal: int, param: str
) -> None:
    limits = code["restrictions"]
    if not code["active"] or is_spent(state, code):
        raise invalid(
            "This promotion code cannot be redeemed because it is expired or inactive.",
            param,
            code="promotion_code_expired" if is_spent(state, code) else "resource_missing",
        )
    if code["customer"] and code["customer"] != customer:
        raise invalid("This promotion code belongs to another customer.", param)
    minimum = limits["minimum_amount"]
    if minimum and limits["minimum_amount_currency"] != currency:
        option = (limits.get("currency_options") or {}).get(currency)
        minimum = option["minimum_amount"] if option else None
        if minimum is None:
            raise invalid("This promotion code is for another currency.", param)
    if minimum and subtotal < minimum:
        raise invalid(
            f"This promotion code needs a purchase of at least {money(minimum, currency)}.",
            param,
            code="promotion_code_minimum_not_met",
        )
    if limits["first_time_transaction"] and customer and _has_paid(state, customer):
        raise invalid(
            "This promotion code cannot be redeemed because the associated customer has prior "
            "transactions.",
            param,
            code="promotion_code_customer_not_first_time",
        )


def _has_paid(state: State, customer: str) -> bool:
    charges = state.select("charge", {"customer": customer, "status": "succeeded"}, limit=1)
    return bool(charges)


def _end(state: State, coupon: Json) -> int | None:
    if coupon["duration"] != "repeating":
        return None
    return add_months(state.now(), coupon["duration_in_months"])


def drop_ended(state: State, subscription: Json) -> None:
    """Take discounts off the subscription (unsaved) whose months are over."""
    for id in list(subscription["discounts"]):
        discount = state.require("discount", id)
        if _is_over(state, discount):
            _drop(state, subscription, discount)


@documented("billing/subscriptions/coupons#coupon-duration")
def _is_over(state: State, discount: Json) -> bool:
    return discount["end"] is not None and discount["end"] <= state.now()


@assumed(
    "a `once` coupon leaves the subscription with the first invoice that it took something off"
)
def drop_once(state: State, subscription: Json, invoice: Json) -> None:
    """Take discounts off the subscription (unsaved) that this invoice has used up."""
    used = {one["discount"] for one in invoice["total_discount_amounts"] if one["amount"]}
    for id in list(subscription["discounts"]):
        discount = state.require("discount", id)
        if id in used and coupon_of(state, discount)["duration"] == "once":
            _drop(state, subscription, discount)


def _drop(state: State, subscription: Json, discount: Json) -> None:
    subscription["discounts"].remove(discount["id"])
    emit(state, "customer.discount.deleted", discount)


def coupon_of(state: State, discount: Json) -> Json:
    """The coupon, also one that was deleted since: what it says stands."""
    coupon = state.get("coupon", discount["source"]["coupon"])
    if coupon is None:
        raise StripeError(f"No such coupon: '{discount['source']['coupon']}'")
    return coupon


def cuts(
    state: State, discount: Json, amounts: list[tuple[int, str | None]], *, currency: str
) -> list[int]:
    """What the discount takes off each amount. `amounts` are what is left of each line, in minor
    units, with its product; nothing is taken off credits."""
    coupon = coupon_of(state, discount)
    products = (coupon["_applies_to"] or {}).get("products")
    eligible = [
        max(amount, 0) if not products or product in products else 0 for amount, product in amounts
    ]
    if coupon["percent_off"] is not None:
        return [percent_of(amount, coupon["percent_off"]) for amount in eligible]
    return split(min(amount_off(coupon, currency) or 0, sum(eligible)), eligible)


@assumed("a percentage is rounded on each line by itself, half up")
def percent_of(amount: int, percent: float) -> int:
    exact = Decimal(amount) * Decimal(str(percent)) / 100
    return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))


@recorded("worked example of Stripe's support: $5 over $10 and $20 is 166 and 334")
def split(amount: int, over: list[int]) -> list[int]:
    """An amount over lines in proportion, rounded down; the last line that takes part has the
    rest."""
    whole = sum(over)
    if not whole:
        return [0] * len(over)
    shares = [amount * one // whole for one in over]
    last = max(position for position, one in enumerate(over) if one)
    shares[last] += amount - sum(shares)
    return shares


def percent_discounted(state: State, subscription: Json, amount: int, product: str | None) -> int:
    """An amount of a proration, less the percentages that the subscription's discounts take."""
    for id in subscription["discounts"]:
        discount = state.require("discount", id)
        if coupon_of(state, discount)["percent_off"] is not None:
            taken = cuts(state, discount, [(amount, product)], currency=subscription["currency"])
            amount -= taken[0]
    return amount
