"""How long a failed payment is waited for, how a subscription may be ended, and what is offered instead."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from billing.catalogue.plan import Coupon

MOST_GRACE_DAYS = 365


@dataclass(frozen=True)
class Offer:
    """What somebody who is about to cancel may have instead, once a workspace: the `coupon`, which need
    not stand in COUPONS, too; `title` and `text` are shown."""

    coupon: Coupon
    title: str
    text: str


@dataclass(frozen=True)
class Rules:
    """The product's RULES. `grace_days`: so long after a payment failed the plan is kept, whatever Stripe
    makes of the subscription meanwhile; then the limits of the first plan hold.
    `cancel_at_once`: people may end a subscription today, without money back for what is left of the
    period; at its end they always may.
    """

    grace_days: int = 14
    cancel_at_once: bool = False
    offer: Offer | None = None

    @property
    def grace(self) -> timedelta:
        return timedelta(days=self.grace_days)


def problems(rules: Rules) -> Iterator[str]:
    """What is wrong with the rules; nothing when they are right."""
    if not 0 <= rules.grace_days <= MOST_GRACE_DAYS:
        yield f"grace_days are 0 to {MOST_GRACE_DAYS}"
    if rules.offer is not None and not rules.offer.title.strip():
        yield "the offer has no title"
