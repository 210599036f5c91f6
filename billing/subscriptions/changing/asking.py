"""What a change costs, asked of Stripe: the invoice of now, and the one after.

The first preview lets Stripe choose the instant that prorations count from, and says it; whoever asks again
with it, or makes the change with it, gets the same cents ("Preview a proration").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import stripe

from billing.stripe_client import client
from billing.subscriptions import cancelling, scheduled
from billing.subscriptions.changing import scheduling
from billing.subscriptions.changing.codes import Code
from billing.subscriptions.changing.wanted import Wanted, item_of


@dataclass(frozen=True)
class Bill:
    """An invoice to be; amounts in minor units. `lines` are words and amounts before `discount` and
    `tax`; `balance` is the customer's credit that it uses (below zero) or owes; `due` what is taken."""

    lines: Sequence[tuple[str, int]]
    discount: int
    tax: int
    total: int
    balance: int
    due: int
    currency: str
    at: datetime | None = None

    @property
    def credit(self) -> int:
        """What stays with the customer for later invoices, in minor units."""
        return max(0, -(self.total + self.balance))


@dataclass(frozen=True)
class Asked:
    """`now` is None where nothing is invoiced at once; `next` where Stripe cannot say. `at`: seconds since
    1970 that the prorations of `now` count from."""

    now: Bill | None
    next: Bill | None
    at: int | None


def ask(current: stripe.Subscription, wanted: Wanted, *, at: int | None = None) -> Asked:
    """What it costs; `at` as an earlier answer said. Raises stripe.StripeError."""
    if not _is_invoiced(current, wanted):
        return Asked(None, _next(current, wanted, None), None)
    invoice = _preview(now_parameters(current, wanted, at=at))
    at = at or _proration_date(invoice)
    now = _bill(invoice, at=None)
    return Asked(now, _next(current, wanted, invoice), at)


def ask_now(current: stripe.Subscription, wanted: Wanted, *, at: int | None) -> Bill | None:
    """The invoice of now alone, as `ask` gave it before. Raises stripe.StripeError."""
    if not _is_invoiced(current, wanted):
        return None
    return _bill(_preview(now_parameters(current, wanted, at=at)), at=None)


def _is_invoiced(current: stripe.Subscription, wanted: Wanted) -> bool:
    return wanted.when == "now" and (current.status != "trialing" or wanted.ends_trial)


def changed_items(current: stripe.Subscription, wanted: Wanted) -> list[dict[str, Any]]:
    """The plan's item as it is to be; the price is named where it is another."""
    item = item_of(current)
    changed: dict[str, Any] = {"id": item.id, "quantity": wanted.choice.seats}
    return [changed if item.price.id == wanted.price.id else {**changed, "price": wanted.price.id}]


def prorations(current: stripe.Subscription, wanted: Wanted, *, at: int | None) -> dict[str, Any]:
    """How the change is invoiced: alike in its preview and in itself."""
    if wanted.ends_trial:
        return {"proration_behavior": "none", "trial_end": "now"}
    if current.status == "trialing":
        return {"proration_behavior": "none"}
    dated = {} if at is None else {"proration_date": at}
    return {"proration_behavior": "always_invoice", **dated}


def discounts(wanted: Wanted) -> dict[str, Any]:
    """The code, if there is one: it is refused beside another discount."""
    if wanted.code is None:
        return {}
    return {"discounts": [{"promotion_code": wanted.code.promotion_code}]}


def now_parameters(
    current: stripe.Subscription, wanted: Wanted, *, at: int | None
) -> dict[str, Any]:
    """Of the preview of an invoice at once."""
    details = {
        "items": changed_items(current, wanted),
        **prorations(current, wanted, at=at),
        **cancelling.taken_back(current),  # what holds at once does so
    }
    return {"subscription": current.id, "subscription_details": details, **discounts(wanted)}


