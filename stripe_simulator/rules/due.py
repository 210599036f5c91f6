"""What happens because time passed: sessions expire, periods renew, scheduled ends arrive.

Called every few seconds with the real time; each thing done is committed with the call.
"""

from stripe_simulator.errors import StripeError
from stripe_simulator.events import emit
from stripe_simulator.objects.subscription_items import items_of, price_of
from stripe_simulator.objects.subscriptions import ENDED, period_end
from stripe_simulator.presentation import present
from stripe_simulator.rules import invoicing, pending, standing
from stripe_simulator.rules.cancellation import cancel_now, expire_incomplete
from stripe_simulator.rules.checkout import expire
from stripe_simulator.rules.periods import boundary_after
from stripe_simulator.rules.subscribing import cycle_line
from stripe_simulator.shapes import Json
from stripe_simulator.store import State

_INCOMPLETE_LASTS = 23 * invoicing.HOUR
_DRAFT_WAITS = invoicing.HOUR
_PERIOD_OR_LIFE_ENDED = """(
    json_extract(data, '$.cancel_at') <= ? OR id IN (
        SELECT json_extract(data, '$.subscription') FROM objects
        WHERE object = 'subscription_item' AND json_extract(data, '$.current_period_end') <= ?
    )
)"""


def run(state: State) -> None:
    """Do all that is due now."""
    now = state.now()
    for session in state.select(
        "checkout.session",
        {"status": "open"},
        condition="json_extract(data, '$.expires_at') <= ?",
        values=(now,),
    ):
        expire(state, session)
    for subscription in state.select(
        "subscription",
        {"status": ["active", "past_due"]},
        condition=_PERIOD_OR_LIFE_ENDED,
        values=(now, now),
    ):
        _advance(state, subscription, now)
    for subscription in state.select("subscription", {"status": "incomplete"}):
        if subscription["created"] + _INCOMPLETE_LASTS <= now:
            expire_incomplete(state, subscription)
    for invoice in state.select(
        "invoice",
        {"status": "draft"},
        condition="json_extract(data, '$.automatically_finalizes_at') <= ?",
        values=(now,),
    ):
        _charge(state, invoice)
    for invoice in state.select(
        "invoice", {"status": "open", "auto_advance": True, "billing_reason": "manual"}
    ):
        if not invoice["attempted"]:
            _charge(state, invoice)


def _advance(state: State, subscription: Json, now: int) -> None:
    cancel_at = subscription["cancel_at"]
    while subscription["status"] not in ENDED:
        if cancel_at is not None and cancel_at <= now:
            cancel_now(state, subscription)
        elif period_end(state, subscription) <= now:
            _renew(state, subscription)
        else:
            return


def _renew(state: State, subscription: Json) -> None:
    """Begin the next period, with a draft invoice that Stripe leaves open for about an hour."""
    before = present(state, subscription)
    ended = period_end(state, subscription)
    for item in items_of(state, subscription["id"]):
        every = price_of(state, item)["recurring"]
        start = item["current_period_end"]
        end = boundary_after(
            start,
            anchor=subscription["billing_cycle_anchor"],
            interval=every["interval"],
            count=every["interval_count"],
        )
        state.save(item | {"current_period_start": start, "current_period_end": end})
    items = items_of(state, subscription["id"])
    lines = pending.take_pending(state, subscription)
    lines += [cycle_line(state, subscription, item) for item in items]
    invoice = invoicing.draft(
        state,
        subscription,
        lines,
        billing_reason="subscription_cycle",
        period=(before["items"]["data"][0]["current_period_start"], ended),
    )
    invoice["automatically_finalizes_at"] = state.now() + _DRAFT_WAITS
    state.save(invoice)
    pending.claim(state, lines, invoice)
    subscription["latest_invoice"] = invoice["id"]
    state.save(subscription)
    emit(state, "customer.subscription.updated", subscription, before=before)


def _charge(state: State, invoice: Json) -> None:
    try:
        unpaid = invoicing.collect(state, invoice) is not None
    except StripeError:  # no card to charge
        unpaid = True
        state.save(invoice | {"attempted": True})
    standing.follow(state, invoice, paid=not unpaid)
