"""A subscription's period ends: usage is billed behind, the next period ahead, trials turn paid."""

from stripe_simulator.errors import StripeError
from stripe_simulator.events import emit
from stripe_simulator.objects.prices import is_metered
from stripe_simulator.objects.subscription_items import items_of, price_of
from stripe_simulator.presentation import present
from stripe_simulator.rules import invoicing, pending, retrying, standing, trials
from stripe_simulator.rules.collecting import collect
from stripe_simulator.rules.discounting import drop_ended
from stripe_simulator.rules.lines import cycle_lines, usage_lines
from stripe_simulator.rules.periods import boundary_after
from stripe_simulator.shapes import Json
from stripe_simulator.sources import documented, recorded
from stripe_simulator.store import State


@recorded("event logs: a renewal's draft waits about an hour before it is finalized and charged")
def renew(state: State, subscription: Json) -> None:
    """Begin the next period of each item whose period is over, with a draft invoice."""
    before = present(state, subscription)
    if subscription["status"] == "trialing":
        if trials.stop_without_card(state, subscription):
            return
        subscription["status"] = "active"
    drop_ended(state, subscription)
    lines, period = pending.take_pending(state, subscription), None
    ending = [
        item
        for item in items_of(state, subscription["id"])
        if item["current_period_end"] <= state.now()
    ]
    for item in ending:
        end = item["current_period_end"]
        period = period or (item["current_period_start"], end)
        lines += usage_lines(state, subscription, item, until=end)
        _begin_period(state, subscription, item)
    for item in ending:
        lines += cycle_lines(state, subscription, item)
    invoice = invoicing.draft(
        state,
        subscription,
        lines,
        billing_reason="subscription_cycle",
        period=period or (state.now(), state.now()),
    )
    invoice["automatically_finalizes_at"] = state.now() + invoicing.HOUR
    if subscription["status"] == "unpaid":
        invoice.update(auto_advance=False, automatically_finalizes_at=None)
    state.save(invoice)
    pending.claim(state, lines, invoice)
    subscription["latest_invoice"] = invoice["id"]
    state.save(subscription)
    emit(state, "customer.subscription.updated", subscription, before=before)


def _begin_period(state: State, subscription: Json, item: Json) -> None:
    every, start = price_of(state, item)["recurring"], item["current_period_end"]
    end = boundary_after(
        start,
        anchor=subscription["billing_cycle_anchor"],
        interval=every["interval"],
        count=every["interval_count"],
    )
    item.update(current_period_start=start, current_period_end=end, _metered_since=None)
    state.save(item)


@documented("billing/subscriptions/usage-based/recording-usage#usage-reporting-grace-period")
def count_again(state: State, invoice: Json) -> None:
    """Bring the usage on a renewal's draft up to date: events may come late, for its period."""
    fresh: list[invoicing.Line] = []
    counted: set[str] = set()
    for line in state.select("line_item", {"invoice": invoice["id"]}):
        details = line["parent"]["subscription_item_details"] or {}
        item = state.get("subscription_item", details.get("subscription_item") or "")
        if item is None or details["invoice_item"]:
            continue
        price = state.require("price", line["pricing"]["price_details"]["price"])
        if not is_metered(price):
            continue
        state.remove("line_item", line["id"])
        if item["id"] not in counted:
            counted.add(item["id"])
            subscription = state.require("subscription", item["subscription"])
            start, end = line["period"]["start"], line["period"]["end"]
            behind = {"price": price["id"], "current_period_start": start, "_metered_since": None}
            fresh += usage_lines(state, subscription, item | behind, until=end)
    if counted:
        invoicing.add_lines(state, invoice, fresh)


def count_drafts_again(state: State, customer: str) -> None:
    """The same for each renewal's draft of a customer, whose usage has just changed."""
    for invoice in state.select("invoice", {"customer": customer, "status": "draft"}):
        count_again(state, invoice)


def charge(state: State, invoice: Json) -> None:
    """Charge a draft or an open invoice because its time has come, and follow what the bank said."""
    before = invoice["attempt_count"]
    if invoice["status"] == "draft":
        count_again(state, invoice)
    try:
        unpaid = collect(state, invoice) is not None
    except StripeError:  # no card to charge
        unpaid = True
        invoice.update(attempted=True, attempt_count=before + 1)
        state.save(invoice)
        emit(state, "invoice.payment_failed", invoice)
    if unpaid:
        standing.follow(state, invoice, paid=False)
        retrying.after_failure(state, invoice)
    else:
        standing.follow(state, invoice, paid=True)
