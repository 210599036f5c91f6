"""What a workspace may do, and why: asked by the product, put in force for metering."""

from billing.entitlements.asking import Answer, LimitAnswer, allows, forget_all, limit, owes
from billing.entitlements.grants import NotGranted, end_due, give, revoke
from billing.entitlements.holding import Holding
from billing.entitlements.in_force import (
    apply,
    begin,
    begin_to_pay,
    plan_for,
    plan_of,
    refresh,
)

__all__ = [
    "Answer",
    "Holding",
    "LimitAnswer",
    "NotGranted",
    "allows",
    "apply",
    "begin",
    "begin_to_pay",
    "end_due",
    "forget_all",
    "give",
    "limit",
    "owes",
    "plan_for",
    "plan_of",
    "refresh",
    "revoke",
]
