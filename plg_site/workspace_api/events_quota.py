"""Room for the events of a request: what programs send is limited by the plan, as everything else.

A request counts as one API call however many events it brings, so their number is a quota of its own:
that of each meter which counts events of the type. Events that are sent again are stored once, and
take room until the counter is compared with the log (metering/quotas/filling.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from events.cloudevents import Outcome
from metering import definitions, quotas
from metering.definitions import Meter
from tenants.models import Tenant


@contextmanager
def taken(tenant: Tenant, said: Sequence[Any]) -> Iterator[list[Outcome]]:
    """Take room for all of these events. The block says, in the list that it gets, what became of
    each; room for what was not accepted comes back. Raises QuotaExceeded before it begins."""
    room = _take(tenant, Counter(map(_type, said)))
    outcomes: list[Outcome] = []
    accepted: Counter[str] = Counter()
    try:
        yield outcomes
        accepted.update(_type(said[each.index]) for each in outcomes if each.status == "accepted")
    finally:
        for meter, amount in room.items():
            unused = amount - accepted[definitions.meter_named(meter).event]
            if unused > 0:
                quotas.release(tenant, meter, unused)


def counting(event: str) -> list[Meter]:
    """The meters that count every event of this name."""
    return [
        meter
        for meter in definitions.meters().values()
        if meter.event == event
        and meter.aggregation == "count"
        and not (meter.filters or meter.excludes)
    ]


def _take(tenant: Tenant, names: Mapping[str, int]) -> dict[str, int]:
    room: dict[str, int] = {}
    try:
        for name, amount in names.items():
            for meter in counting(name):
                quotas.consume(tenant, meter.key, amount)
                room[meter.key] = amount
    except quotas.QuotaExceeded:
        for key, amount in room.items():
            quotas.release(tenant, key, amount)
        raise
    return room


def _type(said: Any) -> str:
    found = said.get("type") if isinstance(said, dict) else None
    return found if isinstance(found, str) else ""
