"""The answer to "may this workspace use more?", and the words for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from metering.definitions.catalogue import get
from metering.definitions.limit import Limit
from metering.definitions.meter import Meter
from metering.wording.words import in_sentence, quantity, things


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided, and on what.

    `meter` is the meter's key. `used` includes what was just allowed; `remaining` is None without
    a limit and never negative. The period is from `since` to `resets_at` (UTC; None for a meter
    that never starts again).
    `over` says that usage is above the limit, which only one that is not `hard` allows. `own`: the
    workspace has set this limit for itself.
    """

    meter: str
    limit: int | None
    used: int
    allowed: bool
    resets_at: datetime | None = None
    asked: int = 1
    own: bool = False
    hard: bool = True
    since: datetime | None = None

    @property
    def remaining(self) -> int | None:
        return None if self.limit is None else max(0, self.limit - self.used)

    @property
    def over(self) -> bool:
        return self.limit is not None and self.used > self.limit

    @property
    def reason(self) -> str:
        """Plain English for whoever sees the answer; empty while there is nothing to say."""
        if self.limit is None or (self.allowed and not self.over):
            return ""
        return f"{_what_is_full(self, get(self.meter), self.limit)}{_until(self.resets_at)}"


class QuotaExceeded(Exception):
    """A hard limit refused. Carries the Decision."""

    def __init__(self, decision: Decision) -> None:
        super().__init__(decision.reason)
        self.decision = decision


def decide(
    meter: Meter,
    *,
    limit: Limit,
    used: int,
    amount: int,
    resets_at: datetime | None,
    since: datetime | None = None,
) -> Decision:
    """The decision on `amount` more, when `used` is what was used before."""
    fits = limit.value is None or used + amount <= limit.value
    allowed = fits or not limit.hard or amount == 0
    return Decision(
        meter=meter.key,
        limit=limit.value,
        used=used + amount if allowed else used,
        allowed=allowed,
        resets_at=resets_at,
        asked=amount,
        own=limit.own,
        hard=limit.hard,
        since=since,
    )


def _what_is_full(decision: Decision, meter: Meter, limit: int) -> str:
    everything = things(meter, limit)
    of_what = "the limit that it has set for itself" if decision.own else "its plan"
    if decision.used > limit:
        verb = "has used" if decision.resets_at else "uses"
        passed = (
            f"Your workspace {verb} {things(meter, decision.used)}, and {of_what} "
            f"{'is' if decision.own else 'includes'} {quantity(meter, limit)}."
        )
        return f"{passed} Everything keeps working." if decision.allowed else passed
    if limit == 0:
        if decision.own:
            return f"Your workspace has set itself a limit of no {in_sentence(meter.label)}."
        return f"The plan of your workspace includes no {in_sentence(meter.label)}."
    if decision.used == limit:
        return f"Your workspace has used all {everything} of {of_what}."
    left = quantity(meter, limit - decision.used)
    return (
        f"This needs {quantity(meter, decision.asked)}, and your workspace has {left} left of the "
        f"{everything} of {of_what}."
    )


def _until(resets_at: datetime | None) -> str:
    return f" The count starts again on {resets_at:%-d %B}." if resets_at else ""
