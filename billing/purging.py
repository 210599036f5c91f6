"""What billing keeps of a workspace that is purged, and when it must not be purged yet."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from billing.models import Account
from billing.revenue import movements
from tenants import life
from tenants.models import Tenant
from tenants.signals import purge_requested, workspace_purged


class StillPaid(life.PurgeMustWait):
    """There is a subscription that nobody has cancelled: who purges now would go on charging."""


@receiver(purge_requested)
def must_be_cancelled(tenant: Tenant, **_: Any) -> None:
    """It is cancelled at the deletion (`subscriptions.life`); if that did not work, the purge waits."""
    account = Account.objects.for_tenant(tenant).first()
    if account is not None and account.has_subscription and not account.ends_with_period:
        raise StillPaid(f"The subscription {account.subscription_id} is not cancelled.")


@receiver(workspace_purged)
def pays_no_more(tenant: Tenant, **_: Any) -> None:
    """What it paid by the month ends with it."""
    movements.close(tenant)


def register() -> None:
    """Invoices and the number that finds them at Stripe stay."""
    law = "tax law wants invoices kept for years"
    for label in (
        "billing.UsageInvoice",
        "billing.UsageCharge",
        "billing.MoneyEntry",
        "billing.StaffRefund",
        "billing.StaffCredit",
        "billing.MeteredPeriod",
        "billing.MeterExport",
    ):
        life.keep_at_purge(label, why=law)
    life.keep_at_purge(
        "billing.MrrMovement", why="sums of months that are past stay what they were"
    )
    life.keep_at_purge("billing.Account", why="Stripe keeps the invoices under its number")