def _next(current: stripe.Subscription, wanted: Wanted, now: stripe.Invoice | None) -> Bill | None:
    item = item_of(current)
    end = item.current_period_end
    if now is not None and (wanted.interval_changes or wanted.ends_trial):
        begun = [line.period.end for line in now.lines.data if line.amount >= 0]
        return _of_new(current, wanted, at=max(begun, default=end))
    if wanted.when == "period_end" and wanted.interval_changes:
        return _of_new(current, wanted, at=end)
    schedule = scheduled.id_of(current)
    same = {
        "items": changed_items(current, wanted), "proration_behavior": "none",
        **cancelling.taken_back(current),
    }  # fmt: skip
    if schedule and wanted.when != "never":
        asked: dict[str, Any] = _by_schedule(current, wanted, schedule)
    elif wanted.when == "never":
        asked = {"subscription": current.id, **discounts(wanted)}
    else:
        asked = {
            "subscription": current.id, "subscription_details": same, **discounts(wanted)
        }  # fmt: skip
    return _bill(_preview(asked), at=end)


def _by_schedule(current: stripe.Subscription, wanted: Wanted, schedule: str) -> dict[str, Any]:
    """The period after, for a subscription whose schedule this change replaces or ends."""
    first, second = scheduling.phases(
        client().v1.subscription_schedules.retrieve(schedule), current, wanted
    )
    if wanted.when == "now":
        kept = [discounts(wanted)["discounts"]] if wanted.code else []
        first = {**first, "items": second["items"], **({"discounts": kept[0]} if kept else {})}
    phases = [first] if wanted.when == "now" else [first, second]
    details = {"phases": phases, "end_behavior": "release", "proration_behavior": "none"}
    return {"schedule": schedule, "schedule_details": details}


def _of_new(current: stripe.Subscription, wanted: Wanted, *, at: int) -> Bill | None:
    """A whole period of what is wanted, with the discounts that last until then: what Stripe would ask for
    a subscription of its own. None where it refuses to say."""
    coupons = [{"coupon": each} for each in _lasting(current, wanted, until=at)]
    asked = {
        "customer": _id(current.customer),
        "currency": current.currency,
        "subscription_details": {
            "items": [{"price": wanted.price.id, "quantity": wanted.choice.seats}]
        },
        **({"discounts": coupons} if coupons else {}),
    }
    try:
        return _bill(_preview(asked), at=at)
    except stripe.InvalidRequestError:
        return None


def _lasting(current: stripe.Subscription, wanted: Wanted, *, until: int) -> list[str]:
    lasting = []
    for each in current.discounts or ():
        coupon = None if isinstance(each, str) else each.source.coupon
        if isinstance(each, str) or coupon is None or isinstance(coupon, str):
            continue
        waits = coupon.duration == "once" and wanted.when == "period_end"
        if waits or coupon.duration == "forever" or (each.end or 0) > until:
            lasting.append(coupon.id)
    if wanted.code is not None and _outlasts_an_interval(wanted.code, wanted):
        lasting.append(wanted.code.coupon)
    return lasting


def _outlasts_an_interval(code: Code, wanted: Wanted) -> bool:
    """It begins with the interval, now: one that ends with it takes nothing off the next."""
    interval = 12 if wanted.choice.interval == "year" else 1
    return code.duration == "forever" or (code.months or 0) > interval


def _preview(asked: dict[str, Any]) -> stripe.Invoice:
    params: Any = asked
    return client().v1.invoices.create_preview(params)


def _proration_date(invoice: stripe.Invoice) -> int:
    parent = invoice.parent
    details = parent.subscription_details if parent else None
    said = getattr(details, "subscription_proration_date", None)
    return int(said or invoice.created)


def _bill(invoice: stripe.Invoice, *, at: int | None) -> Bill:
    discount = sum(each.amount for each in invoice.total_discount_amounts or ())
    tax = sum(each.amount for each in invoice.total_taxes or ())
    due = invoice.amount_due
    return Bill(
        lines=tuple((line.description or "", line.amount) for line in invoice.lines.data),
        discount=discount,
        tax=tax,
        total=invoice.total,
        balance=invoice.starting_balance or 0,
        due=due,
        currency=invoice.currency,
        at=datetime.fromtimestamp(at, UTC) if at else None,
    )


def _id(thing: Any) -> str:
    return thing if isinstance(thing, str) else str(thing.id)
