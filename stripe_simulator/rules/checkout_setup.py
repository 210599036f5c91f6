"""Hosted Checkout in setup mode: a card is kept for later, and nothing is charged."""

from typing import Any

from stripe_simulator.errors import NotSimulated, StripeError, invalid, missing
from stripe_simulator.events import emit
from stripe_simulator.metadata import merge_metadata
from stripe_simulator.objects.checkout_sessions import new_session
from stripe_simulator.objects.payment_methods import new_card
from stripe_simulator.objects.setup_intents import new_setup_intent
from stripe_simulator.rules import setting_up
from stripe_simulator.rules.checkout import Payer, close
from stripe_simulator.rules.checkout_checks import (
    check_addresses,
    check_expiry,
    check_options,
    not_in,
)
from stripe_simulator.shapes import Json
from stripe_simulator.sources import assumed, documented
from stripe_simulator.store import State

# What sells something has no place where nothing is sold.
_OF_SALES = (
    *("line_items", "subscription_data", "allow_promotion_codes", "discounts"),
    *("payment_method_collection", "automatic_tax", "payment_intent_data"),
)
_DATA = {"description", "metadata"}


@documented("api/checkout/sessions/create#create_checkout_session-mode")
@documented("payments/checkout/subscriptions/update-payment-details")
@assumed(
    "a Checkout in setup mode has its setup intent from the beginning, cancelled if it expires"
)
def open_session(state: State, params: dict[str, Any]) -> Json:
    """A new session. `params` are those of the API route; raises StripeError as Stripe does."""
    for name in _OF_SALES:
        if params.get(name):
            raise not_in("setup", name)
    check_addresses(params)
    check_options(params)
    if not params.get("currency") and not params.get("payment_method_types"):
        raise missing("currency")
    if not params.get("customer"):
        raise NotSimulated("A Checkout in setup mode without a customer", param="customer")
    if params.get("customer_email"):
        raise invalid(
            "You may only specify one of these parameters: customer, customer_email.",
            "customer_email",
        )
    state.require("customer", params["customer"], param="customer", status=400)
    data: Json = params.get("setup_intent_data") or {}
    for name in data.keys() - _DATA:
        raise NotSimulated(f"`setup_intent_data[{name}]`", param=f"setup_intent_data[{name}]")
    check_expiry(state, params)
    intent = new_setup_intent(state, customer=params["customer"])
    intent["description"] = data.get("description")
    merge_metadata(intent, data)
    state.save(intent)
    session = new_session(state, [], params, None)
    session["setup_intent"] = intent["id"]
    state.save(session)
    emit(state, "setup_intent.created", intent)
    return session


@documented("payments/checkout/subscriptions/update-payment-details")
def complete(state: State, session: Json, payer: Payer) -> Json:
    """Keep the card with the customer, whose default it does not become by itself.

    Raises CardError when the card is refused; nothing is kept of that attempt.
    """
    if session["status"] != "open":
        raise StripeError(f"This Checkout Session is {session['status']}.")
    if payer.card is None:
        raise missing("payment_method")
    if payer.card.decline and not payer.card.attaches:
        raise payer.card.decline.error(keeps_changes=False)
    customer = state.require("customer", session["customer"])
    method = new_card(
        state,
        payer.card,
        exp_month=payer.exp_month,
        exp_year=payer.exp_year,
        billing_details={"email": payer.email, "name": payer.name or None},
    )
    intent = state.require("setup_intent", session["setup_intent"])
    setting_up.confirm(state, intent, payment_method=method["id"], confirmed=payer.confirmed)
    close(state, session, state.require("customer", customer["id"]))
    return session
