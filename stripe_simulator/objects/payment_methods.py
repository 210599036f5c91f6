"""Payment methods: https://docs.stripe.com/api/payment_methods. Cards only."""

from typing import Any

import stripe

from stripe_simulator.cards import AUTHENTICATION, TOKENS, Decline, TestCard, by_number
from stripe_simulator.errors import StripeError
from stripe_simulator.events import emit
from stripe_simulator.identifiers import new_id, token
from stripe_simulator.shapes import Json, shape
from stripe_simulator.sources import documented
from stripe_simulator.store import State

LAST_YEAR = 2034


def new_card(
    state: State,
    card: TestCard,
    *,
    exp_month: int = 12,
    exp_year: int = LAST_YEAR,
    billing_details: dict[str, Any] | None = None,
) -> Json:
    """A saved card that belongs to nobody yet."""
    details = stripe.PaymentMethod.Card
    method: Json = {
        "id": new_id("pm"),
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": shape(
            stripe.PaymentMethod.BillingDetails,
            **{"address": shape(stripe.PaymentMethod.BillingDetails.Address)}
            | (billing_details or {}),
        ),
        "card": shape(
            details,
            brand=card.brand,
            checks=shape(details.Checks, cvc_check="pass"),
            country="US",
            display_brand=card.brand,
            exp_month=exp_month,
            exp_year=exp_year,
            fingerprint=token(16),
            funding="credit",
            last4=card.number[-4:],
            networks=shape(details.Networks, available=[card.brand]),
            three_d_secure_usage=shape(details.ThreeDSecureUsage, supported=True),
        ),
        "created": state.now(),
        "customer": None,
        "customer_account": None,
        "livemode": False,
        "metadata": {},
        "type": "card",
        "_authenticated": False,
        "_number": card.number,
    }
    return state.save(method)


@documented("testing#regulatory-cards")
def decline_of(method: Json, *, confirmed: bool = False) -> Decline | None:
    """What the bank answers when this card is charged; `confirmed` by its holder, who is there."""
    card = by_number(method["_number"])
    set_up = card.authentication == "until_set_up" and method["_authenticated"]
    if card.authentication and not confirmed and not set_up:
        return AUTHENTICATION
    return card.decline


def by_token_or_id(state: State, id: str, *, status: int = 400) -> Json:
    """A saved card, or a new one from a test token such as `pm_card_visa`."""
    if id in TOKENS:
        return new_card(state, TOKENS[id])
    return state.require("payment_method", id, param="payment_method", status=status)


def attach(state: State, method: Json, customer: Json) -> Json:
    """Save the card to the customer. Raises CardError for one that is refused when saved."""
    if method["customer"] == customer["id"]:
        return method
    if method["customer"]:
        raise StripeError(
            "The payment method you provided has already been attached to a customer.",
            code="payment_method_unexpected_state",
        )
    card = by_number(method["_number"])
    if card.decline and not card.attaches:
        raise card.decline.error(keeps_changes=False)
    method["customer"] = customer["id"]
    state.save(method)
    emit(state, "payment_method.attached", method)
    return method
