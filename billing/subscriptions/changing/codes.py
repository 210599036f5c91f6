"""Promotion codes for who has a subscription: found at Stripe, or refused in words.

One discount at a time, as in Checkout; and a workspace uses a code once: which it has used is written with
the subscription at Stripe, in the same request that takes the code.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import stripe

from billing.stripe_client import client

USED = "codes_used"  # metadata key of a subscription: identifiers of promotion codes
_LONGEST = 100
_MOST_KEPT = 12  # identifiers that fit into a value of metadata, which has 500 characters
_SAID: dict[str, str] = {  # Stripe's error codes ("Error codes")
    "promotion_code_customer_not_first_time": "This code is for a first purchase only.",
    "promotion_code_minimum_not_met": "This code needs a larger purchase.",
    "promotion_code_expired": "This code has expired or has been used up.",
    "coupon_expired": "This code has expired or has been used up.",
}


class CodeRefused(ValueError):
    """The code cannot be used; the text says why, to a person."""


@dataclass(frozen=True)
class Code:
    """A promotion code that can be used. `duration` is Stripe's: once, repeating or forever."""

    text: str
    promotion_code: str
    coupon: str
    name: str
    duration: str
    months: int | None


def find(text: str, *, current: stripe.Subscription, price: stripe.Price) -> Code:
    """The code that was typed, upper or lower case. Raises CodeRefused, stripe.StripeError."""
    text = text.strip()
    found = _listed(text) if 0 < len(text) <= _LONGEST else []
    if not found:
        raise CodeRefused(f"We do not know the code “{text[:_LONGEST]}”.")
    code = next((each for each in found if each.active), None)
    if any(each.id in used(current) for each in found):
        raise CodeRefused(f"This workspace has used the code “{text}” already.")
    if code is None:
        raise CodeRefused(_why_not(found[0]))
    if current.discounts:
        raise CodeRefused("Another discount still applies, and codes cannot be combined.")
    coupon = code.promotion.coupon
    if coupon is None or isinstance(coupon, str) or not coupon.valid:
        raise CodeRefused("This code is not valid any more.")
    if code.customer and _id(code.customer) != _id(current.customer):
        raise CodeRefused(f"We do not know the code “{text}”.")
    _check_money(coupon, price, currency=current.currency)
    return Code(
        text=code.code,
        promotion_code=code.id,
        coupon=coupon.id,
        name=coupon.name or code.code,
        duration=coupon.duration,
        months=coupon.duration_in_months,
    )


def used(current: stripe.Subscription) -> Collection[str]:
    """Identifiers of the promotion codes that this subscription had."""
    metadata = current.metadata
    return metadata[USED].split() if metadata and USED in metadata else []


def metadata(current: stripe.Subscription, code: Code) -> dict[str, str]:
    """To be written with the subscription when the code is used."""
    return {USED: " ".join([*used(current), code.promotion_code][-_MOST_KEPT:])}


def refusal(error: stripe.StripeError) -> CodeRefused | None:
    """What Stripe said against a code, in words; None: it said something else."""
    about = getattr(error, "param", None) or ""
    if error.code in _SAID:
        return CodeRefused(_SAID[error.code])
    return CodeRefused("This code cannot be used here.") if "discounts" in about else None


def _listed(text: str) -> list[stripe.PromotionCode]:
    expand = ["data.promotion.coupon.applies_to", "data.promotion.coupon.currency_options"]
    found = client().v1.promotion_codes.list({"code": text, "limit": 10, "expand": expand})
    return list(found.data)


def _why_not(code: stripe.PromotionCode) -> str:
    most = code.max_redemptions
    if most is not None and code.times_redeemed >= most:
        return f"The code “{code.code}” has been used as often as it can be."
    if code.expires_at is not None:
        return f"The code “{code.code}” has expired."
    return f"The code “{code.code}” is not valid any more."


def _check_money(coupon: stripe.Coupon, price: stripe.Price, *, currency: str) -> None:
    if coupon.percent_off is None and coupon.currency != currency:
        options: Any = getattr(coupon, "currency_options", None) or {}
        if currency not in options:
            raise CodeRefused(f"This code takes nothing off in {currency.upper()}.")
    about = getattr(coupon, "applies_to", None)
    if about is not None and about.products and _id(price.product) not in about.products:
        raise CodeRefused("This code is not for this plan.")


def _id(thing: Any) -> str:
    return thing if isinstance(thing, str) else str(thing.id)
