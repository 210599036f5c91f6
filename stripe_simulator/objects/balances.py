"""A customer's balance and what moved it: https://docs.stripe.com/api/customer_balance_transactions.
Negative is the customer's credit."""

import stripe

from stripe_simulator.identifiers import new_id
from stripe_simulator.shapes import Json, shape
from stripe_simulator.store import State


def move_balance(
    state: State,
    customer: Json,
    amount: int,
    *,
    currency: str,
    type: str,
    invoice: str | None = None,
    credit_note: str | None = None,
    description: str | None = None,
) -> Json | None:
    """Add `amount` minor units to the balance (saved), on record; None when nothing moves."""
    if not amount:
        return None
    customer["balance"] += amount
    state.save(customer)
    return state.save(
        shape(
            stripe.CustomerBalanceTransaction,
            id=new_id("cbtxn"),
            amount=amount,
            created=state.now(),
            credit_note=credit_note,
            currency=currency,
            customer=customer["id"],
            description=description,
            ending_balance=customer["balance"],
            invoice=invoice,
            livemode=False,
            metadata={},
            type=type,
        )
    )
