"""Giving money back: refunds of a charge, in full or in part."""

from typing import Any

import stripe

from stripe_simulator.errors import StripeError, invalid
from stripe_simulator.events import emit
from stripe_simulator.identifiers import new_id, token
from stripe_simulator.metadata import merge_metadata
from stripe_simulator.objects.balance_transactions import new_movement
from stripe_simulator.presentation import present
from stripe_simulator.shapes import Json, shape
from stripe_simulator.sources import assumed, documented
from stripe_simulator.store import State


@documented("refunds")
@assumed("events of a refund: refund.created, charge.refunded; Stripe's fee is not given back")
def refund(
    state: State,
    charge: Json,
    *,
    amount: int | None,
    reason: str | None,
    params: dict[str, Any],
) -> Json:
    """Give back `amount` minor units (None: what is left of the charge). Raises StripeError."""
    left = charge["amount_captured"] - charge["amount_refunded"]
    if not charge["paid"]:
        raise invalid("This charge did not succeed.", "charge")
    if charge["disputed"]:
        raise StripeError(
            f"Charge {charge['id']} has been charged back; cannot issue a refund.",
            code="charge_disputed",
        )
    if left <= 0:
        raise StripeError(
            f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded"
        )
    amount = left if amount is None else amount
    if not 0 < amount <= left:
        raise invalid(
            f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left}).",
            "amount",
        )
    made = shape(
        stripe.Refund,
        id=new_id("re"),
        amount=amount,
        charge=charge["id"],
        created=state.now(),
        currency=charge["currency"],
        destination_details={
            "card": {
                "reference_status": "pending",
                "reference_type": "acquirer_reference_number",
                "type": "refund",
            },
            "type": "card",
        },
        metadata={},
        payment_intent=charge["payment_intent"],
        reason=reason,
        receipt_number=f"{token(4)}-{token(4)}".upper(),
        status="succeeded",
        _customer=charge["customer"],
    )
    made = _without_what_is_left_out(made)
    merge_metadata(made, params)
    movement = new_movement(state, made, amount=-amount, fee=0, type="refund")
    made["balance_transaction"] = movement["id"]
    state.save(made)
    before = present(state, charge)
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
    state.save(charge)
    emit(state, "refund.created", made)
    emit(state, "charge.refunded", charge, before=before)
    return made


def _without_what_is_left_out(made: Json) -> Json:
    """Without what Stripe leaves out of the refund of a card."""
    left_out = {"customer", "customer_account", "description", "failure_balance_transaction"}
    left_out |= {"failure_reason", "instructions_email", "next_action", "payment_method"}
    left_out |= {"presentment_details"}
    return {key: value for key, value in made.items() if key not in left_out}
