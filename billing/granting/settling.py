"""What was given and did not reach Stripe, and what has come to its end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import stripe
import structlog
from django.db.models import Q
from django.utils import timezone

from billing import failures
from billing.granting import giving
from billing.models import StaffCredit, TrialExtension

log = structlog.get_logger()
_MOST = 200  # rows of each kind in one round


def settle_due(*, now: datetime | None = None) -> int:
    """Bring to Stripe what is not there yet, and end what is due; returns how many rows were tried.

    What fails waits for the next round, unless Stripe refuses it for good: then it was not given.
    """
    now = now or timezone.now()
    tried = 0
    for model in (StaffCredit, TrialExtension):
        due = model.objects.filter(is_over=False).filter(
            Q(ends_at__lte=now) | Q(revoked_at__isnull=False) | Q(done_at=None, refused="")
        )
        for row in due.select_related("tenant").order_by("ends_at")[:_MOST]:
            tried += 1
            _settle(row, now)
    return tried


def _settle(row: StaffCredit | TrialExtension, now: datetime) -> None:
    is_due = row.ends_at <= now or row.revoked_at is not None or bool(row.refused)
    do: Callable[[Any], None] = giving.finish if is_due else giving.bring
    try:
        do(row)
    except stripe.StripeError as error:
        passing = failures.passes(error)
        said = log.warning if passing else log.error
        said("billing.gift_not_settled", what=str(row), error=repr(error))
        if not passing and row.done_at is None:
            rows = type(row).objects.for_tenant(row.tenant).filter(pk=row.pk, done_at=None)
            rows.update(refused=(error.user_message or str(error))[:300], is_over=True)
