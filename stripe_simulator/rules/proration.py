"""Proration, as Stripe's "Prorations" page: by the second, each line rounded by itself."""

from decimal import ROUND_HALF_UP, Decimal

from stripe_simulator.shapes import Json
from stripe_simulator.sources import documented, recorded


@documented("billing/subscriptions/prorations#how-prorations-work")
def prorated(amount: int, *, at: int, start: int, end: int) -> int:
    """The part of `amount` (minor units) that falls in the rest of a period, from `at` on."""
    if end <= start:
        return 0
    share = Decimal(amount) * Decimal(end - max(at, start)) / Decimal(end - start)
    return int(share.quantize(Decimal(1), rounding=ROUND_HALF_UP))


@recorded(
    "worked examples of the flexible billing mode: back after a change without proration is 0"
)
def unused(debit: Json | None, *, at: int) -> int:
    """What is left, at an instant, of the last debit of an item (minor units).

    A debit is what the item was billed, less discounts: {"amount", "start", "end"}. So a change
    that was not prorated gives back what was paid, and not what the item would have cost.
    """
    if debit is None or debit["end"] <= at:
        return 0
    return prorated(debit["amount"], at=at, start=debit["start"], end=debit["end"])
