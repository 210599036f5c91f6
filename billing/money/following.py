"""A workspace's payments, refunds, credit notes, disputes and credits, brought up to date from Stripe.

News (`webhooks`), what staff do and the periodic check all end here: lock the account, ask Stripe how
things are, write it down, tell what changed. So order, repetition and loss of news do not matter.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

import stripe
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from billing import failures
from billing.models import Account, MoneyEntry, StaffRefund
from billing.money import told
from billing.stripe_client import client
from billing.subscriptions import customers, entries
from billing.subscriptions.entries import Said

_NEWEST = 100  # of each kind; what is older stays as it was last seen, unless it is undecided
_AGAIN = timedelta(days=1)  # after that everybody is asked about, whatever Stripe told
_MOST = 200  # accounts of one round
_ON_THE_WAY = frozenset({"pending", "requires_action"})  # a refund's states that are not the last


@transaction.atomic
def follow(
    account: Account, *, about: Collection[str] = (), now: datetime | None = None
) -> Account:
    """Write down what Stripe says of the workspace's money, and tell what is new. Returns the account.

    `about`: Stripe's ids of disputes and refunds of which we have heard. Raises stripe.StripeError, and
    then nothing has changed.
    """
    now = now or timezone.now()
    account = Account.objects.locked(account.pk)
    if account.stripe_customer_id is not None:
        try:
            said = list(_ask(account, account.stripe_customer_id, about))
        except stripe.InvalidRequestError:
            if not customers.is_deleted(account.stripe_customer_id):
                raise
            said = []  # what we know of it stays
        for news in entries.keep(account, said):
            told.tell(account, news, now=now)
        _match(account)
    Account.objects.filter(pk=account.pk).update(money_at=now)
    account.money_at = now
    return account


def follow_due(*, now: datetime | None = None, most: int = _MOST) -> int:
    """Ask about those that have not been asked about for a day, or of whose invoices there was news.
    Returns how many; a failure leaves that one for the next round."""
    now = now or timezone.now()
    due = Account.objects.filter(
        Q(money_at=None) | Q(money_at__lt=now - _AGAIN),
        stripe_customer_id__isnull=False,
        tenant__purged_at=None,
        tries__lt=Account.MOST_TRIES,
    ).order_by(F("money_at").asc(nulls_first=True), "pk")
    return failures.each(due[:most], follow, what="billing.money_not_read")


def _ask(account: Account, customer: str, about: Collection[str]) -> Iterator[Said]:
    api = client().v1
    invoices = api.invoices.list(
        {"customer": customer, "limit": _NEWEST, "expand": ["data.payments"]}
    ).data
    paid_by = {intent: str(one.id) for one in invoices for intent in _intents(one)}
    yield from (entries.of_invoice(one) for one in invoices if one.status != "draft")
    charges = api.charges.list({"customer": customer, "limit": _NEWEST}).data
    for charge in charges:
        invoice = paid_by.get(_id(charge.payment_intent), "")
        yield entries.of_payment(charge, invoice_id=invoice)
    notes = api.credit_notes.list({"customer": customer, "limit": _NEWEST}).data
    yield from map(entries.of_credit_note, notes)
    moves = api.customers.balance_transactions.list(customer, {"limit": _NEWEST}).data
    yield from map(entries.of_balance, moves)
    yield from _refunds(account, charges, notes, about)
    yield from _disputes(account, charges, about)


def _refunds(
    account: Account,
    charges: list[stripe.Charge],
    notes: list[stripe.CreditNote],
    about: Collection[str],
) -> Iterator[Said]:
    """Of each charge that gave something back; and those on their way of others."""
    asked = {
        _id(each.refund): note.metadata[entries.ASKED_BY]
        for note in notes
        if note.metadata and entries.ASKED_BY in note.metadata
        for each in note.refunds
    }
    seen = set()
    for charge in charges:
        if charge.amount_refunded or charge.refunded:
            listed = client().v1.refunds.list({"charge": charge.id, "limit": _NEWEST}).data
            for refund in listed:
                seen.add(refund.id)
                yield entries.of_refund(refund, asked_by=asked.get(refund.id, ""))
    rows = _known(account, MoneyEntry.Kind.REFUND).filter(status__in=_ON_THE_WAY)
    for stripe_id in sorted({*entries.ids_of(rows), *_named(about, "re_", "pyr_")} - seen):
        yield entries.of_refund(client().v1.refunds.retrieve(stripe_id))


def _disputes(
    account: Account, charges: list[stripe.Charge], about: Collection[str]
) -> Iterator[Said]:
    """Of each charge that is disputed; and those of others that are not decided."""
    seen = set()
    for charge in charges:
        if charge.disputed:
            for dispute in client().v1.disputes.list({"charge": charge.id, "limit": _NEWEST}).data:
                seen.add(dispute.id)
                yield entries.of_dispute(dispute)
    rows = _known(account, MoneyEntry.Kind.DISPUTE).filter(status__in=entries.UNDECIDED)
    for stripe_id in sorted({*entries.ids_of(rows), *_named(about, "du_", "dp_")} - seen):
        yield entries.of_dispute(client().v1.disputes.retrieve(stripe_id))


def _known(account: Account, kind: MoneyEntry.Kind) -> QuerySet[MoneyEntry]:
    rows: QuerySet[MoneyEntry] = MoneyEntry.objects.for_tenant(account.tenant)
    return rows.filter(kind=kind)


def _match(account: Account) -> None:
    """A refund of staff of which Stripe has the credit note is made, whatever its answer was."""
    unsure = StaffRefund.objects.for_tenant(account.tenant).filter(stripe_id=None)
    made = MoneyEntry.objects.for_tenant(account.tenant).filter(asked_by__in=unsure.values("pk"))
    # The credit note where there is one: the refund that belongs to it came by it.
    found = {row.asked_by: row.stripe_id for row in made.order_by("-kind") if row.asked_by}
    for pk, stripe_id in found.items():
        StaffRefund.objects.filter(pk=pk, stripe_id=None).update(stripe_id=stripe_id, refused="")


def _intents(invoice: stripe.Invoice) -> Iterator[str]:
    payments = invoice.payments.data if invoice.payments else []
    yield from (_id(each.payment.payment_intent) for each in payments)


def _named(about: Collection[str], *prefixes: str) -> Collection[str]:
    return {each for each in about if each.startswith(prefixes)}


def _id(thing: object) -> str:
    return "" if thing is None else thing if isinstance(thing, str) else str(thing.id)  # type: ignore[attr-defined]
