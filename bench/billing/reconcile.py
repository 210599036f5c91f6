"""What `manage.py reconcile` costs over many workspaces of a month each, beside one plain scan of the
same events, and whether its memory grows with them."""

from __future__ import annotations

import gc
import statistics
import time
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice

from bench import project
from bench.events import synthetic
from bench.figures import Figure
from bench.sizes import Size
from plg_site.devstack.stack import Stack

WORKSPACES, EVENTS_EACH = 1_000, 1_000  # of a month
SCANS, FLAT = 3.0, 1.2
_AT_ONCE = 10_000
_SCAN = """
    SELECT tenant, {meters} FROM event WHERE event.time >= %(start)s AND event.time < %(end)s GROUP BY tenant
"""
_COUNT = """
    SELECT tenant, name, count(*) FROM event WHERE event.time >= %(start)s AND event.time < %(end)s
    GROUP BY tenant, name
"""


def figures(*, size: Size, stack: Stack) -> list[Figure]:
    project.set_up("reconcile", stack=stack, tables=True, fresh=True)
    from billing.reconciling import Scope
    from metering.rollups import days

    workspaces = size.of(WORKSPACES, at_least=10)
    end = datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    start = (end - timedelta(days=1)).replace(day=1)
    each = EVENTS_EACH if size.runs > 1 else EVENTS_EACH // 10
    _make(workspaces, start, end, each=each)
    scope = Scope(start, end, datetime.now(UTC))
    assert len(list(days(start, end))) >= 28  # noqa: S101
    for tenant in _few(1):
        _reconcile(scope, tenant)  # what is loaded once
    by_meter = _SCAN.format(meters=", ".join(_counted()))
    scans, counts, runs = [], [], []
    for _ in range(size.runs):
        counts.append(_time(lambda: _scan(_COUNT, start, end)))
        scans.append(_time(lambda: _scan(by_meter, start, end)))
        runs.append(_time(lambda: _reconcile(scope)))
    few, whole = _peak(scope, WORKSPACES // 10), _peak(scope, WORKSPACES)
    note = (
        f"{workspaces:,} workspaces, {workspaces * each:,} events; only to count events by workspace and "
        f"name, whatever is in them, takes {statistics.median(counts):.3f} s"
    )
    return [
        Figure(
            name="reconcile",
            value=statistics.median(runs),
            unit="s",
            reference="s for one scan of the same events, that says what each meter has by workspace",
            reference_value=statistics.median(scans),
            bar=SCANS,
            better="less",
            note=f"{note}, none of them different; Stripe is asked of workspaces that pay, and none does",
        ),
        Figure(
            name="reconcile, memory",
            value=whole / 1e6,
            unit="MB at most",
            reference="MB for a tenth of the workspaces",
            reference_value=few / 1e6,
            bar=FLAT,
            better="less",
            note="what Python holds beyond what it held before, over 1,000 workspaces and over 100; of a "
            "smaller part of them, over the same ones again and again",
        ),
    ]


def _make(workspaces: int, start: datetime, end: datetime, *, each: int) -> None:
    """Rows of workspaces without schemas, a month of events of each, and its statements."""
    from billing.usage import usage_charges
    from events.health import Lag
    from events.store import get_store
    from metering.models import Terms
    from metering.rollups import settle
    from metering.statements import close_due
    from tenants.models import Tenant

    settle()
    before = start - timedelta(days=40)
    rows = Tenant.objects.bulk_create(
        Tenant(name=f"R {number}", slug=f"reconciled-{number}", schema_name=f"w_{number:05d}")
        for number in range(workspaces)
    )
    Tenant.objects.filter(pk__in=[row.pk for row in rows]).update(created_at=start)
    Terms.objects.bulk_create(
        Terms(
            tenant=row, meter="clicks", since=before, included=10, price_amount=1, price_per=100,
            currency="usd",
        )
        for row in rows
    )  # fmt: skip
    total, step = workspaces * each, (end - start) / each
    for first in range(0, total, _AT_ONCE):
        some = min(_AT_ONCE, total - first)
        moment = start + step * (first // workspaces) + timedelta(seconds=30)
        get_store().append(synthetic.events(some, workspaces=workspaces, time=moment))
    close_due(now=end + timedelta(hours=2), lag=Lag)
    for row in rows:
        usage_charges.charge(row)


def _few(number: int):  # type: ignore[no-untyped-def]  # rows of the project, which is set up by now
    from tenants.models import Tenant

    return list(Tenant.objects.filter(slug__startswith="reconciled-").order_by("pk")[:number])


def _reconcile(scope, tenant=None) -> None:  # type: ignore[no-untyped-def]
    from dataclasses import replace

    from billing import reconciling

    said: list[str] = []
    reconciling.reconcile(replace(scope, tenant=tenant), say=said.append)
    if said:
        raise AssertionError(f"{len(said)} differences, such as: {said[0]}")


def _counted() -> Iterator[str]:
    """What each meter says, as an aggregate over the events: as who knows SQL would ask for it."""
    from metering.definitions import meters
    from metering.rollups.postgres import raw

    for meter in meters().values():
        if meter.aggregation == "unique":
            yield f"count(DISTINCT {raw.word(meter)})"
        else:
            of = "count(*)" if meter.aggregation == "count" else f"sum({raw.number(meter)})"
            yield f"{of} FILTER (WHERE {raw.condition(meter)})"


def _scan(statement: str, start: datetime, end: datetime) -> None:
    from events.store import get_store

    with get_store().connection() as connection:
        connection.execute(statement, {"start": start, "end": end}).fetchall()


def _peak(scope, workspaces: int) -> float:  # type: ignore[no-untyped-def]
    """Bytes beyond what was held before, at most, over this many workspaces."""
    from unittest import mock

    from billing.reconciling import running

    chosen = islice(cycle(_few(workspaces)), workspaces)
    with mock.patch.object(running, "_tenants", return_value=chosen):
        known = gc.get_threshold()
        gc.set_threshold(100, 2, 2)  # what is held, and not what has not been thrown away yet
        gc.collect()
        tracemalloc.start()
        _reconcile(scope)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        gc.set_threshold(*known)
    return float(peak)


def _time(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began
