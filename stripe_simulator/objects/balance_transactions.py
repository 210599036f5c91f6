"""Balance transactions: https://docs.stripe.com/api/balance_transactions."""

import stripe

from stripe_simulator.identifiers import new_id
from stripe_simulator.shapes import Json, shape
from stripe_simulator.store import State

_DAY = 24 * 3600


def stripe_fee(amount: int) -> int:
    """2.9 % and 30 minor units, Stripe's standard fee for a domestic card."""
    return (amount * 29 + 500) // 1000 + 30


def new_balance_transaction(state: State, charge: Json) -> Json:
    fee = stripe_fee(charge["amount"])
    transaction = shape(
        stripe.BalanceTransaction,
        id=new_id("txn"),
        amount=charge["amount"],
        available_on=state.now() + 2 * _DAY,
        balance_type="payments",
        created=state.now(),
        currency=charge["currency"],
        description=charge["description"],
        fee=fee,
        fee_details=[
            shape(
                stripe.BalanceTransaction.FeeDetail,
                amount=fee,
                currency=charge["currency"],
                description="Stripe processing fees",
                type="stripe_fee",
            )
        ],
        net=charge["amount"] - fee,
        reporting_category="charge",
        source=charge["id"],
        status="pending",
        type="charge",
    )
    return state.save(transaction)
