"""What keeps plans and bills right when nothing comes: no webhook, no return, a tab closed in
mid-payment, a process killed between two steps."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import stripe
import structlog
from django.utils import timezone

from billing import checkout, life, subscription, usage_charges, usage_invoices
from billing.models import Account, UsageInvoice
from tenants.models import Tenant

log = structlog.get_logger()


def ask_stripe(*, now: datetime | None = None) -> int:
    """Bring every account up to date about which Stripe should have told us something by now, and
    those whose workspace was deleted or brought back.

    Returns how many were asked about. A failure leaves that account for the next run.
    """
    asked = 0
    for account in Account.objects.unsettled(now=now or timezone.now()).iterator():
        try:
            subscription.sync(account, origin=Account.Origin.CHECK)
            checkout.forget_expired(account)
        except stripe.StripeError as error:
            log.warning("billing.check_failed", stripe=account.stripe_customer_id, error=str(error))
        asked += 1
    return asked + life.follow_all()


def follow_life(tenant: str) -> None:
    """Cancel or keep the subscription of one workspace (its id). Raises stripe.StripeError."""
    for account in life.unsettled().filter(tenant_id=UUID(tenant)):
        life.follow(account)


def bill_usage(tenant: str | None = None) -> int:
    """Bill what is stated and not billed yet, of one workspace (its id) or of all.

    Returns how many invoices were finalized. A failure leaves that workspace for the next run.
    """
    finalized = 0
    for one in Tenant.objects.filter(pk__in=[tenant] if tenant else _with_something_to_bill()):
        try:
            finalized += usage_invoices.bill(one)
        except stripe.StripeError as error:
            log.warning("billing.usage_not_billed", tenant=str(one.pk), error=str(error))
    return finalized


def _with_something_to_bill() -> set[object]:
    unasked = UsageInvoice.objects.filter(
        finalized_at=None, tenant__billing_account__stripe_customer_id__isnull=False
    )
    waiting = (usage_charges.uncharged_statements(), usage_charges.uncharged_adjustments(), unasked)
    return {pk for rows in waiting for pk in rows.values_list("tenant_id", flat=True).distinct()}
