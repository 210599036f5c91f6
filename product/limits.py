"""What a person reads when a limit refuses: the reason, what still works, and the way on."""

from __future__ import annotations

from dataclasses import dataclass

from metering import definitions
from metering.quotas import Decision

_WHAT_STILL_WORKS = {
    "links": "Every link that exists keeps working and keeps counting. Delete one that you no "
    "longer need, or choose a larger plan.",
    "storage": "Every file that is stored stays there and can be shared. Delete one that you no "
    "longer need, or choose a larger plan.",
}


@dataclass(frozen=True)
class LimitReached:
    """The notice of a refused request."""

    title: str
    reason: str
    what_still_works: str

    @property
    def text(self) -> str:
        return f"{self.reason} {self.what_still_works}".strip()


def limit_reached(decision: Decision) -> LimitReached:
    """The words for a refusal by a hard limit."""
    label = definitions.meter_named(decision.meter).label
    return LimitReached(
        title=f"{label}: the limit of your plan is reached",
        reason=decision.reason,
        what_still_works=_WHAT_STILL_WORKS.get(decision.meter, ""),
    )
