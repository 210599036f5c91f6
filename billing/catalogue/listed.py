"""What the product sells, read from `PRODUCT_APP.catalogue`: PLANS, and where it has them FEATURES,
ADD_ONS, COUPONS, PROMOTION_CODES and RULES."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from django.conf import settings

from billing.catalogue.plan import AddOn, Coupon, Feature, Plan, PromotionCode
from billing.catalogue.rules import Rules


def plans() -> tuple[Plan, ...]:
    """All plans in the order of the price list; the first is the one that everybody starts on."""
    return tuple(_product().PLANS)


def first_plan_key() -> str:
    """The key of the plan that everybody starts on, and falls back to."""
    return plans()[0].key


def plan(key: str) -> Plan:
    """The plan of this key. Raises KeyError with the known keys."""
    for candidate in plans():
        if candidate.key == key:
            return candidate
    raise KeyError(f"No plan {key!r}; the catalogue has {[p.key for p in plans()]}.")


def currencies() -> Sequence[str]:
    """What can be paid in: those of all plans, in their order."""
    return list(dict.fromkeys(each for one in plans() if one.prices for each in one.currencies))


def features() -> tuple[Feature, ...]:
    """What plans allow, or do not."""
    return tuple(getattr(_product(), "FEATURES", ()))


def add_ons() -> tuple[AddOn, ...]:
    """What is sold beside plans."""
    return tuple(getattr(_product(), "ADD_ONS", ()))


def coupons() -> tuple[Coupon, ...]:
    """What is taken off; with the one that is offered to who cancels."""
    own, offer = tuple(getattr(_product(), "COUPONS", ())), rules().offer
    return own if offer is None or offer.coupon in own else (*own, offer.coupon)


def promotion_codes() -> tuple[PromotionCode, ...]:
    """What customers may type."""
    return tuple(getattr(_product(), "PROMOTION_CODES", ()))


def rules() -> Rules:
    """What holds when money fails, and when somebody cancels."""
    found: Rules = getattr(_product(), "RULES", None) or Rules()
    return found


def _product() -> Any:
    return import_module(f"{settings.PRODUCT_APP}.catalogue")
