"""What follows a renewal that could not be paid: tries on fixed days, then a final action."""

from stripe_simulator.events import emit
from stripe_simulator.objects.invoices import subscription_of
from stripe_simulator.objects.subscriptions import ENDED
from stripe_simulator.presentation import present
from stripe_simulator.rules.cancellation import cancel_now
from stripe_simulator.shapes import Json
from stripe_simulator.sources import assumed, documented
from stripe_simulator.store import State

DAY = 24 * 3600
_POLICY = "retry_policy"
FINAL_ACTIONS = ("cancel", "mark_unpaid", "leave_past_due")


@documented("billing/revenue-recovery/smart-retries#retry-schedule")
@assumed("tries after 3, 5 and 7 days and then the subscription is left past due; both can be set")
def policy(state: State) -> Json:
    """`days` between the attempts, and the `final` action."""
    default = {"days": [3, 5, 7], "final": "leave_past_due"}
    return state.get("simulator.setting", _POLICY) or default


def set_policy(state: State, *, days: list[int], final: str) -> None:
    setting = {"id": _POLICY, "object": "simulator.setting", "days": days, "final": final}
    state.save(setting)


def after_failure(state: State, invoice: Json) -> None:
    """Say when the invoice is tried again (saved), or do what is left when no try is."""
    if invoice["billing_reason"] == "subscription_create":
        return  # its subscription expires instead
    rules = policy(state)
    attempt = invoice["attempt_count"]
    if invoice["auto_advance"] and attempt <= len(rules["days"]):
        invoice["next_payment_attempt"] = state.now() + rules["days"][attempt - 1] * DAY
        state.save(invoice)
        return
    was_tried = invoice["auto_advance"]
    invoice.update(next_payment_attempt=None, auto_advance=False)
    state.save(invoice)
    subscription = state.get("subscription", subscription_of(invoice) or "")
    if was_tried and subscription is not None and subscription["status"] not in ENDED:
        _give_up(state, subscription, rules["final"])


def _give_up(state: State, subscription: Json, final: str) -> None:
    if final == "cancel":
        cancel_now(state, subscription, reason="payment_failed")
    elif final == "mark_unpaid" and subscription["status"] == "past_due":
        before = present(state, subscription)
        subscription["status"] = "unpaid"
        state.save(subscription)
        emit(state, "customer.subscription.updated", subscription, before=before)
