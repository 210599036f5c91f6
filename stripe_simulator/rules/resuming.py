"""Resuming a subscription that a trial without a card has paused."""

from typing import Any

from stripe_simulator.errors import NotSimulated, StripeError
from stripe_simulator.events import emit
from stripe_simulator.presentation import present
from stripe_simulator.rules.changes import Outcome, invoice_change, restart_all
from stripe_simulator.shapes import Json
from stripe_simulator.sources import documented
from stripe_simulator.store import State


@documented("api/subscriptions/resume")
def resume(
    state: State, subscription: Json, params: dict[str, Any], *, pay_now: bool = True
) -> Outcome:
    """Begin a period now and invoice it; the subscription is active once that is paid."""
    if subscription["status"] != "paused":
        raise StripeError(
            f"You can only resume paused subscriptions; this one is {subscription['status']}."
        )
    if params.get("billing_cycle_anchor", "now") != "now":
        raise NotSimulated("Resuming with the anchor unchanged", param="billing_cycle_anchor")
    before, outcome = present(state, subscription), Outcome()
    restart_all(state, subscription, outcome, behavior="none")
    invoice_change(state, subscription, outcome, at=state.now(), pay_now=pay_now)
    if outcome.invoice and outcome.invoice["status"] == "paid":
        subscription["status"] = "active"
        state.save(subscription)
        emit(state, "customer.subscription.updated", subscription, before=before)
        emit(state, "customer.subscription.resumed", subscription)
    return outcome
