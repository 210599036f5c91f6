"""Ending a subscription: at once, at the end of the period, or on a day."""

from typing import Any

from stripe_simulator.errors import StripeError, invalid
from stripe_simulator.events import emit
from stripe_simulator.objects.invoice_items import pending_items
from stripe_simulator.objects.subscription_items import items_of
from stripe_simulator.objects.subscriptions import next_boundary, period_end
from stripe_simulator.presentation import present
from stripe_simulator.rules import invoicing
from stripe_simulator.rules.collecting import collect
from stripe_simulator.rules.crediting import credit_item
from stripe_simulator.rules.lines import usage_lines
from stripe_simulator.rules.pending import claim, take_pending
from stripe_simulator.shapes import Json
from stripe_simulator.sources import assumed, documented
from stripe_simulator.store import State


@documented("billing/subscriptions/cancel")
def cancel_now(
    state: State,
    subscription: Json,
    *,
    details: Json | None = None,
    reason: str = "cancellation_requested",
    invoice_now: bool = False,
    prorate: bool = False,
    pay_now: bool = True,
) -> Json:
    """End it. Invoices already open stay as they are, and are not tried again.

    Pending prorations are dropped, unless `invoice_now` bills them with the usage so far;
    `prorate` credits the unused time first.
    """
    now = state.now()
    if prorate:
        for item in items_of(state, subscription["id"]):
            made = credit_item(state, subscription, item, at=now)
            if made:
                emit(state, "invoiceitem.created", made)
    if invoice_now:
        bill_what_is_left(state, subscription, pay_now=pay_now)
    elif not prorate:
        for item in pending_items(state, subscription["id"]):
            state.remove("invoiceitem", item["id"])
    return _end(state, subscription, details=details, reason=reason)


@documented("api/subscriptions/cancel: pending prorations are collected at the end of the period")
def end_of_period(state: State, subscription: Json, *, pay_now: bool = True) -> Json:
    """The scheduled end: what is pending, and the usage of the period, is billed at last."""
    bill_what_is_left(state, subscription, pay_now=pay_now)
    return _end(state, subscription, details=None, reason="cancellation_requested")


def bill_what_is_left(state: State, subscription: Json, *, pay_now: bool = True) -> None:
    """A last invoice of pending items and usage, if there is anything."""
    lines = take_pending(state, subscription)
    for item in items_of(state, subscription["id"]):
        used = usage_lines(state, subscription, item, until=state.now())
        lines += [line for line in used if line.amount]
    if not lines:
        return
    start = min(line.period[0] for line in lines)
    invoice = invoicing.draft(
        state,
        subscription,
        lines,
        billing_reason="subscription_update",
        period=(start, state.now()),
    )
    claim(state, lines, invoice)
    subscription["latest_invoice"] = invoice["id"]
    if not pay_now:
        return
    try:
        collect(state, invoice)
    except StripeError:  # no card: the invoice stays open
        state.save(invoice | {"attempted": True})


def _end(state: State, subscription: Json, *, details: Json | None, reason: str) -> Json:
    was_scheduled = subscription["cancel_at"] is not None
    if subscription["schedule"]:
        _end_schedule(state, subscription)
    subscription.update(
        status="canceled",
        canceled_at=subscription["canceled_at"] if was_scheduled else state.now(),
        ended_at=state.now(),
    )
    subscription["cancellation_details"] |= {"reason": reason} | (details or {})
    state.save(subscription)
    for invoice in state.select(
        "invoice",
        {"customer": subscription["customer"], "status": ["open", "draft"]},
        condition="json_extract(data, '$.parent.subscription_details.subscription') = ?",
        values=(subscription["id"],),
    ):
        invoice.update(auto_advance=False, next_payment_attempt=None)
        state.save(invoice)
    emit(state, "customer.subscription.deleted", subscription)
    return subscription


def _end_schedule(state: State, subscription: Json) -> None:
    schedule = state.require("subscription_schedule", subscription["schedule"])
    if schedule["status"] in ("active", "not_started"):
        schedule.update(status="canceled", canceled_at=state.now(), current_phase=None)
        state.save(schedule)
        emit(state, "subscription_schedule.canceled", schedule)


@documented("billing/subscriptions/overview#subscription-statuses")
def expire_incomplete(state: State, subscription: Json) -> Json:
    """The first invoice was not paid in time: void it; the subscription never began."""
    before = present(state, subscription)
    invoice = state.require("invoice", subscription["latest_invoice"])
    if invoice["status"] == "open":
        invoicing.void(state, invoice)
    subscription.update(status="incomplete_expired", ended_at=state.now())
    state.save(subscription)
    emit(state, "customer.subscription.updated", subscription, before=before)
    return subscription


@assumed("`cancel_at` within a period credits nothing")
def schedule_end(state: State, subscription: Json, params: dict[str, Any]) -> None:
    """Obey `cancel_at_period_end` and `cancel_at` (unsaved): an end, or taking it back."""
    if "cancel_at_period_end" in params:
        wanted = params["cancel_at_period_end"]
        if wanted and params.get("cancel_at"):
            raise invalid("Pass either `cancel_at` or `cancel_at_period_end`.", "cancel_at")
        end = period_end(state, subscription) if wanted else None
        if wanted or subscription["cancel_at_period_end"]:
            _set_end(state, subscription, end)
        subscription["cancel_at_period_end"] = wanted
    if "cancel_at" in params:
        at = params["cancel_at"] or None
        if at == "min_period_end":
            at = next_boundary(state, subscription)
        elif at == "max_period_end":
            at = period_end(state, subscription)
        if at is not None and at <= state.now():
            raise invalid("Must be in the future.", "cancel_at")
        subscription["cancel_at_period_end"] = False
        _set_end(state, subscription, at)


def _set_end(state: State, subscription: Json, at: int | None) -> None:
    subscription["cancel_at"] = at
    subscription["canceled_at"] = None if at is None else state.now()
    reason = None if at is None else "cancellation_requested"
    subscription["cancellation_details"]["reason"] = reason
