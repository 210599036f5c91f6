"""Drafts of renewals that wait for usage: they are not finalized by themselves.

Whoever sends the usage finalizes them (`exporting/meter_events/holding.py`).
"""

from __future__ import annotations

import stripe

from billing.models import MeteredPeriod
from billing.stripe_client import client


def hold(invoice: stripe.Invoice) -> None:
    """Keep a renewal's draft from being finalized by itself, where its subscription has metered items
    that we send for. Raises stripe.StripeError."""
    subscription = subscription_of(invoice)
    if invoice.status != "draft" or not invoice.auto_advance or subscription is None:
        return
    ours = MeteredPeriod.objects.filter(
        subscription_id=subscription, state=MeteredPeriod.State.OPEN
    )
    if ours.exists():
        client().v1.invoices.update(invoice.id, {"auto_advance": False})


def subscription_of(invoice: stripe.Invoice) -> str | None:
    """The subscription that an invoice is for."""
    details = invoice.parent.subscription_details if invoice.parent else None
    if details is None:
        return None
    found = details.subscription
    return found if isinstance(found, str) else found.id
