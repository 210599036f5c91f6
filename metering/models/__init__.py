"""Limits in force, billing cycles, statements of closed periods, and what workspaces watch."""

from metering.models.terms import Adjustment, BillingCycle, Ledger, Quota, Statement, Terms
from metering.models.watching import Alert, AlertSent, SpendLimit

__all__ = [
    "Adjustment",
    "Alert",
    "AlertSent",
    "BillingCycle",
    "Ledger",
    "Quota",
    "SpendLimit",
    "Statement",
    "Terms",
]
