"""What a workspace owes, as Stripe says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import stripe


@dataclass(frozen=True)
class Owed:
    """`invoices`: open ones of the subscription and for usage that were tried, the oldest first; `since` when
    the first was asked for, None: nothing is owed. `amount` in minor units. `asking`: ids of those whose
    payment waits for the card's holder. `asked_at`: Stripe's own time."""

    invoices: Sequence[stripe.Invoice]
    since: datetime | None
    amount: int
    asking: frozenset[str]
    asked_at: datetime

    @property
    def asks(self) -> bool:
        return bool(self.asking)
