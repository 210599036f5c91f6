"""A charge as the page of its statement shows it."""

from __future__ import annotations

from dataclasses import dataclass

from billing.models import UsageCharge
from billing.usage import usage_words
from metering import wording


@dataclass(frozen=True)
class Charged:
    """`how` says on what it is billed."""

    above: str
    amount: str
    late: str
    how: str


def in_words(charge: UsageCharge) -> Charged:
    """What was charged for a statement, or for what came after it."""
    meter = usage_words.stated_meter(charge.statement.meter)
    return Charged(
        above=usage_words.amount(meter, charge.quantity),
        amount=wording.money_in_words(charge.amount, charge.currency),
        late="" if charge.adjustment_id is None else "Counted after the period was closed",
        how=_how(charge),
    )


def _how(charge: UsageCharge) -> str:
    if charge.metered_id is not None:
        return "On the subscription's invoice, counted by Stripe's meter"
    if not charge.amount:
        return "Comes to nothing"
    if charge.invoice is None or charge.invoice.stripe_id is None:
        return "On its way"
    return "On an invoice of its own"
