"""Updating a subscription, as the route and the preview of it do."""

from typing import Any

from stripe_simulator.errors import NotSimulated, StripeError, invalid
from stripe_simulator.events import emit
from stripe_simulator.metadata import merge_metadata
from stripe_simulator.objects.prices import item_amount
from stripe_simulator.objects.subscription_items import items_of, price_of
from stripe_simulator.objects.subscriptions import ENDED
from stripe_simulator.presentation import present
from stripe_simulator.rules import changes, discounting, retrying, trials
from stripe_simulator.rules.cancellation import schedule_end
from stripe_simulator.rules.crediting import credit_item
from stripe_simulator.shapes import Json
from stripe_simulator.sources import recorded
from stripe_simulator.store import State

ITEM_UPDATE = {"id", "price", "quantity", "deleted", "metadata", "tax_rates"}
HONOURED = (
    "automatic_tax billing_cycle_anchor cancel_at cancel_at_period_end cancellation_details "
    "default_payment_method default_tax_rates description discounts items metadata off_session "
    "payment_behavior payment_settings proration_behavior proration_date trial_end trial_settings"
)


@recorded("event logs: the invoice's events, subscription.updated, then invoiceitem.created")
def update(
    state: State, subscription: Json, params: dict[str, Any], *, pay_now: bool = True
) -> changes.Outcome:
    """Apply the parameters of the API route (saved), with all events.

    Raises StripeError; CardError when it was invoiced at once, not paid, and
    `payment_behavior=error_if_incomplete`.
    """
    before = present(state, subscription)
    if subscription["status"] in ENDED and params.keys() - {"metadata", "cancellation_details"}:
        raise StripeError(
            "A canceled subscription can only update its cancellation_details and metadata.",
            code="resource_missing",
        )
    discounting.drop_ended(state, subscription)
    _apply(state, subscription, params)
    outcome = _change(state, subscription, params, pay_now=pay_now)
    if outcome.decline:
        if params.get("payment_behavior") == "error_if_incomplete":
            raise outcome.decline.error(keeps_changes=False)
        subscription["status"] = "past_due"
        if outcome.invoice:
            retrying.after_failure(state, outcome.invoice)
    # Last, because another interval moves the end of the period.
    schedule_end(state, subscription, params)
    state.save(subscription)
    if present(state, subscription) != before:
        emit(state, "customer.subscription.updated", subscription, before=before)
    changes.announce(state, outcome.prorations)
    return outcome


def _apply(state: State, subscription: Json, params: dict[str, Any]) -> None:
    if "description" in params:
        subscription["description"] = params["description"] or None
    if method := params.get("default_payment_method"):
        state.require("payment_method", method, param="default_payment_method", status=400)
        subscription["default_payment_method"] = method
    if "default_tax_rates" in params:
        subscription["default_tax_rates"] = [
            state.require("tax_rate", rate, param="default_tax_rates", status=400)
            for rate in params["default_tax_rates"] or []
        ]
    if "automatic_tax" in params:
        enabled = params["automatic_tax"]["enabled"]
        liability = {"type": "self"} if enabled else None
        subscription["automatic_tax"] |= {"enabled": enabled, "liability": liability}
    if "trial_settings" in params:
        subscription["trial_settings"] = params["trial_settings"]
    subscription["payment_settings"] |= params.get("payment_settings") or {}
    for name, value in (params.get("cancellation_details") or {}).items():
        subscription["cancellation_details"][name] = value or None
    if "discounts" in params:
        set_discounts(state, subscription, params["discounts"] or None)
    merge_metadata(subscription, params)
    state.save(subscription)


def set_discounts(state: State, subscription: Json, given: list[dict[str, Any]] | None) -> None:
    """Replace the subscription's discounts (unsaved)."""
    currency = subscription["currency"]
    subscription["discounts"] = discounting.redeem(
        state,
        given,
        customer=subscription["customer"],
        currency=currency,
        subtotal=sum(
            item_amount(price_of(state, item), item["quantity"], currency)
            for item in items_of(state, subscription["id"])
        ),
        subscription=subscription["id"],
    )


def _change(
    state: State, subscription: Json, params: dict[str, Any], *, pay_now: bool
) -> changes.Outcome:
    """What changes the bill: items, the anchor, the trial."""
    behavior = params.get("proration_behavior", "create_prorations")
    at, outcome = _proration_date(state, subscription, params), changes.Outcome()
    _refuse_unsimulated(params)
    if "items" in params:
        outcome = changes.change_items(
            state, subscription, params["items"], behavior=behavior, at=at
        )
    if "trial_end" in params:
        _move_trial(state, subscription, params["trial_end"], outcome, behavior=behavior)
    elif params.get("billing_cycle_anchor") == "now":
        changes.restart_all(state, subscription, outcome, behavior=behavior)
    if outcome.restarted or (behavior == "always_invoice" and outcome.prorations):
        changes.invoice_change(state, subscription, outcome, at=at, pay_now=pay_now)
    return outcome


def _move_trial(
    state: State,
    subscription: Json,
    wanted: int | str,
    outcome: changes.Outcome,
    *,
    behavior: changes.Behavior,
) -> None:
    end = trials.checked_end(state, wanted)
    if end is not None:
        if subscription["status"] != "trialing" and behavior != "none":
            for item in items_of(state, subscription["id"]):
                outcome.add(credit_item(state, subscription, item, at=state.now()))
        trials.move_end(state, subscription, end)
    elif subscription["status"] == "trialing":
        subscription.update(status="active", trial_end=state.now())
        changes.restart_all(state, subscription, outcome, behavior="none")


def _proration_date(state: State, subscription: Json, params: dict[str, Any]) -> int:
    at: int = params.get("proration_date", state.now())
    for item in items_of(state, subscription["id"]):
        if not item["current_period_start"] <= at <= item["current_period_end"]:
            raise invalid("Invalid timestamp: must be within the current period.", "proration_date")
    return at


def _refuse_unsimulated(params: dict[str, Any]) -> None:
    behavior = params.get("payment_behavior", "allow_incomplete")
    if behavior not in ("allow_incomplete", "error_if_incomplete"):
        raise NotSimulated(f"`{behavior}` on an update", param="payment_behavior")
    for position, item in enumerate(params.get("items") or []):
        for name in item.keys() - ITEM_UPDATE:
            raise NotSimulated(f"An item's `{name}`", param=f"items[{position}][{name}]")
