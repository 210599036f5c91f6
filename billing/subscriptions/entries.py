"""What Stripe says of an invoice, a payment, and what became of them, as the rows that staff read.

Each `of_…` is a pure function of the answer; `keep` writes it. The same answer gives the same row, so
neither order nor repetition matters. A row that Stripe tells of for the first time, or in another state, is
returned as news.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import stripe

from billing.models import Account, MoneyEntry

Kind = MoneyEntry.Kind
Said = dict[str, Any]
ASKED_BY = "staff_refund"  # metadata key of what staff gave back: the id of the StaffRefund
GRANT = "staff_credit"  # metadata key of a credit that staff gave
_ENTRIES = 500  # rows of one account that are compared at once


@dataclass(frozen=True)
class News:
    """`before` is the state that was known; None: the entry is new."""

    row: MoneyEntry
    before: str | None


def keep(account: Account, said: Iterable[Said]) -> list[News]:
    """Write these rows, in the current transaction; the account is locked. Returns what is new, or in
    another state."""
    rows = {each["stripe_id"]: each for each in said}
    known = _known(list(rows))
    news = []
    for stripe_id, values in rows.items():
        row = known.get(stripe_id)
        before = row.status if row else None
        if row is None:
            row = MoneyEntry(tenant=account.tenant, **values)
            row.save()
        elif _differs(row, values):
            for name, value in values.items():
                setattr(row, name, value)
            row.save()
        if before != row.status:
            news.append(News(row, before))
    return news


def of_invoice(invoice: stripe.Invoice) -> Said:
    is_open = invoice.status == "open"
    return _entry(
        Kind.INVOICE,
        invoice,
        status=invoice.status or "",
        amount=max(0, invoice.total),
        rest=invoice.amount_remaining if is_open else 0,
        due_at=_moment(invoice.next_payment_attempt) if is_open else None,
        attempts=invoice.attempt_count,
        invoice_id=invoice.id,
        reason=invoice.billing_reason or "",
        number=invoice.number or "",
        url=invoice.hosted_invoice_url or "",
    )


def of_payment(charge: stripe.Charge, *, invoice_id: str) -> Said:
    """A charge; of one that failed `reason` is the bank's code."""
    outcome = charge.outcome.reason if charge.outcome else None
    return _entry(
        Kind.PAYMENT,
        charge,
        status=charge.status,
        amount=charge.amount,
        rest=charge.amount_captured - charge.amount_refunded if charge.paid else 0,
        payment_id=charge.id,
        invoice_id=invoice_id,
        reason=outcome or charge.failure_code or "",
    )


def of_refund(refund: stripe.Refund, *, asked_by: str = "") -> Said:
    return _entry(
        Kind.REFUND,
        refund,
        status=refund.status or "",
        amount=refund.amount,
        payment_id=_id(refund.charge),
        reason=refund.failure_reason if "failure_reason" in refund else refund.reason,
        asked_by=_uuid(asked_by or _noted(refund, ASKED_BY)),
    )


def of_credit_note(note: stripe.CreditNote) -> Said:
    return _entry(
        Kind.CREDIT_NOTE,
        note,
        status=note.status,
        amount=note.total,
        invoice_id=_id(note.invoice),
        reason=note.reason or "",
        number=note.number,
        asked_by=_uuid(_noted(note, ASKED_BY)),
    )


def of_dispute(dispute: stripe.Dispute) -> Said:
    """`due_at` is the last day for evidence, while there is something to answer."""
    due = dispute.evidence_details.due_by if dispute.status in OPEN_DISPUTES else None
    return _entry(
        Kind.DISPUTE,
        dispute,
        status=dispute.status,
        amount=dispute.amount,
        payment_id=_id(dispute.charge),
        due_at=_moment(due),
        reason=dispute.reason,
    )


# Stripe's "The Dispute object": these ask for an answer; under review and decided ones do not.
OPEN_DISPUTES = frozenset({"needs_response", "warning_needs_response"})
UNDECIDED = OPEN_DISPUTES | {"under_review", "warning_under_review"}


def of_balance(move: stripe.CustomerBalanceTransaction) -> Said:
    return _entry(
        Kind.BALANCE,
        move,
        status=move.type,
        amount=move.amount,
        invoice_id=_id(move.invoice),
        reason=move.description or "",
    )


def _entry(kind: MoneyEntry.Kind, thing: Any, **more: Any) -> Said:
    """All columns, so that one that is not said is emptied."""
    said: Said = {
        "kind": kind, "stripe_id": thing.id, "currency": thing.currency,
        "at": _moment(thing.created), "rest": 0, "due_at": None, "attempts": 0, "payment_id": "",
        "invoice_id": "", "reason": "", "number": "", "url": "", "asked_by": None,
    }  # fmt: skip
    more["reason"] = (more.get("reason") or "")[:300]
    return said | more


def _known(ids: list[str]) -> Mapping[str, MoneyEntry]:
    found: dict[str, MoneyEntry] = {}
    for start in range(0, len(ids), _ENTRIES):
        rows = MoneyEntry.objects.filter(stripe_id__in=ids[start : start + _ENTRIES])
        found |= {row.stripe_id: row for row in rows}
    return found


def _differs(row: MoneyEntry, values: Said) -> bool:
    if values["kind"] == Kind.PAYMENT and not values["invoice_id"]:
        values["invoice_id"] = row.invoice_id  # of an invoice that is not among the newest any more
    if values["asked_by"] is None:
        values["asked_by"] = row.asked_by
    return any(getattr(row, name) != value for name, value in values.items())


def ids_of(rows: Iterable[MoneyEntry]) -> Collection[str]:
    """Stripe's ids."""
    return {row.stripe_id for row in rows}


def _noted(thing: Any, key: str) -> str:
    metadata = thing.metadata
    return str(metadata[key]) if metadata and key in metadata else ""


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _id(thing: Any) -> str:
    return "" if thing is None else thing if isinstance(thing, str) else str(thing.id)


def _moment(seconds: int | None) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None
