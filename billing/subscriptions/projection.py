"""What Stripe says of a subscription, as the row that everything here reads.

`fields` is a pure function of the answer; `write` keeps it. The same answer gives the same row, however
often, whenever and for whatever reason Stripe was asked.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import stripe
from django.utils import timezone

from billing import catalogue
from billing.models import LIVE, Account, PlanTerms, Subscription, plan_item
from billing.revenue import mrr
from billing.selling import terms
from billing.subscriptions import scheduled

MOVED = "moved_to"  # metadata key: the price that `moving` gave a subscription
# What a list of subscriptions must be asked to expand for it ("Expanding responses", 4 levels at most).
EXPAND = [
    "data.latest_invoice",
    "data.default_payment_method",
    "data.customer.invoice_settings.default_payment_method",
    "data.discounts.source.coupon",
    "data.schedule",
]


def write(account: Account, subscription: stripe.Subscription) -> Subscription:
    """Keep what Stripe says, in the current transaction."""
    said = fields(subscription)
    row, _ = Subscription.objects.update_or_create(
        stripe_id=subscription.id,
        defaults={
            "tenant": account.tenant,
            "terms": _terms(subscription, plan_key=said["plan_key"]),
            **said,
        },
    )
    return row


def end_unknown(account: Account) -> None:
    """Stripe knows no subscription of the workspace any more (its customer was deleted): those that we
    know have ended."""
    rows = Subscription.objects.for_tenant(account.tenant).filter(status__in=LIVE)
    now = timezone.now()
    rows.update(status="canceled", monthly=0, ended_at=now, invoice_due=0, synced_at=now)


def before(subscription: stripe.Subscription | None) -> tuple[str, int] | None:
    """What was paid by, as far as we knew: price and terms; None where we knew nothing."""
    if subscription is None:
        return None
    known = Subscription.objects.filter(stripe_id=subscription.id).first()
    return paid_by(known) if known is not None else None


def paid_by(row: Subscription) -> tuple[str, int]:
    """The price and the terms of usage."""
    return row.price_id, row.terms_id


def is_moved(subscription: stripe.Subscription) -> bool:
    """Whether it has its price by `moving`, which writes that at Stripe with the price: so the mail is
    written in the transaction that first sees it, whoever that is."""
    item = plan_item(subscription)
    at = subscription.metadata[MOVED] if MOVED in (subscription.metadata or {}) else None
    return item is not None and at == item.price.id


def fields(subscription: stripe.Subscription) -> dict[str, Any]:
    """The row's columns, but for its tenant and terms. Raises ValueError where it is no plan of ours."""
    item = plan_item(subscription)
    if item is None:
        raise ValueError(f"{subscription.id} has no item that is a plan of ours.")
    at_end = item.current_period_end if subscription.cancel_at_period_end else None
    return {
        "status": subscription.status,
        "plan_key": item.price.metadata["plan"],
        "price_id": item.price.id,
        "interval": item.price.recurring.interval if item.price.recurring else "",
        "currency": item.price.currency,
        "quantity": item.quantity or 1,
        "amount": item.price.unit_amount,
        "monthly": mrr.monthly(subscription),
        "add_ons": _add_ons(subscription),
        "started_at": _moment(subscription.start_date),
        "period_start": _moment(item.current_period_start),
        "period_end": _moment(item.current_period_end),
        "trial_start": _moment(subscription.trial_start),
        "trial_end": _moment(subscription.trial_end),
        "cancel_at": _moment(subscription.cancel_at or at_end),
        "canceled_at": _moment(subscription.canceled_at),
        "ended_at": _moment(subscription.ended_at),
        "is_paused": subscription.pause_collection is not None,
        "schedule_id": _id(subscription.schedule),
        **scheduled.fields(subscription.schedule),
        "discounts": [_discount(each) for each in subscription.discounts or ()],
        "payment_method": _payment_method(
            subscription.default_payment_method or _of_customer(subscription.customer)
        ),
        **_invoice(subscription.latest_invoice),
    }


def _terms(subscription: stripe.Subscription, *, plan_key: str) -> PlanTerms:
    """The version it was sold under: Stripe's metadata says it; what was sold before there were versions
    keeps what was in force when we first looked, or else what the catalogue says now."""
    metadata = subscription.metadata
    digest = metadata[terms.METADATA] if metadata and terms.METADATA in metadata else ""
    if (found := terms.named(plan_key, digest)) is not None:
        return found
    known = Subscription.objects.filter(stripe_id=subscription.id).select_related("terms").first()
    if known is not None and known.terms.plan_key == plan_key:
        return known.terms
    try:
        return terms.current(catalogue.plan(plan_key))
    except KeyError:  # the plan has left the catalogue
        return terms.newest(plan_key)


def _add_ons(subscription: stripe.Subscription) -> dict[str, int]:
    found: dict[str, int] = {}
    for item in subscription["items"].data:
        if item.price.metadata and "add_on" in item.price.metadata:
            key = item.price.metadata["add_on"]
            found[key] = found.get(key, 0) + (item.quantity or 1)
    return found


def _discount(discount: stripe.Discount | str) -> dict[str, Any]:
    if isinstance(discount, str):
        said = {"id": discount, "name": discount, "percent": None, "amount": None, "currency": None}
        return {**said, "ends": None}
    coupon = discount.source.coupon
    ends = datetime.fromtimestamp(discount.end, UTC).isoformat() if discount.end else None
    if coupon is None or isinstance(coupon, str):
        said = {
            "id": discount.id,
            "name": coupon or discount.id,
            "percent": None,
            "amount": None,
            "currency": None,
        }
        return {**said, "ends": ends}
    percent = float(coupon.percent_off) if coupon.percent_off is not None else None
    return {
        "id": discount.id,
        "name": coupon.name or coupon.id,
        "percent": percent,
        "amount": coupon.amount_off,
        "currency": coupon.currency,
        "ends": ends,
    }


def _payment_method(method: stripe.PaymentMethod | str | None) -> str:
    """Like "Visa ending in 4242, 12/34"; "" where none is kept with the subscription or its customer."""
    if method is None or isinstance(method, str):
        return ""
    if method.type == "card" and method.card is not None:
        card = method.card
        brand = (card.display_brand or card.brand).replace("_", " ").title()
        return f"{brand} ending in {card.last4}, {card.exp_month:02}/{card.exp_year % 100:02}"[:80]
    return method.type.replace("_", " ")[:80]


def _of_customer(customer: stripe.Customer | str) -> stripe.PaymentMethod | str | None:
    settings = None if isinstance(customer, str) else customer.invoice_settings
    return settings.default_payment_method if settings else None


def _invoice(invoice: stripe.Invoice | str | None) -> dict[str, Any]:
    if invoice is None or isinstance(invoice, str):
        return {"invoice_id": invoice or "", "invoice_status": "", "invoice_due": 0}
    due = invoice.amount_remaining if invoice.status == "open" else 0
    said = {"invoice_id": invoice.id, "invoice_status": invoice.status or "", "invoice_due": due}
    return said


def _id(thing: Any) -> str:
    return "" if thing is None else thing if isinstance(thing, str) else str(thing.id)


def _moment(seconds: int | None) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None
