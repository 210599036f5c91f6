"""The parts of a month: where what a meter's use costs changes within it, another part begins.

What is used before a change is priced by the terms before it, and what comes after it by those after.
Changes of what costs nothing make no parts, and neither does time before a workspace had terms at all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from metering.definitions.limit import price_of
from metering.models import Terms
from metering.periods import cycles, terms
from metering.periods.months import Month
from tenants.models import Tenant

# Where a subscription begins a month, we hear of it a moment later: its terms count from the start.
HEARD_WITHIN = timedelta(minutes=15)
MOST = (
    50  # of a month and meter; what changes more often has its last parts in one, by the last terms
)


@dataclass(frozen=True)
class Part:
    """From `start` (included) to `end` (not included) the use of a meter had these terms."""

    start: datetime
    end: datetime
    terms: Terms | None

    def share_of(self, month: Month) -> Fraction:
        """How much of the month's time it is."""
        return share(self.start, self.end, of=(month.start, month.end))


def share(start: datetime, end: datetime, *, of: tuple[datetime, datetime]) -> Fraction:
    """How much of a span another one is, exact."""
    moment = timedelta(microseconds=1)
    return Fraction((end - start) // moment, (of[1] - of[0]) // moment)


def of(tenant: Tenant, month: Month) -> Mapping[str, Sequence[Part]]:
    """The parts of a month by meter, in their order; a meter that never had terms is not named."""
    rows = Terms.objects.for_tenant(tenant).filter(since__lt=month.end)
    first = rows.filter(since__lte=month.start).order_by("meter", "-since", "-pk").distinct("meter")
    history: defaultdict[str, list[Terms]] = defaultdict(list)
    for row in [*first, *rows.filter(since__gt=month.start).order_by("since", "pk")]:
        history[row.meter].append(row)
    begins = _begins_anew(tenant, month)
    return {meter: _parts(found, month, begins) for meter, found in history.items()}


def _begins_anew(tenant: Tenant, month: Month) -> bool:
    return any(cycle.since == month.start for cycle in cycles.read(tenant.schema_name))


def _parts(history: Sequence[Terms], month: Month, begins_anew: bool) -> list[Part]:
    known = list(history)
    if begins_anew and known[1:]:
        is_before = known[0].since <= month.start or price_of(known[0]) is None
        if is_before and known[1].since <= month.start + HEARD_WITHIN:
            known = known[1:]
    kept: list[tuple[datetime, Terms]] = []
    for row in known:
        start = max(row.since, month.start) if kept else month.start
        if (kept and (_said(kept[-1][1]) == _said(row) or start == kept[-1][0])) or len(
            kept
        ) == MOST:
            kept[-1] = (kept[-1][0], row)
        else:
            kept.append((start, row))
    ends = [start for start, _ in kept[1:]] + [month.end]
    return [Part(start, end, row) for (start, row), end in zip(kept, ends, strict=True)]


def _said(row: Terms) -> object:
    """What makes another part: without a price, nothing does."""
    return terms.said(row) if price_of(row) is not None else None
