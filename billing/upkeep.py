"""What keeps plans right when nothing comes: no webhook, no return, a tab closed in mid-payment."""

from __future__ import annotations

from datetime import datetime

import stripe
import structlog
from django.utils import timezone

from billing import checkout, subscription
from billing.models import Account

log = structlog.get_logger()


def ask_stripe(*, now: datetime | None = None) -> int:
    """Bring every account up to date about which Stripe should have told us something by now.

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
    return asked
