"""What billing keeps: accounts, subscriptions, what usage costs, what Stripe told us, grants."""

from billing.models.account import (
    CARDLESS,
    ENTITLING,
    FAILING,
    LIVE,
    Account,
    is_own_trial,
    is_tried,
    plan_item,
)
from billing.models.contact import BillingContact
from billing.models.differences import Difference
from billing.models.grants import StaffGrant
from billing.models.inbox import InboxEvent
from billing.models.metered import MeteredPeriod, MeterExport
from billing.models.money import MoneyEntry, StaffCredit, StaffRefund, TrialExtension
from billing.models.owed import Owed
from billing.models.revenue import MrrMovement
from billing.models.subscription import PlanTerms, Subscription
from billing.models.usage import UsageCharge, UsageInvoice

__all__ = [
    "CARDLESS",
    "ENTITLING",
    "FAILING",
    "LIVE",
    "Account",
    "BillingContact",
    "Difference",
    "InboxEvent",
    "MeterExport",
    "MeteredPeriod",
    "MoneyEntry",
    "MrrMovement",
    "Owed",
    "PlanTerms",
    "StaffCredit",
    "StaffGrant",
    "StaffRefund",
    "Subscription",
    "TrialExtension",
    "UsageCharge",
    "UsageInvoice",
    "is_own_trial",
    "is_tried",
    "plan_item",
]
