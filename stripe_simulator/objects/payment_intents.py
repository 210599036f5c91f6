"""Payment intents: https://docs.stripe.com/api/payment_intents. Made by invoices and by Checkout."""

import stripe

from stripe_simulator.identifiers import new_id, token
from stripe_simulator.shapes import Json, shape
from stripe_simulator.store import State


def new_payment_intent(state: State, *, amount: int, currency: str, customer: str | None) -> Json:
    """A payment that waits for a card; `amount` in minor units."""
    id = new_id("pi")
    intent = shape(
        stripe.PaymentIntent,
        id=id,
        amount=amount,
        amount_capturable=0,
        amount_details={"tip": {}},
        amount_received=0,
        capture_method="automatic",
        client_secret=f"{id}_secret_{token(25)}",
        confirmation_method="automatic",
        created=state.now(),
        currency=currency,
        customer=customer,
        description="Subscription creation",
        livemode=False,
        metadata={},
        payment_method_options={"card": {"request_three_d_secure": "automatic"}},
        payment_method_types=["card"],
        setup_future_usage="off_session",
        status="requires_payment_method",
    )
    return state.save(intent)
