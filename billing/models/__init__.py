"""What billing keeps: accounts, subscriptions, what usage costs, what Stripe told us, grants."""

from billing.models.account import CARDLESS, ENTITLING, LIVE, Account, is_tried, plan_item
from billing.models.differences import Difference
from billing.models.grants import StaffGrant
from billing.models.inbox import InboxEvent
from billing.models.metered import MeteredPeriod, MeterExport
from billing.models.subscription import PlanTerms, Subscription
from billing.models.usage import UsageCharge, UsageInvoice

__all__ = [
    "CARDLESS",
    "ENTITLING",
    "LIVE",
    "Account",
    "Difference",
    "InboxEvent",
    "MeterExport",
    "MeteredPeriod",
    "PlanTerms",
    "StaffGrant",
    "Subscription",
    "UsageCharge",
    "UsageInvoice",
    "is_tried",
    "plan_item",
]
