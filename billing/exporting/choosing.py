"""The interface of the exporters, and which of them have something to do."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from django.utils import timezone

from billing.exporting.meter_events import rounds
from billing.models import Account
from billing.subscriptions import usage_invoices
from billing.usage import usage_charges
from tenants.models import Tenant


class Exporter(Protocol):
    """Brings what a workspace's usage costs to Stripe. Every step can be repeated, by anybody."""

    key: str

    def bring(self, account: Account, *, now: datetime) -> int:
        """Bring all that is due; returns how many invoices were finalized.

        Raises stripe.StripeError, events.store.StoreUnavailable; the next call goes on from there.
        """
        ...


class ByStatements:
    """An invoice of its own for what was stated and no meter bills."""

    key = "statements"

    def bring(self, account: Account, *, now: datetime) -> int:
        return usage_invoices.bring(account)


class ByMeterEvents:
    """Events for Stripe's meters, and the subscription's invoices that have what they come to."""

    key = "meter_events"

    def bring(self, account: Account, *, now: datetime) -> int:
        return rounds.bring(account, now=now)


# In this order: a period that the meters give up is billed from its statements in the same round.
EXPORTERS: tuple[Exporter, ...] = (ByMeterEvents(), ByStatements())


def bring(tenant: Tenant, *, now: datetime | None = None) -> int:
    """Charge what was stated and is not charged yet, and let every exporter bring its part to Stripe.

    Returns how many invoices were finalized. Raises as `Exporter.bring`.
    """
    now = now or timezone.now()
    usage_charges.charge(tenant)
    account = Account.objects.of(tenant)
    if account.stripe_customer_id is None:
        return 0
    return sum(exporter.bring(account, now=now) for exporter in EXPORTERS)
