"""What billing keeps: accounts, subscriptions, what usage costs, what Stripe told us, grants."""

from billing.models.account import CARDLESS, ENTITLING, LIVE, Account, is_tried, plan_item
from billing.models.grants import StaffGrant
from billing.models.inbox import InboxEvent
from billing.models.money import MoneyEntry, StaffCredit, StaffRefund, TrialExtension
from billing.models.revenue import MrrMovement
from billing.models.subscription import PlanTerms, Subscription
from billing.models.usage import UsageCharge, UsageInvoice

__all__ = [
    "CARDLESS",
    "ENTITLING",
    "LIVE",
    "Account",
    "InboxEvent",
    "MoneyEntry",
    "MrrMovement",
    "PlanTerms",
    "StaffCredit",
    "StaffGrant",
    "StaffRefund",
    "Subscription",
    "TrialExtension",
    "UsageCharge",
    "UsageInvoice",
    "is_tried",
    "plan_item",
]
