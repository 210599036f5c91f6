"""Why somebody cancels: what can be chosen, and what Stripe keeps of it with the subscription."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import stripe

LONGEST_COMMENT = 500
# Stripe's `cancellation_details.feedback`: the words here, in the order of the page.
REASONS: Mapping[str, str] = {
    "too_expensive": "It costs too much",
    "missing_features": "Something that we need is missing",
    "switched_service": "We use something else now",
    "unused": "We do not use it enough",
    "too_complex": "It is too complicated",
    "low_quality": "It does not work well enough",
    "customer_service": "We were not helped well",
    "other": "Something else",
}


@dataclass(frozen=True)
class Why:
    """`feedback` is a key of REASONS, or "" where nobody said; `comment` in their own words."""

    feedback: str = ""
    comment: str = ""

    @classmethod
    def read(cls, data: Mapping[str, str]) -> Why:
        """From a form; what is no reason of ours is none, and a long comment is cut."""
        feedback = data.get("reason", "")
        comment = data.get("comment", "").replace("\x00", "").strip()[:LONGEST_COMMENT]
        return cls(feedback if feedback in REASONS else "", comment)

    def at_stripe(self) -> dict[str, str]:
        """As Stripe takes it ("cancellation_details"); what was not said is left out."""
        said = {"feedback": self.feedback, "comment": self.comment}
        return {key: value for key, value in said.items() if value}


def taken_back(current: stripe.Subscription) -> dict[str, Any]:
    """What takes the end of a subscription back, in an update or its preview: an end with the period, or on
    a day that somebody set at Stripe, or in its portal. Nothing where none is set: Stripe takes nothing about
    the end of a subscription that has a schedule."""
    if current.cancel_at_period_end:
        return {"cancel_at_period_end": False}
    return {"cancel_at": ""} if current.cancel_at else {}


def why(subscription: stripe.Subscription | None) -> dict[str, str | None]:
    """What the event of a cancellation says about it, wherever somebody said so."""
    details = subscription.cancellation_details if subscription is not None else None
    if details is None:
        return {"feedback": None, "comment": None}
    return {
        "feedback": details.feedback,
        "comment": (details.comment or "")[:LONGEST_COMMENT] or None,
    }
