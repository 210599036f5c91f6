"""A workspace's whole money history in one time line, the newest first: what Stripe did, what somebody
changed, what staff gave, what usage cost.

Each source is asked for its newest rows by its own index, as many as the page needs, so a page has a bound
whatever the age of the workspace.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from billing import catalogue
from billing.models import MoneyEntry, MrrMovement, StaffRefund, UsageCharge
from billing.subscriptions.cancelling import REASONS
from metering.wording import money_in_words
from tenants.audit import action_in_words
from tenants.models import AuditEntry, Tenant

A_PAGE, MOST_PAGES = 50, 40
# Actions of the audit log that are about money; what has rows of its own below is not told twice.
_TOLD = (
    "billing.", "billing_", "change.", "checkout.", "credit.", "customer.", "grant.", "invoice.", "limit.",
    "offer.", "payment.recovered", "payment_", "plan.", "promotion", "refund.", "seats.", "spend",
    "subscription.", "tax_id.", "trial.",
)  # fmt: skip


@dataclass(frozen=True)
class Line:
    """`amount` is in words, "" where there is none; `payment` names one that can be given back."""

    at: datetime
    what: str
    amount: str
    state: str
    kind: str  # of the badge
    detail: str
    who: str
    url: str = ""
    payment: str = ""


def page(tenant: Tenant, number: int) -> tuple[Sequence[Line], bool]:
    """The page of this number (from 1), and whether there is another after it."""
    number = min(max(number, 1), MOST_PAGES)
    upto = number * A_PAGE + 1
    found: list[tuple[datetime, int, int, Line]] = []
    for source, ask in enumerate(_SOURCES):
        lines = enumerate(ask(tenant, upto))
        found += [(line.at, -source, -position, line) for position, line in lines]
    found.sort(key=lambda each: each[:3], reverse=True)
    shown = [each[3] for each in found[upto - 1 - A_PAGE : upto - 1]]
    return shown, len(found) >= upto and number < MOST_PAGES


def _entries(tenant: Tenant, most: int) -> Iterator[Line]:
    rows = list(MoneyEntry.objects.for_tenant(tenant).order_by("-at", "-id")[:most])
    wanted = {row.asked_by for row in rows if row.asked_by}
    asked = StaffRefund.objects.for_tenant(tenant).filter(pk__in=wanted).select_related("by")
    by = {row.pk: row for row in asked}
    urls = _urls(tenant, rows)
    mine = MoneyEntry.objects.for_tenant(tenant).filter(kind=MoneyEntry.Kind.DISPUTE)
    ids = [row.stripe_id for row in rows]
    disputed = set(mine.filter(payment_id__in=ids).values_list("payment_id", flat=True))
    for row in rows:
        wish = by.get(row.asked_by) if row.asked_by else None
        state, kind = STATES.get(row.status, (row.status.replace("_", " ").capitalize(), ""))
        yield Line(
            at=row.at,
            what=_what(row),
            amount=money_in_words(row.amount, row.currency),
            state="" if row.kind == MoneyEntry.Kind.BALANCE else state,
            kind=kind,
            detail=wish.reason if wish else _detail(row),
            who=(wish.by.email if wish.by else "somebody who left") if wish else "Stripe",
            url=row.url or urls.get(row.invoice_id, ""),
            payment=row.stripe_id if _may_go_back(row) and row.stripe_id not in disputed else "",
        )


# Stripe's states, in words, and the kind of their badge.
STATES = {
    "paid": ("Paid", "success"),
    "open": ("Open", "warn"),
    "void": ("Void", ""),
    "uncollectible": ("Unpaid", "error"),
    "succeeded": ("Succeeded", "success"),
    "failed": ("Failed", "error"),
    "pending": ("On its way", "info"),
    "canceled": ("Canceled", ""),
    "issued": ("Issued", ""),
    "needs_response": ("Needs an answer", "error"),
    "warning_needs_response": ("Inquiry needs an answer", "warn"),
    "under_review": ("Under review", "info"),
    "warning_under_review": ("Inquiry under review", "info"),
    "warning_closed": ("Inquiry closed", ""),
    "won": ("Won", "success"),
    "lost": ("Lost", "error"),
}


def _may_go_back(row: MoneyEntry) -> bool:
    return row.kind == MoneyEntry.Kind.PAYMENT and row.status == "succeeded" and row.rest > 0


def _urls(tenant: Tenant, rows: Iterable[MoneyEntry]) -> dict[str, str]:
    """The pages of the invoices that these rows are about."""
    wanted = {row.invoice_id for row in rows if row.invoice_id}
    found = MoneyEntry.objects.for_tenant(tenant).filter(stripe_id__in=wanted)
    return dict(found.values_list("stripe_id", "url"))


def _what(row: MoneyEntry) -> str:
    label = MoneyEntry.Kind(row.kind).label
    if row.kind == MoneyEntry.Kind.BALANCE:
        return "Credit added" if row.amount < 0 else "Credit used or taken back"
    return f"{label} {row.number}" if row.number else label


# Stripe's `billing_reason` of an invoice, as a reader of bookkeeping would say it.
_ASKED_FOR = {
    "subscription_create": "First of the subscription",
    "subscription_cycle": "Renewal",
    "subscription_update": "Change of the subscription",
    "manual": "Usage or made by hand",
}


def _detail(row: MoneyEntry) -> str:
    words = _ASKED_FOR.get(row.reason) or row.reason.replace("_", " ").capitalize()
    if row.kind == MoneyEntry.Kind.INVOICE and row.rest:
        return f"{words}; {money_in_words(row.rest, row.currency)} not paid".removeprefix("; ")
    if row.kind == MoneyEntry.Kind.DISPUTE and row.due_at:
        return f"{words}; answer until {row.due_at:%-d %b %Y}"
    return words


def _audited(tenant: Tenant, most: int) -> Iterator[Line]:
    about = Q()
    for start in _TOLD:
        about |= Q(action__startswith=start)
    rows = AuditEntry.objects.for_tenant(tenant).filter(about).order_by("-id")[:most]
    for row in rows:
        yield Line(
            at=row.at,
            what=action_in_words(row.action),
            amount="",
            state="",
            kind="",
            detail=_audit_detail(row),
            who=row.by_name or "the system",
        )


def _audit_detail(row: AuditEntry) -> str:
    """What it was about, and why, as far as somebody said so."""
    said = row.details
    if row.action == "plan.changed":
        return f"{_plan(said.get('from'))} to {_plan(said.get('to'))}"
    if row.action == "change.scheduled":
        return f"{_plan(row.target)} to {_plan(said.get('to'))}"
    feedback = REASONS.get(str(said.get("feedback")), "")
    why = (feedback, str(said.get("comment") or ""), str(said.get("reason") or ""))
    return ": ".join(filter(None, (_plan(row.target), *why)))


def _plan(key: object) -> str:
    known = {plan.key: plan.name for plan in catalogue.plans()}
    return known.get(str(key), str(key))


def _movements(tenant: Tenant, most: int) -> Iterator[Line]:
    for row in MrrMovement.objects.for_tenant(tenant).order_by("-at", "-pk")[:most]:
        was = money_in_words(row.before, row.currency)
        yield Line(
            at=row.at,
            what="Monthly revenue",
            amount=money_in_words(row.after, row.currency),
            state=MrrMovement.Kind(row.kind).label,
            kind="error" if row.difference < 0 else "success",
            detail=f"{was} before; {_plan(row.plan_key)}",
            who="",
        )


def _usage(tenant: Tenant, most: int) -> Iterator[Line]:
    rows = UsageCharge.objects.for_tenant(tenant).select_related("statement", "invoice")
    for row in rows.order_by("-created_at", "-pk")[:most]:
        start, end = row.statement.period_start, row.statement.period_end
        yield Line(
            at=row.created_at,
            what="Usage charge",
            amount=money_in_words(row.amount, row.currency),
            state="",
            kind="",
            detail=f"{row.statement.meter}, {start:%-d %b} to {end:%-d %b %Y}",
            who="",
        )


_SOURCES: Sequence[Callable[[Tenant, int], Iterable[Line]]] = (
    _entries,
    _usage,
    _movements,
    _audited,
)
