"""Giving a payment back, in full or in part, by staff and for a reason.

The row is written and committed before Stripe is asked; its id comes with the form and is Stripe's
idempotency key, so a form that is sent twice is one refund. The account is locked, and Stripe is asked what
is left of the payment, before anything is given back: two people at once cannot give back more than was
paid, and who acts on what they saw a while ago is told that it is not so any more. What was paid for an
invoice is given back by a credit note of it, so that its books are right; anything else by a bare refund.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import stripe
import structlog
from django.db import transaction
from django.utils import timezone

from billing import failures
from billing.models import Account, MoneyEntry, StaffRefund
from billing.money.following import follow
from billing.stripe_client import client
from billing.subscriptions.entries import ASKED_BY
from identity.models import User
from metering.wording import money_in_words
from tenants.models import Tenant

log = structlog.get_logger()
_UNSURE = timedelta(minutes=2)  # after that nobody waits for the answer any more
_GIVEN_UP = timedelta(hours=24)  # Stripe forgets idempotency keys then ("Idempotent requests")
_MOST = 100  # rows of one round


class NotRefunded(ValueError):
    """Why nothing was given back, in words."""


def payment_of(tenant: Tenant, payment_id: str) -> MoneyEntry | None:
    """The payment of this workspace that could be given back; None: it has no such payment."""
    rows = MoneyEntry.objects.for_tenant(tenant).filter(kind=MoneyEntry.Kind.PAYMENT)
    found: MoneyEntry | None = rows.filter(stripe_id=payment_id, status="succeeded").first()
    return found


def refund(
    tenant: Tenant,
    payment_id: str,
    *,
    key: UUID,
    amount: int,
    seen_rest: int,
    reason: str,
    by: User | None,
) -> StaffRefund:
    """Give back `amount` (minor units). `key` names this wish; `seen_rest` is what was left of the payment
    when `by` decided.

    Raises NotRefunded, and stripe.StripeError: then it may be made, and the same call again finds out.
    """
    payment = payment_of(tenant, payment_id)
    if payment is None:
        raise NotRefunded("There is no such payment of this workspace.")
    if not reason.strip():
        raise NotRefunded("Say why: the money leaves for a reason.")
    row = _wish(payment, key=key, amount=amount, reason=reason.strip()[:300], by=by)
    if row.stripe_id is None:
        try:
            _make(row, seen_rest=seen_rest)
        except NotRefunded as refused:
            _note_refused(row, str(refused))
            raise
        except stripe.StripeError as error:
            if not failures.passes(error):
                _note_refused(row, error.user_message or str(error))
            raise
        row.refresh_from_db()
    follow(Account.objects.of(tenant))  # with the mail and the line in the audit log
    return row


def settle_unsure(*, now: datetime | None = None) -> int:
    """Find out about those whose answer never came; returns how many were asked about."""
    now = now or timezone.now()
    unsure = StaffRefund.objects.filter(
        stripe_id=None, refused="", asked_at__lt=now - _UNSURE
    ).order_by("asked_at")
    rows = list(unsure.select_related("tenant")[:_MOST])
    for tenant in {row.tenant for row in rows}:
        failures.each([Account.objects.of(tenant)], follow, what="billing.refund_unsure")
    lost = StaffRefund.objects.filter(
        pk__in=[row.pk for row in rows], stripe_id=None, asked_at__lt=now - _GIVEN_UP
    )
    lost.update(refused="Stripe never had it.")
    return len(rows)


def _note_refused(row: StaffRefund, why: str) -> None:
    rows = StaffRefund.objects.for_tenant(row.tenant).filter(pk=row.pk, stripe_id=None)
    rows.update(refused=why[:300])


def _wish(
    payment: MoneyEntry, *, key: UUID, amount: int, reason: str, by: User | None
) -> StaffRefund:
    """The row, written once; another form's key is not taken."""
    if not 0 < amount <= payment.amount:
        most = money_in_words(payment.amount, payment.currency)
        raise NotRefunded(f"Give back more than nothing, and at most the {most} that were paid.")
    row, _ = StaffRefund.objects.get_or_create(
        id=key,
        defaults={
            "tenant": payment.tenant, "payment_id": payment.stripe_id,
            "invoice_id": payment.invoice_id, "amount": amount, "currency": payment.currency,
            "reason": reason, "by": by,
        },
    )  # fmt: skip
    wanted = (payment.tenant_id, payment.stripe_id, amount)
    if (row.tenant_id, row.payment_id, row.amount) != wanted:
        raise NotRefunded("This form was used for another refund. Please open it again.")
    return row


@transaction.atomic
def _make(row: StaffRefund, *, seen_rest: int) -> None:
    """At Stripe, and written down. The account's lock lets a second click wait for the first."""
    account = Account.objects.locked(Account.objects.of(row.tenant).pk)
    row = StaffRefund.objects.get(pk=row.pk)
    if row.stripe_id is not None:
        return
    made = _find(row, account)
    if made is None:
        charge = client().v1.charges.retrieve(row.payment_id)
        _may(row, charge, seen_rest=seen_rest)
        made = _ask(row)
    row.stripe_id, row.refused = made, ""
    row.save(update_fields=["stripe_id", "refused"])
    log.info("billing.refunded", stripe=made, tenant=str(row.tenant_id), amount=row.amount)


def _may(row: StaffRefund, charge: stripe.Charge, *, seen_rest: int) -> None:
    """Raises NotRefunded."""
    rest = charge.amount_captured - charge.amount_refunded
    if charge.disputed:
        why = "The payer's bank has taken it back already (a dispute), so it cannot be refunded."
    elif rest == 0:
        why = "All of it was given back already."
    elif rest != seen_rest:
        left = money_in_words(rest, row.currency)
        why = f"Somebody gave back a part of it meanwhile: {left} are left. Please look again."
    elif row.amount > rest:
        why = f"Only {money_in_words(rest, row.currency)} of it are left."
    else:
        return
    raise NotRefunded(why)


def _find(row: StaffRefund, account: Account) -> str | None:
    """What a try that broke off has made at Stripe."""
    if row.invoice_id:
        notes = client().v1.credit_notes.list({"invoice": row.invoice_id, "limit": 100}).data
        found = [str(note.id) for note in notes if _is_of(row, note)]
    else:
        refunds = client().v1.refunds.list({"charge": row.payment_id, "limit": 100}).data
        found = [str(refund.id) for refund in refunds if _is_of(row, refund)]
    return found[0] if found else None


def _ask(row: StaffRefund) -> str:
    metadata = {ASKED_BY: str(row.pk), "tenant": str(row.tenant_id)}
    options: stripe.RequestOptions = {"idempotency_key": f"staff-refund-{row.pk}"}
    if not row.invoice_id:
        made = client().v1.refunds.create(
            {"charge": row.payment_id, "amount": row.amount, "metadata": metadata}, options
        )
        return str(made.id)
    note = client().v1.credit_notes.create(
        {
            "invoice": row.invoice_id,
            "amount": row.amount,
            "refund_amount": row.amount,
            "metadata": metadata,
        },
        options,
    )
    return str(note.id)


def _is_of(row: StaffRefund, thing: stripe.CreditNote | stripe.Refund) -> bool:
    metadata = thing.metadata
    return bool(metadata and ASKED_BY in metadata and metadata[ASKED_BY] == str(row.pk))
