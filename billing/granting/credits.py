"""Credit on a workspace's balance at Stripe, which its next invoices take, until a day.

The row is written before Stripe is asked. What was made is found again by its metadata, and the idempotency
key is made from the row, so it is given once however often it is tried. At its end, or when it is revoked,
what invoices have not taken of it is taken back: what they took since it was given counts against it first.
"""

from __future__ import annotations

from datetime import datetime

import stripe
from django.db import transaction
from django.utils import timezone

from billing.entitlements import NotGranted
from billing.models import Account, StaffCredit
from billing.stripe_client import client
from billing.subscriptions.entries import GRANT
from identity.models import User
from metering.wording import money_in_words
from tenants import audit
from tenants.models import Tenant

MOST = 1_000_000  # minor units; a slip of the finger is no gift
_TAKEN_BACK = "staff_credit_end"  # metadata key of what takes the rest back


def begin(
    tenant: Tenant, *, amount: int, currency: str, until: datetime, reason: str,
    by: User | None, now: datetime,
) -> StaffCredit:  # fmt: skip
    """Write it down, with its line in the audit log, in the current transaction. Raises NotGranted."""
    account = Account.objects.locked(Account.objects.of(tenant).pk)
    if account.stripe_customer_id is None or not account.pays_in:
        raise NotGranted(
            "This workspace has never paid, so no invoice would take it. Give a plan or a trial."
        )
    if currency != account.pays_in:
        raise NotGranted(f"This workspace pays in {account.pays_in.upper()}.")
    if not 0 < amount <= MOST:
        raise NotGranted(f"Give more than nothing, and at most {money_in_words(MOST, currency)}.")
    row = StaffCredit.objects.create(
        tenant=tenant, amount=amount, currency=currency, reason=reason, by=by, given_at=now,
        ends_at=until,
    )  # fmt: skip
    audit.note(tenant, "credit.given", by=by, target=money_in_words(amount, currency),
               details={"until": until.isoformat(), "reason": reason})  # fmt: skip
    return row


@transaction.atomic
def make(row: StaffCredit) -> None:
    """Bring it to Stripe; safe to repeat. Raises stripe.StripeError."""
    account = Account.objects.locked(Account.objects.of(row.tenant).pk)
    row.refresh_from_db()
    if row.done_at is not None or row.refused or row.is_over or row.revoked_at is not None:
        return
    customer = account.stripe_customer_id or ""
    made = _noted(_moves(customer), GRANT, row)
    if made is None:
        made = client().v1.customers.balance_transactions.create(
            customer,
            {
                "amount": -row.amount,
                "currency": row.currency,
                "description": "Credit",
                "metadata": {GRANT: str(row.pk)},
            },
            {"idempotency_key": f"staff-credit-{row.pk}-{int(row.given_at.timestamp())}"},
        )
    row.stripe_id, row.done_at = made.id, timezone.now()
    row.save(update_fields=["stripe_id", "done_at"])


@transaction.atomic
def take_back(row: StaffCredit) -> None:
    """Take back what is left of it; safe to repeat. Raises stripe.StripeError."""
    account = Account.objects.locked(Account.objects.of(row.tenant).pk)
    row.refresh_from_db()
    if row.is_over:
        return
    taken = 0
    if account.stripe_customer_id:
        taken = _take_back(row, account.stripe_customer_id)
    row.taken_back, row.is_over = taken, True
    row.save(update_fields=["taken_back", "is_over"])
    audit.note(row.tenant, "credit.ended", by=None,
               target=money_in_words(row.amount, row.currency),
               details={"taken_back": money_in_words(taken, row.currency)})  # fmt: skip


def _take_back(row: StaffCredit, customer: str) -> int:
    moves = _moves(customer)
    before = _noted(moves, _TAKEN_BACK, row)
    if before is not None:
        return before.amount
    left = _left(row, moves)
    if left > 0:
        client().v1.customers.balance_transactions.create(
            customer,
            {
                "amount": left,
                "currency": row.currency,
                "description": "Credit that was not used",
                "metadata": {_TAKEN_BACK: str(row.pk)},
            },
            {"idempotency_key": f"staff-credit-end-{row.pk}-{int(row.given_at.timestamp())}"},
        )
    return left


def _left(row: StaffCredit, moves: list[stripe.CustomerBalanceTransaction]) -> int:
    """Minor units of it that no invoice has taken, and at most what the balance has."""
    given = _noted(moves, GRANT, row)  # also where we never heard that it was made
    if given is None:
        return 0
    since = moves[: moves.index(given)]  # the newest come first
    used = sum(each.amount for each in since if each.type == "applied_to_invoice")
    credit = -moves[0].ending_balance
    return max(0, min(row.amount - used, credit))


def _moves(customer: str) -> list[stripe.CustomerBalanceTransaction]:
    listed = client().v1.customers.balance_transactions.list(customer, {"limit": 100})
    return listed.data


def _noted(
    moves: list[stripe.CustomerBalanceTransaction], key: str, row: StaffCredit
) -> stripe.CustomerBalanceTransaction | None:
    for each in moves:
        if each.metadata and key in each.metadata and each.metadata[key] == str(row.pk):
            return each
    return None
