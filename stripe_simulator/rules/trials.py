"""Trials: begun with the subscription or later, told three days before, ended with or without a
card."""

from typing import Any

from stripe_simulator.errors import StripeError, invalid
from stripe_simulator.events import emit
from stripe_simulator.objects.subscription_items import items_of
from stripe_simulator.presentation import present
from stripe_simulator.rules.cancellation import cancel_now
from stripe_simulator.shapes import Json
from stripe_simulator.sources import assumed, documented
from stripe_simulator.store import State

DAY = 24 * 3600
_LONGEST = 730 * DAY
_WARNING = 3 * DAY


def end_of_new(state: State, params: dict[str, Any]) -> int | None:
    """When the trial that the parameters ask for ends; None for no trial."""
    if "trial_end" in params and "trial_period_days" in params:
        raise invalid("Pass either `trial_end` or `trial_period_days`.", "trial_period_days")
    if "trial_period_days" in params:
        days = params["trial_period_days"]
        if not 1 <= days <= _LONGEST // DAY:
            raise invalid("A trial has 1 to 730 days.", "trial_period_days")
        return state.now() + int(days) * DAY
    return checked_end(state, params["trial_end"]) if "trial_end" in params else None


def checked_end(state: State, end: int | str) -> int | None:
    """A `trial_end` parameter as an instant; None for `now`."""
    if end == "now":
        return None
    if not isinstance(end, int) or not state.now() < end <= state.now() + _LONGEST:
        raise invalid("Must be in the future, and within two years.", "trial_end")
    return end


@documented("billing/subscriptions/trials#trial-notifications")
def warning_due(subscription: Json) -> int | None:
    """When customer.subscription.trial_will_end is due; None when it was sent, or is not."""
    if subscription["status"] != "trialing" or subscription.get("_warned") == _end(subscription):
        return None
    return max(_end(subscription) - _WARNING, subscription["trial_start"])


def _end(subscription: Json) -> int:
    return int(subscription["trial_end"])


def warn(state: State, subscription: Json) -> None:
    state.save(subscription | {"_warned": subscription["trial_end"]})
    emit(state, "customer.subscription.trial_will_end", subscription)


@documented("billing/subscriptions/trials#free-trials-without-payment")
@assumed("a subscription that a trial without a card cancels has the reason cancellation_requested")
def stop_without_card(state: State, subscription: Json) -> bool:
    """At the trial's end: pause or cancel what no card pays for; true when that was done."""
    wanted = subscription["trial_settings"]["end_behavior"]["missing_payment_method"]
    if wanted == "create_invoice" or has_card(state, subscription):
        return False
    if wanted == "cancel":
        cancel_now(state, subscription)
        return True
    before = present(state, subscription)
    subscription["status"] = "paused"
    state.save(subscription)
    emit(state, "customer.subscription.updated", subscription, before=before)
    emit(state, "customer.subscription.paused", subscription)
    return True


def has_card(state: State, subscription: Json) -> bool:
    customer = state.require("customer", subscription["customer"])
    default = customer["invoice_settings"]["default_payment_method"]
    return bool(subscription["default_payment_method"] or default)


def move_end(state: State, subscription: Json, end: int) -> None:
    """Prolong, shorten or begin a trial (saved): the items' period is the trial's."""
    now = state.now()
    if subscription["status"] not in ("active", "trialing", "past_due"):
        raise StripeError(f"A subscription that is {subscription['status']} takes no trial.")
    began = subscription["trial_start"] if subscription["status"] == "trialing" else now
    subscription.update(
        status="trialing", trial_start=began, trial_end=end, billing_cycle_anchor=end
    )
    for item in items_of(state, subscription["id"]):
        state.save(
            item | {"current_period_start": began, "current_period_end": end, "_debit": None}
        )
    state.save(subscription)
