"""When a workspace's months begin, and when they began before that changed.

The history is kept: what a period was when it was stated, it stays. Reads are cached in the
process for some seconds, because every quota decision asks.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from django.db import DatabaseError, transaction

from events.postgres import is_away
from events.recording import HasSchema
from metering.models import BillingCycle, Ledger
from metering.periods.months import Cycle, within
from tenants.models import Tenant

KEPT_SECONDS = 30.0
_MOST_KEPT = 20_000  # workspaces
_kept: dict[str, tuple[float, Sequence[Cycle]]] = {}


def of(tenant: HasSchema | str) -> Sequence[Cycle]:
    """All cycles of a workspace, oldest first; before the first, months are calendar months.

    As it was at most KEPT_SECONDS ago; while the database is away, as it was when it was asked last.
    """
    schema = tenant if isinstance(tenant, str) else tenant.schema_name
    kept = _kept.get(schema)
    now = time.monotonic()
    if kept is not None and now - kept[0] < KEPT_SECONDS:
        return kept[1]
    try:
        found = read(schema)
    except DatabaseError as error:
        if kept is None or not is_away(error):
            raise
        return kept[1]
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
        _lock(tenant)
        ledger = Ledger.objects.for_tenant(tenant).select_for_update().first()
        if ledger is not None:
            since = max(since, ledger.closed_until)
        history = read(tenant.schema_name)
        in_force = [cycle for cycle in history if cycle.since <= since]
        if (in_force[-1].anchor if in_force else None) != anchor:
            rows = BillingCycle.objects.for_tenant(tenant)
            rows.update_or_create(since=since, defaults={"tenant": tenant, "anchor": anchor})
            for later in history[len(in_force) :]:  # a split goes on with what is before it
                if later not in _splits(history):
                    break
                rows.filter(since=later.since).update(anchor=anchor)
            _changed(tenant, ledger)
        else:
            forget(tenant.schema_name)


def split(tenant: Tenant, *, at: datetime) -> None:
    """End the running month at this instant (the next whole second); another one begins there and
    lasts until the first would have ended. Months that follow begin when they would have.

    Once a month: who could end each as often as they like would have new allowances as often.
    """
    since = _whole(at) if at == _whole(at) else _whole(at) + timedelta(seconds=1)
    with transaction.atomic():
        _lock(tenant)
        ledger = Ledger.objects.for_tenant(tenant).select_for_update().first()
        history = read(tenant.schema_name)
        if ledger is not None and ledger.closed_until >= since:
            return
        if _splits(history) and _is_of_the_same_month(history, since):
            return
        anchor = next((cycle.anchor for cycle in reversed(history) if cycle.since <= since), None)
        BillingCycle.objects.create(tenant=tenant, since=since, anchor=anchor)
        _changed(tenant, ledger)


def mend(tenant: Tenant) -> None:
    """Take back the last `split` while its month is not stated; one that is stays as it was."""
    with transaction.atomic():
        _lock(tenant)
        ledger = Ledger.objects.for_tenant(tenant).select_for_update().first()
        last = _splits(read(tenant.schema_name))[-1:]
        if not last or (ledger is not None and ledger.closed_until >= last[0].since):
            return
        BillingCycle.objects.for_tenant(tenant).filter(since=last[0].since).delete()
        _changed(tenant, ledger)


def _splits(history: Sequence[Cycle]) -> list[Cycle]:
    """Those that go on with the anchor before them: nothing but `split` makes such a one."""
    anchors = [None, *(cycle.anchor for cycle in history)]
    return [
        cycle for cycle, before in zip(history, anchors, strict=False) if cycle.anchor == before
    ]


def _is_of_the_same_month(history: Sequence[Cycle], moment: datetime) -> bool:
    """Whether the month that this instant lies in began with the last split."""
    return within(history, now=moment).start == _splits(history)[-1].since


def _lock(tenant: Tenant) -> None:
    Tenant.with_purged.select_for_update(no_key=True).only("pk").get(pk=tenant.pk)


def _changed(tenant: Tenant, ledger: Ledger | None) -> None:
    """The running month ends at another time, for whoever reads on in this transaction, too."""
    if ledger is not None:
        _set_due(ledger, tenant)
    forget(tenant.schema_name)
    transaction.on_commit(lambda: forget(tenant.schema_name))


def forget(schema: str | None = None) -> None:
    """Read this workspace's cycles (or everybody's) anew next time, in this process."""
    if schema is None:
        _kept.clear()
    else:
        _kept.pop(schema, None)


def _set_due(ledger: Ledger, tenant: Tenant) -> None:
    """The running period may end at another time now."""
    running = within(read(tenant.schema_name), now=ledger.closed_until)
    Ledger.objects.for_tenant(tenant).update(due=running.end)


def _whole(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)
