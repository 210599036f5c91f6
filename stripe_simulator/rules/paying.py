"""Paying an invoice because somebody wants to: by the API, on its hosted page, with another card."""

from stripe_simulator.cards import Decline
from stripe_simulator.errors import StripeError
from stripe_simulator.objects.payment_methods import by_token_or_id
from stripe_simulator.rules import standing
from stripe_simulator.rules.collecting import collect
from stripe_simulator.rules.renewing import count_again
from stripe_simulator.shapes import Json
from stripe_simulator.store import State


def pay(
    state: State, invoice: Json, *, payment_method: str | None = None, confirmed: bool = False
) -> Decline | None:
    """Charge it now, and let its subscription follow. Raises StripeError for one that is settled.

    Returns the decline, with the attempt on record.
    """
    if invoice["status"] in ("paid", "void"):
        raise StripeError(
            "Invoice is already paid" if invoice["status"] == "paid" else "Invoice is voided",
            code="invoice_not_editable",
        )
    if payment_method:
        payment_method = by_token_or_id(state, payment_method)["id"]
    if invoice["status"] == "draft":
        count_again(state, invoice)
    decline = collect(state, invoice, payment_method=payment_method, confirmed=confirmed)
    standing.follow(state, invoice, paid=decline is None)
    return decline


def invoice_of(state: State, intent: Json) -> Json:
    """The invoice that a payment intent pays."""
    for payment in state.select("invoice_payment", {"payment.payment_intent": intent["id"]}):
        return state.require("invoice", payment["invoice"])
    raise StripeError("This PaymentIntent pays no invoice.")
