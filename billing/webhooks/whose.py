"""Whose a dispute or a refund is: Stripe's news of them name a charge, and no customer."""

from __future__ import annotations

from datetime import datetime

import stripe
import structlog
from django.utils import timezone

from billing import failures
from billing.models import Account, InboxEvent, MoneyEntry
from billing.stripe_client import client
from billing.webhooks.inbox import OF_A_CHARGE

log = structlog.get_logger()
_MOST = 200  # news of one round
_NOBODYS = "about no customer"


def find(*, now: datetime | None = None) -> int:
    """Write down whose the news is that is due and names nobody; returns how much of it that settled.

    An outage of Stripe leaves the rest for the next time; what fails otherwise is noted with its news.
    """
    now = now or timezone.now()
    due = InboxEvent.objects.filter(customer="", due_at__lte=now).order_by("due_at")
    known: dict[str, str | None] = {}
    settled = 0
    for row in due[:_MOST]:
        try:
            if row.about not in known:
                known[row.about] = _customer(row) if row.type.startswith(OF_A_CHARGE) else None
        except Exception as error:
            log.warning("stripe.whose_waits", stripe=row.about, error=repr(error))
            if failures.passes(error):
                break
            told: dict[str, object] = {"due_at": None, "outcome": f"failed: {error!r}"[:300]}
        else:
            customer = known[row.about]
            told = {"customer": customer} if customer else {"due_at": None, "outcome": _NOBODYS}
        settled += InboxEvent.objects.filter(pk=row.pk).update(**told)
    return settled


def _customer(row: InboxEvent) -> str | None:
    """Stripe's customer; None: Stripe does not know the thing, or its charge is nobody's."""
    entry = MoneyEntry.objects.filter(stripe_id=row.about).first()
    if entry is not None and (found := Account.objects.for_tenant(entry.tenant).first()):
        return str(found.stripe_customer_id or "") or None
    try:
        charge = _charge(row.about)
    except stripe.InvalidRequestError as error:
        if error.code == "resource_missing":
            return None
        raise
    if charge is None or charge.customer is None:
        return None
    return charge.customer if isinstance(charge.customer, str) else str(charge.customer.id)


def _charge(about: str) -> stripe.Charge | None:
    api = client().v1
    if about.startswith(("du_", "dp_")):
        found: stripe.Charge | str | None = api.disputes.retrieve(
            about, {"expand": ["charge"]}
        ).charge
    else:
        found = api.refunds.retrieve(about, {"expand": ["charge"]}).charge
    return None if found is None or isinstance(found, str) else found
