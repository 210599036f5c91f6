"""What is told of money that was given back or is disputed: in the audit log, and by mail, once each.

`news` are rows of which Stripe said something new, so each state is told once, in the transaction that
first sees it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from billing.models import Account, MoneyEntry, StaffRefund
from billing.subscriptions import letters
from billing.subscriptions.entries import News
from metering.wording import money_in_words
from tenants import audit

_NEWS = timedelta(
    days=7
)  # what is older was there before we first looked, and is no news to anybody
_GIVEN_BACK = frozenset({"pending", "succeeded"})  # of banks that take days, the first is told


def tell(account: Account, news: News, *, now: datetime) -> None:
    """Tell what this is; most of it is nothing."""
    row = news.row
    if row.kind == MoneyEntry.Kind.REFUND:
        _refund(account, news, now=now)
    elif row.kind == MoneyEntry.Kind.DISPUTE:
        _dispute(account, news, now=now)


def _refund(account: Account, news: News, *, now: datetime) -> None:
    row = news.row
    amount = money_in_words(row.amount, row.currency)
    if row.status == "failed":
        audit.note(account.tenant, "refund.failed", by=None, target=amount,
                   details={"why": row.reason})  # fmt: skip
        return
    if row.status not in _GIVEN_BACK or news.before in _GIVEN_BACK or row.at < now - _NEWS:
        return
    wishes = StaffRefund.objects.for_tenant(account.tenant)
    asked = wishes.filter(pk=row.asked_by).first() if row.asked_by else None
    by = asked.by if asked else None
    details = {"reason": asked.reason} if asked else {}
    audit.note(account.tenant, "payment.refunded", by=by, target=amount, details=details)
    letters.refunded(account, amount=amount, invoice=_number(row), once=f"refund:{row.stripe_id}")


def _dispute(account: Account, news: News, *, now: datetime) -> None:
    row = news.row
    amount = money_in_words(row.amount, row.currency)
    if news.before is None and row.at >= now - _NEWS:
        audit.note(account.tenant, "dispute.opened", by=None, target=amount,
                   details={"reason": row.reason})  # fmt: skip
    if row.status in ("won", "lost") and row.at >= now - 30 * _NEWS:
        audit.note(account.tenant, f"dispute.{row.status}", by=None, target=amount)


def _number(row: MoneyEntry) -> str:
    """The number of the invoice that was paid by what is given back; "" where none is known."""
    rows = MoneyEntry.objects.for_tenant(row.tenant)
    payment = rows.filter(stripe_id=row.payment_id).first()
    found = rows.filter(stripe_id=payment.invoice_id).first() if payment else None
    return found.number if found else ""
