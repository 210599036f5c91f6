"""Coupons and promotion codes at Stripe, equal to the catalogue's.

What a coupon takes off cannot be changed at Stripe, nor here: its id holds what it takes off, so
another amount is another coupon, and who has the old one keeps it. A code that leads to another coupon
than before is ended and made anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator
from functools import partial
from typing import Any

import stripe

from billing import catalogue
from billing.catalogue import Coupon, PromotionCode
from billing.selling import prices
from billing.selling.steps import Step
from billing.stripe_client import client

_OURS = "plg_coupon"  # metadata key of what this catalogue made
_PLANS = "plans"  # and of the plans that a coupon is for


def coupon_id(coupon: Coupon) -> str:
    """The id at Stripe: the key, and a hash of what is taken off."""
    said = json.dumps({**_terms(coupon), "name": ""}, sort_keys=True)
    return f"plg_{coupon.key}_{hashlib.sha256(said.encode()).hexdigest()[:8]}"


def plans_of(coupon: stripe.Coupon) -> Collection[str]:
    """The plans that a coupon takes something off, by what we wrote with it or, of an older one, by the
    catalogue; none named: off all. What it `applies_to` lies a level too deep for lists of subscriptions."""
    said = getattr(coupon, "metadata", None) or {}
    if _PLANS in said:
        return said[_PLANS].split()
    if _OURS not in said:
        return ()
    known = {each.key: each.plans for each in catalogue.coupons()}
    return known.get(said[_OURS], ())


def steps() -> Iterator[Step]:
    """What is to be done. Raises stripe.StripeError."""
    coupons = {each.key: each for each in catalogue.coupons()}
    listed = client().v1.coupons.list({"limit": 100}).auto_paging_iter()
    there = {each.id: each.name for each in listed if _is_ours(each)}
    for coupon in coupons.values():
        id, name = coupon_id(coupon), _name(coupon)
        if id not in there:
            yield Step(f"coupon {id} created", partial(_make_coupon, coupon))
        elif there[id] != name:
            yield Step(f"coupon {id} renamed to {name}", partial(_rename, id, name))
    yield from _codes(coupons)


def _codes(coupons: dict[str, Coupon]) -> Iterator[Step]:
    listed = client().v1.promotion_codes.list({"active": True, "limit": 100}).auto_paging_iter()
    there = {each.code.lower(): each for each in listed if _is_ours(each)}
    wanted = {each.code.lower(): each for each in catalogue.promotion_codes() if each.active}
    for code, found in there.items():
        ours = wanted.get(code)
        if ours is None or not _is_same(ours, coupons[ours.coupon], found):
            words = f"promotion code {found.code} ended"
            yield Step(words, partial(_end, found))
            there = {key: each for key, each in there.items() if key != code}
    for code, ours in wanted.items():
        if code not in there:
            words = f"promotion code {ours.code} made for {coupon_id(coupons[ours.coupon])}"
            yield Step(words, partial(_make_code, ours, coupons[ours.coupon]))


def _make_coupon(coupon: Coupon) -> None:
    said = {_OURS: coupon.key, _PLANS: " ".join(sorted(coupon.plans))}
    new: Any = {"id": coupon_id(coupon), **_terms(coupon), "metadata": said}
    client().v1.coupons.create(new)


def _rename(id: str, name: str) -> None:
    """Its name alone can be changed at Stripe; who has the coupon sees the new one."""
    client().v1.coupons.update(id, {"name": name})


def _name(coupon: Coupon) -> str:
    return coupon.name[:40]  # Stripe's longest


def _terms(coupon: Coupon) -> dict[str, Any]:
    """As parameters of a new coupon ("Create a coupon")."""
    found: dict[str, Any] = {"name": _name(coupon), "duration": coupon.duration}
    if coupon.months is not None:
        found["duration_in_months"] = coupon.months
    if coupon.percent is not None:
        found["percent_off"] = coupon.percent
    else:
        (currency, amount), *others = coupon.amounts.items()
        found |= {"currency": currency, "amount_off": amount}
        if others:
            found["currency_options"] = {each: {"amount_off": off} for each, off in others}
    if coupon.plans:
        products = [prices.product_id(catalogue.plan(key)) for key in sorted(coupon.plans)]
        found["applies_to"] = {"products": products}
    return found


def _make_code(code: PromotionCode, coupon: Coupon) -> None:
    new: Any = {
        "promotion": {"type": "coupon", "coupon": coupon_id(coupon)},
        "code": code.code,
        "metadata": {_OURS: coupon.key},
    }
    if code.expires is not None:
        new["expires_at"] = int(code.expires.timestamp())
    if code.most is not None:
        new["max_redemptions"] = code.most
    if code.first_time_only:
        new["restrictions"] = {"first_time_transaction": True}
    client().v1.promotion_codes.create(new)


def _end(found: stripe.PromotionCode) -> None:
    client().v1.promotion_codes.update(found.id, {"active": False})


def _is_same(code: PromotionCode, coupon: Coupon, found: stripe.PromotionCode) -> bool:
    at = found.promotion.coupon
    first = bool(found.restrictions and found.restrictions.first_time_transaction)
    said = (at if isinstance(at, str) else at.id if at else "", found.max_redemptions, first)
    expires = int(code.expires.timestamp()) if code.expires else None
    return (*said, found.expires_at) == (
        coupon_id(coupon), code.most, code.first_time_only, expires
    )  # fmt: skip


def _is_ours(thing: stripe.Coupon | stripe.PromotionCode) -> bool:
    return bool(thing.metadata) and _OURS in (thing.metadata or {})
