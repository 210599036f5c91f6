"""Disputes: https://docs.stripe.com/api/disputes."""

import stripe

from stripe_simulator.identifiers import new_id
from stripe_simulator.shapes import Json, shape
from stripe_simulator.store import State

_WEEK = 7 * 24 * 3600


def new_dispute(state: State, charge: Json, *, reason: str) -> Json:
    """A dispute of the whole charge that waits for an answer."""
    kind = stripe.Dispute
    return state.save(
        shape(
            kind,
            id=new_id("du"),
            amount=charge["amount"],
            balance_transactions=[],
            charge=charge["id"],
            created=state.now(),
            currency=charge["currency"],
            enhanced_eligibility_types=[],
            evidence=shape(kind.Evidence, enhanced_evidence={}),
            evidence_details=shape(
                kind.EvidenceDetails,
                due_by=state.now() + _WEEK,
                enhanced_eligibility={},
                has_evidence=False,
                past_due=False,
                submission_count=0,
            ),
            is_charge_refundable=False,
            livemode=False,
            metadata={},
            payment_intent=charge["payment_intent"],
            reason=reason,
            status="needs_response",
            _customer=charge["customer"],
        )
    )
