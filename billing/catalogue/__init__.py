"""What is for sale: typed plans, defined once by the product and read by site, app and Stripe."""

from billing.catalogue.listed import (
    add_ons,
    coupons,
    currencies,
    features,
    first_plan_key,
    plan,
    plans,
    promotion_codes,
    rules,
)
from billing.catalogue.plan import (
    INTERVALS,
    AddOn,
    Amount,
    Amounts,
    Coupon,
    Feature,
    Interval,
    NotPriced,
    Plan,
    PromotionCode,
)
from billing.catalogue.rules import Offer, Rules
from billing.catalogue.sense import SEATS, problems

__all__ = [
    "INTERVALS",
    "SEATS",
    "AddOn",
    "Amount",
    "Amounts",
    "Coupon",
    "Feature",
    "Interval",
    "NotPriced",
    "Offer",
    "Plan",
    "PromotionCode",
    "Rules",
    "add_ons",
    "coupons",
    "currencies",
    "features",
    "first_plan_key",
    "plan",
    "plans",
    "problems",
    "promotion_codes",
    "rules",
]
