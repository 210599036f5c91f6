"""Charges: https://docs.stripe.com/api/charges. Each attempt to take money is one."""

import stripe

from stripe_simulator.cards import Decline
from stripe_simulator.identifiers import new_id
from stripe_simulator.objects.balance_transactions import new_balance_transaction
from stripe_simulator.presentation import inclusion
from stripe_simulator.shapes import Json, list_object, shape
from stripe_simulator.store import State


def new_charge(state: State, intent: Json, method: Json, decline: Decline | None) -> Json:
    """The attempt to charge a card for a payment intent, succeeded or declined."""
    succeeded = decline is None
    charge = shape(
        stripe.Charge,
        id=new_id("ch"),
        amount=intent["amount"],
        amount_captured=intent["amount"] if succeeded else 0,
        amount_refunded=0,
        billing_details=method["billing_details"],
        calculated_statement_descriptor="SIMULATED",
        captured=succeeded,
        created=state.now(),
        currency=intent["currency"],
        customer=intent["customer"],
        description=intent["description"],
        disputed=False,
        failure_code=decline.code if decline else None,
        failure_message=decline.message if decline else None,
        fraud_details={},
        livemode=False,
        metadata={},
        outcome=_outcome(decline),
        paid=succeeded,
        payment_intent=intent["id"],
        payment_method=method["id"],
        payment_method_details=_details(intent, method),
        radar_options={},
        refunded=False,
        status="succeeded" if succeeded else "failed",
    )
    if succeeded:
        charge["balance_transaction"] = new_balance_transaction(state, charge)["id"]
    return state.save(charge)


_CARD_DETAILS = (
    *("brand", "checks", "country", "exp_month", "exp_year"),
    *("fingerprint", "funding", "last4"),
)


def _outcome(decline: Decline | None) -> Json:
    if decline is None:
        return shape(
            stripe.Charge.Outcome,
            network_status="approved_by_network",
            risk_level="normal",
            risk_score=7,
            seller_message="Payment complete.",
            type="authorized",
        )
    return shape(
        stripe.Charge.Outcome,
        network_status="declined_by_network",
        reason=decline.decline_code or decline.code,
        risk_level="normal",
        risk_score=7,
        seller_message="The bank did not return any further details with this decline.",
        type="issuer_declined",
    )


def _details(intent: Json, method: Json) -> Json:
    card, kind = method["card"], stripe.Charge.PaymentMethodDetails.Card
    return {
        "card": shape(
            kind,
            **{name: card[name] for name in _CARD_DETAILS},
            amount_authorized=intent["amount"],
            network=card["brand"],
        ),
        "type": "card",
    }


@inclusion("charge.refunds")
def _refunds(state: State, charge: Json) -> Json:
    found = state.select("refund", {"charge": charge["id"]}, newest_first=True, limit=10)
    return list_object(found, url=f"/v1/charges/{charge['id']}/refunds")
