"""When a workspace's months begin, and when they began before that changed.

The history is kept: what a period was when it was stated, it stays. Reads are cached in the
process for some seconds, because every quota decision asks.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from django.db import transaction

from events.recording import HasSchema
from metering.models import BillingCycle, Ledger
from tenants.models import Tenant

KEPT_SECONDS = 30.0
_MOST_KEPT = 20_000  # workspaces
_kept: dict[str, tuple[float, Sequence[Cycle]]] = {}


class Cycle(NamedTuple):
    """From `since` on, months begin at the instant of `anchor` (None: calendar months, UTC)."""

    since: datetime
    anchor: datetime | None


def of(tenant: HasSchema | str) -> Sequence[Cycle]:
    """All cycles of a workspace, oldest first; before the first, months are calendar months.

    As it was at most KEPT_SECONDS ago.
    """
    schema = tenant if isinstance(tenant, str) else tenant.schema_name
    kept = _kept.get(schema)
    now = time.monotonic()
    if kept is not None and now - kept[0] < KEPT_SECONDS:
        return kept[1]
    found = read(schema)
    if len(_kept) >= _MOST_KEPT:
        _kept.clear()
    _kept[schema] = (now, found)
    return found


def read(schema: str) -> Sequence[Cycle]:
    """The same, from the rows."""
    rows = BillingCycle.objects.filter(tenant__schema_name=schema).order_by("since")
    return [Cycle(since, anchor) for since, anchor in rows.values_list("since", "anchor")]


def set_anchor(tenant: Tenant, anchor: datetime | None, *, since: datetime | None = None) -> None:
    """Let the workspace's months begin at this instant (whole seconds) from `since` (now) on.

    The running period ends at `since`; None returns to calendar months. Saying the same again
    changes nothing. What is closed stays closed: `since` is at the earliest where the last
    statement ended.
    """
    anchor = None if anchor is None else _whole(anchor)
    since = _whole(since or datetime.now(UTC))
    with transaction.atomic():
        Tenant.objects.select_for_update(no_key=True).only("pk").get(pk=tenant.pk)
        ledger = Ledger.objects.for_tenant(tenant).select_for_update().first()
        if ledger is not None:
            since = max(since, ledger.closed_until)
        in_force = [cycle for cycle in read(tenant.schema_name) if cycle.since <= since]
        if (in_force[-1].anchor if in_force else None) != anchor:
            rows = BillingCycle.objects.for_tenant(tenant)
            rows.update_or_create(since=since, defaults={"tenant": tenant, "anchor": anchor})
            if ledger is not None:
                _set_due(ledger, tenant)
        forget(tenant.schema_name)  # for whoever reads on in this transaction
        transaction.on_commit(lambda: forget(tenant.schema_name))


def forget(schema: str | None = None) -> None:
    """Read this workspace's cycles (or everybody's) anew next time, in this process."""
    if schema is None:
        _kept.clear()
    else:
        _kept.pop(schema, None)


def _set_due(ledger: Ledger, tenant: Tenant) -> None:
    """The running period may end at another time now."""
    from metering import periods  # it reads cycles

    running = periods.within(read(tenant.schema_name), now=ledger.closed_until)
    Ledger.objects.for_tenant(tenant).update(due=running.end)


def _whole(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)
