"""Invoice payments: https://docs.stripe.com/api/invoice-payment. What ties a payment intent to
an invoice."""

import stripe

from stripe_simulator.identifiers import new_id
from stripe_simulator.shapes import Json, shape
from stripe_simulator.store import State


def new_invoice_payment(state: State, invoice: Json, intent: Json) -> Json:
    return state.save(
        shape(
            stripe.InvoicePayment,
            id=new_id("inpay"),
            amount_requested=intent["amount"],
            created=state.now(),
            currency=intent["currency"],
            invoice=invoice["id"],
            is_default=True,
            livemode=False,
            payment={"payment_intent": intent["id"], "type": "payment_intent"},
            status="open",
            status_transitions=shape(stripe.InvoicePayment.StatusTransitions),
        )
    )
