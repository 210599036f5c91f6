"""Setup intents: https://docs.stripe.com/api/setup_intents. A card saved for later."""

import stripe

from stripe_simulator.identifiers import new_id, token
from stripe_simulator.shapes import Json, shape
from stripe_simulator.store import State


def new_setup_intent(state: State, *, customer: str | None, usage: str = "off_session") -> Json:
    """One that waits for a card."""
    id = new_id("seti")
    return state.save(
        shape(
            stripe.SetupIntent,
            id=id,
            client_secret=f"{id}_secret_{token(25)}",
            created=state.now(),
            customer=customer,
            livemode=False,
            metadata={},
            payment_method_options={
                "card": {
                    "mandate_options": None,
                    "network": None,
                    "request_three_d_secure": "automatic",
                }
            },
            payment_method_types=["card"],
            status="requires_payment_method",
            usage=usage,
        )
    )
