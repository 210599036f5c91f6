"""One round of a workspace that goes by meters: items, rows, sending, and the invoice that waited.

Each step is committed before the next begins, and looks first at what is there: a round that broke off
anywhere, or a second one at the same time, counts nothing twice.
"""

from __future__ import annotations

from datetime import datetime
from itertools import groupby

from django.db import transaction

from billing.exporting.meter_events import counting, holding, items, sending
from billing.models import Account, MeteredPeriod
from billing.stripe_client import client
from billing.subscriptions import held_drafts

_OPEN = MeteredPeriod.State.OPEN


def bring(account: Account, *, now: datetime) -> int:
    """Bring all that is closed to Stripe; returns how many invoices were finalized.

    Raises stripe.StripeError, StoreUnavailable.
    """
    if account.tenant.purged_at is None:
        items.follow(account, now=now)
        for period in _open(account):
            counting.write(period, now=now)
    if not _open(account):
        return 0
    _hold(account)
    for period in _open(account):
        _send(account, period, now)
    return _release(account, now)


def _open(account: Account) -> list[MeteredPeriod]:
    rows = MeteredPeriod.objects.for_tenant(account.tenant).filter(state=_OPEN)
    return list(rows.select_related("tenant").order_by("period_end", "meter"))


def _hold(account: Account) -> None:
    """Drafts whose news have not reached us."""
    listed = client().v1.invoices.list(
        {"customer": account.stripe_customer_id or "", "status": "draft", "limit": 20}
    )
    for invoice in listed.data:
        held_drafts.hold(invoice)


def _send(account: Account, period: MeteredPeriod, now: datetime) -> None:
    """Under the account's lock, row by row: what was sent is noted whatever happens to the next one."""
    sending.note_tries(period, now=now)
    more = True
    while more:
        with transaction.atomic():
            Account.objects.locked(account.pk)
            more = sending.send_next(period, now=now)


@transaction.atomic
def _release(account: Account, now: datetime) -> int:
    Account.objects.locked(account.pk)
    ended = [period for period in _open(account) if period.period_end <= now]
    finalized = 0
    for _, group in groupby(ended, key=lambda one: (one.subscription_id, one.period_end)):
        finalized += holding.release(account.stripe_customer_id or "", list(group), now=now)
    return finalized
