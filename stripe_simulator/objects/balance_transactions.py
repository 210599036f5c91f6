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
    return new_movement(
        state, charge, amount=charge["amount"], fee=stripe_fee(charge["amount"]), type="charge"
    )


def new_movement(
    state: State, source: Json, *, amount: int, fee: int, type: str, category: str | None = None
) -> Json:
    """Money that came (or, negative, went) because of a charge, a refund or a dispute."""
    transaction = shape(
        stripe.BalanceTransaction,
        id=new_id("txn"),
        amount=amount,
        available_on=state.now() + 2 * _DAY,
        balance_type="payments",
        created=state.now(),
        currency=source["currency"],
        description=source.get("description"),
        fee=fee,
        fee_details=_fee_details(fee, source["currency"]) if fee else [],
        net=amount - fee,
        reporting_category=category or type,
        source=source["id"],
        status="pending",
        type=type,
    )
    return state.save(transaction)


def _fee_details(fee: int, currency: str) -> list[Json]:
    return [
        shape(
            stripe.BalanceTransaction.FeeDetail,
            amount=fee,
            currency=currency,
            description="Stripe processing fees",
            type="stripe_fee",
        )
    ]
