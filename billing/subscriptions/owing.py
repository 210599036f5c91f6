"""What is owed at Stripe: open invoices whose payment failed, of the subscription and for usage.

What of a plan that was lost long ago is still asked for, is taken back: nobody pays for months in which the
workspace had the limits of the first plan. Else a pure reading, as the projection's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import stripe
import structlog
from django.utils import timezone

from billing.models import FAILING, LIVE, Account, Owed, UsageInvoice
from billing.stripe_client import client

log = structlog.get_logger()

MOST = 100  # open invoices of one customer that are looked at
USAGE_INVOICE = "usage_invoice"  # metadata key of the invoices that usage_invoices makes
_MOST_PAYMENTS = 10  # of one invoice
_RENEWAL = "subscription_cycle"  # Stripe's `billing_reason`


def of(account: Account, subscription: stripe.Subscription | None) -> Owed:
    """Ask Stripe, where the subscription says that a payment failed, or an invoice for usage is not known to
    be paid; which are settled is noted, in the current transaction. Raises stripe.StripeError."""
    for_plan = subscription is not None and _may_be_owed(account, subscription)
    waiting = UsageInvoice.objects.for_tenant(account.tenant).unsettled()
    for_usage = dict(waiting.values_list("stripe_id", "pk"))
    if account.stripe_customer_id is None or not (for_plan or for_usage):
        return Owed((), None, 0, frozenset(), timezone.now())
    listed = client().v1.invoices.list(
        {"customer": account.stripe_customer_id, "status": "open", "limit": MOST}
    )
    if not listed.has_more:
        still = {str(each.id) for each in listed.data}
        gone = [pk for stripe_id, pk in for_usage.items() if stripe_id not in still]
        UsageInvoice.objects.for_tenant(account.tenant).filter(pk__in=gone).settle()
    ours = [
        each
        for each in listed.data
        if each.id in for_usage
        or (for_plan and subscription is not None and _subscription_of(each) == subscription.id)
    ]
    paid_until = _paid_until(subscription) if for_plan and subscription is not None else 0
    return _owed(ours, asked_at=_time_of(listed), paid_until=paid_until)


def _may_be_owed(account: Account, subscription: stripe.Subscription) -> bool:
    """Past due; or it was, and its newest invoice is a draft, or was given up: that says nothing of those
    before it."""
    if subscription.status not in LIVE:
        return False
    newest = subscription.latest_invoice
    is_paid = isinstance(newest, stripe.Invoice) and newest.status == "paid"
    return subscription.status in FAILING or (account.past_due_since is not None and not is_paid)


def _paid_until(subscription: stripe.Subscription) -> int:
    """When the newest invoice was made that is paid, in seconds since 1970; 0: none is. What is open from
    before it is owed, and has cost the plan nothing since."""
    asked = {"subscription": subscription.id, "status": "paid", "limit": 1}
    found = client().v1.invoices.list(asked).data  # type: ignore[arg-type] # as it takes it
    return found[0].created if found else 0


def _owed(invoices: Iterable[stripe.Invoice], *, asked_at: datetime, paid_until: int) -> Owed:
    tried = sorted((each for each in invoices if each.attempted), key=asked_for_at)
    counted = [
        each for each in tried if each.created > paid_until or _subscription_of(each) is None
    ]
    return Owed(
        invoices=tried,
        since=asked_for_at(counted[0]) if counted else None,
        amount=sum(each.amount_remaining for each in tried),
        asking=frozenset(str(each.id) for each in tried if asks(each)),
        asked_at=asked_at,
    )


def without_what_was_not_had(
    account: Account, owed: Owed, subscription: stripe.Subscription | None
) -> Owed:
    """Take back the renewals whose periods began when the plan was lost already ("Void invoices"). `account`
    has borne the rest, and lost its plan. Returns what is left to pay. Raises stripe.StripeError."""
    lost_at = account.grace_ends_at
    if lost_at is None or subscription is None:
        return owed
    drafts = _drafts(subscription) if subscription.status == "unpaid" else []
    gone = set()
    for invoice in [*owed.invoices, *drafts]:
        begins = _period_begins(invoice)
        if begins is not None and begins >= lost_at and _void(invoice):
            gone.add(invoice.id)
    left = [each for each in owed.invoices if each.id not in gone]
    return replace(
        owed,
        invoices=left,
        amount=sum(each.amount_remaining for each in left),
        asking=owed.asking - gone,
    )


def _drafts(subscription: stripe.Subscription) -> list[stripe.Invoice]:
    """Of one that is unpaid: Stripe goes on to draft its renewals, and asks for none."""
    asked = {"subscription": subscription.id, "status": "draft", "limit": MOST}
    return list(client().v1.invoices.list(asked).data)  # type: ignore[arg-type] # as it takes it


def _period_begins(invoice: stripe.Invoice) -> datetime | None:
    """When the period begins that a renewal is for; None: it is no renewal."""
    starts = [line.period.start for line in invoice.lines.data]
    if invoice.billing_reason != _RENEWAL or not starts:
        return None
    return datetime.fromtimestamp(max(starts), UTC)


def _void(invoice: stripe.Invoice) -> bool:
    """False where it was paid or given up a moment ago."""
    try:
        if invoice.status == "draft":  # one of a subscription is not deleted
            client().v1.invoices.finalize_invoice(str(invoice.id), {"auto_advance": False})
        client().v1.invoices.void_invoice(str(invoice.id))
    except stripe.InvalidRequestError as error:
        log.info("billing.not_voided", stripe=invoice.id, error=repr(error))
        return False
    log.info("billing.voided_what_was_not_had", stripe=invoice.id)
    return True


def asked_for_at(invoice: stripe.Invoice) -> datetime:
    """When an invoice was finalized, which is when its payment is due."""
    at = invoice.status_transitions.finalized_at or invoice.created
    return datetime.fromtimestamp(at, UTC)


def asks(invoice: stripe.Invoice) -> bool:
    """Whether its payment waits for the card's holder (3-D Secure). Raises stripe.StripeError."""
    return intent_that_asks(str(invoice.id)) is not None


def intent_that_asks(invoice_id: str) -> stripe.PaymentIntent | None:
    """The payment of an invoice that waits for the card's holder. Raises stripe.StripeError."""
    payments = client().v1.invoice_payments.list(
        {
            "invoice": invoice_id,
            "limit": _MOST_PAYMENTS,
            "expand": ["data.payment.payment_intent"],
        }
    )
    for each in payments.data:
        intent = each.payment.payment_intent
        if isinstance(intent, stripe.PaymentIntent) and intent.status == "requires_action":
            return intent
    return None


def _subscription_of(invoice: stripe.Invoice) -> str | None:
    details = invoice.parent.subscription_details if invoice.parent else None
    found = details.subscription if details else None
    return found if found is None or isinstance(found, str) else found.id


def _time_of(answer: stripe.ListObject[stripe.Invoice]) -> datetime:
    """Stripe's clock when it answered, which is the simulator's after days were skipped there."""
    response = answer.last_response
    date = response.headers.get("Date", "") if response is not None else ""
    try:
        return parsedate_to_datetime(date).astimezone(UTC)
    except (TypeError, ValueError):
        return timezone.now()
