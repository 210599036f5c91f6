"""How long a failed payment is waited for, how a subscription may be ended, and what is offered instead."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import timedelta

MOST_GRACE_DAYS = 365


@dataclass(frozen=True)
class Offer:
    """What somebody who is about to cancel may have instead, once a workspace: `coupon` is the key of one
    of COUPONS, `title` and `text` are shown."""

    coupon: str
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


def problems(rules: Rules, *, coupons: Collection[str]) -> Iterator[str]:
    """What is wrong with the rules; nothing when they are right."""
    if not 0 <= rules.grace_days <= MOST_GRACE_DAYS:
        yield f"grace_days are 0 to {MOST_GRACE_DAYS}"
    if rules.offer is not None:
        if rules.offer.coupon not in coupons:
            yield f'the catalogue has no coupon "{rules.offer.coupon}"'
        if not rules.offer.title.strip():
            yield "the offer has no title"
