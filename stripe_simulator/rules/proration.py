"""Proration, as Stripe's "Prorations" page: by the second, each line rounded by itself."""

from decimal import ROUND_HALF_UP, Decimal


def prorated(amount: int, *, at: int, start: int, end: int) -> int:
    """The part of `amount` (minor units) that falls in the rest of a period, from `at` on."""
    if end <= start:
        return 0
    share = Decimal(amount) * Decimal(end - at) / Decimal(end - start)
    return int(share.quantize(Decimal(1), rounding=ROUND_HALF_UP))
