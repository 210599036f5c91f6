"""Working off what Stripe told us: for each customer once, whatever and however much it was.

Events come late, twice and in any order, so none is believed: each makes us ask Stripe how things are
now. All that wait for one customer are settled by the same question.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

import stripe
import structlog
from django.db import transaction
from django.db.models import F, Min
from django.utils import timezone

from billing import failures, money
from billing.models import Account, InboxEvent
from billing.paying import trial_cards
from billing.stripe_client import client
from billing.subscriptions import invoices, subscription
from billing.webhooks import whose
from events.steps import step

log = structlog.get_logger()

MOST = 200  # customers of one round
_AT_ONCE = 500  # events of one customer in one transaction
_FIRST_WAIT, _LONGEST_WAIT = timedelta(seconds=15), timedelta(minutes=10)
_KEPT = timedelta(days=30)  # as long as Stripe keeps them
_OF_MONEY = ("charge.", "refund.", "credit_note.")
_TIDIED = 10_000  # rows of one round


def work_off(*, most: int = MOST, now: datetime | None = None) -> int:
    """Settle what is due, of at most so many customers; returns of how many something was.

    One whose trouble lasts is noted and does not end the work for the others; an outage of Stripe ends
    the round, and what waits is due again later. Several may work at once: each takes other customers.
    """
    now = now or timezone.now()
    whose.find(now=now)
    due = InboxEvent.objects.filter(due_at__lte=now).exclude(customer="").values("customer")
    first = due.annotate(since=Min("due_at")).order_by("since")
    worked = 0
    for customer in first.values_list("customer", flat=True)[:most]:
        try:
            worked += settle(customer, now=now)
        except Exception as error:
            if not failures.passes(error):
                raise
            log.warning("stripe.inbox_waits", stripe=customer, error=repr(error))
            if isinstance(error, stripe.StripeError):
                break  # the others would wait as long for the same
    return worked


def settle(customer: str, *, now: datetime | None = None) -> bool:
    """Settle all that is due of one customer; False when somebody else does, or nothing is.

    Raises what passes by itself; then it is due again later.
    """
    now = now or timezone.now()
    try:
        return _settle(customer, now)
    except Exception as error:
        waiting = InboxEvent.objects.filter(customer=customer, due_at__lte=now)
        if failures.passes(error):
            tries = max(waiting.values_list("tries", flat=True), default=0)
            wait = min(_FIRST_WAIT * 2 ** min(tries, 10), _LONGEST_WAIT)
            waiting.update(due_at=now + wait, tries=F("tries") + 1)
            raise
        waiting.update(due_at=None, outcome=f"failed: {error!r}"[:300])
        for account in Account.objects.filter(stripe_customer_id=customer):
            failures.note(account, error, what="billing.webhook_failed")
        return True


@transaction.atomic
def _settle(customer: str, now: datetime) -> bool:
    due = InboxEvent.objects.filter(customer=customer, due_at__lte=now).order_by("due_at")
    # Before the account is locked: a second worker finds nothing here, instead of waiting there.
    rows = list(due.select_for_update(skip_locked=True)[:_AT_ONCE])
    if not rows:
        return False
    step("stripe.taken")
    account = Account.objects.filter(stripe_customer_id=customer).first()
    if account is not None:
        _act(account, {row.about for row in rows if row.type.startswith("invoice.")})
        about = {row.about for row in rows if row.type.startswith(_OF_MONEY)}
        if about and account.tenant.purged_at is None:
            money.follow(account, about=about)
    outcome = "done" if account else "of no customer of ours"
    settled = InboxEvent.objects.filter(pk__in=[row.pk for row in rows])
    settled.update(due_at=None, outcome=outcome)
    step("stripe.settled")
    log.info("stripe.settled", stripe=customer, events=len(rows), outcome=outcome)
    return True


def _act(account: Account, about: Collection[str]) -> None:
    trial_cards.take_up(account)
    account = subscription.sync(account, origin=Account.Origin.EVENT)
    if account.tenant.purged_at is not None:
        return
    for invoice_id in sorted(about):
        try:
            invoice = client().v1.invoices.retrieve(invoice_id)
        except stripe.InvalidRequestError as error:
            if error.code != "resource_missing":
                raise
            continue  # a draft that was deleted
        invoices.take(invoice, account=account)


def tidy(*, now: datetime | None = None) -> int:
    """Remove what was settled long ago; returns how many rows went, some thousand a round."""
    old = InboxEvent.objects.filter(
        due_at=None, received_at__lt=(now or timezone.now()) - _KEPT
    ).values("pk")[:_TIDIED]
    return InboxEvent.objects.filter(pk__in=old).delete()[0]
