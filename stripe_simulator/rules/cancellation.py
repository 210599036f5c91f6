"""Ending a subscription: at once, or at the end of the period."""

from stripe_simulator.events import emit
from stripe_simulator.objects.invoice_items import pending_items
from stripe_simulator.objects.subscriptions import period_end
from stripe_simulator.presentation import present
from stripe_simulator.rules import invoicing
from stripe_simulator.shapes import Json
from stripe_simulator.store import State


def cancel_now(state: State, subscription: Json, *, details: Json | None = None) -> Json:
    """End it. Pending prorations are dropped; invoices already open stay as they are."""
    now = state.now()
    for item in pending_items(state, subscription["id"]):
        state.remove("invoiceitem", item["id"])
    was_scheduled = subscription["cancel_at"] is not None
    subscription.update(
        status="canceled",
        canceled_at=subscription["canceled_at"] if was_scheduled else now,
        ended_at=now,
    )
    subscription["cancellation_details"] |= {"reason": "cancellation_requested"} | (details or {})
    state.save(subscription)
    emit(state, "customer.subscription.deleted", subscription)
    return subscription


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


def set_cancel_at_period_end(state: State, subscription: Json, wanted: bool) -> None:
    """Schedule the end for the end of the period, or take a scheduled end back (unsaved)."""
    subscription["cancel_at_period_end"] = wanted
    subscription["cancel_at"] = period_end(state, subscription) if wanted else None
    subscription["canceled_at"] = state.now() if wanted else None
    subscription["cancellation_details"]["reason"] = "cancellation_requested" if wanted else None
