"""Raw events beside rollups, rollups beside sealed statements, and the chain of these."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import date
from functools import partial
from uuid import UUID

from billing.reconciling.comparers import Found, Scope
from events.store import get_store
from metering import statements
from metering.definitions import meters
from metering.models import Ledger, Statement
from metering.rollups import compared, spans
from metering.statements import Restated
from tenants.models import Tenant

_MOST_LATE = 10_000  # events that are looked at for one statement


def rollups(scope: Scope) -> Iterator[Callable[[], list[Found]]]:
    """Each day's raw events beside its rollups, of all workspaces; some days at once."""
    for first, last in spans(scope.start, min(scope.end, scope.now)):
        yield partial(_of_days, first, last, scope)


def _of_days(first: date, last: date, scope: Scope) -> list[Found]:
    schema = scope.tenant.schema_name if scope.tenant else None
    return [
        Found(
            key=f"{each.meter}:{each.day:%Y-%m-%d}:{each.grain}",
            what=f"{each.meter} on {each.day:%-d %b %Y} by the {each.grain}, "
            + ("counted events" if each.raw == each.kept else "rollup"),
            expected=each.raw_count if each.raw == each.kept else each.raw,
            found=each.kept_count if each.raw == each.kept else each.kept,
            meter=each.meter,
            period_start=each.day,
            schema=each.tenant,
        )
        for each in compared(first, last, tenant=schema)
    ]


def sealed(tenant: Tenant, scope: Scope) -> Iterator[Found]:
    """Statements with their adjustments beside what rollups say now; what has come since the last closing
    is no difference: the next one adjusts it."""
    for each in statements.restated(tenant, start=scope.start, end=scope.end):
        if not each.differs or _waits_for_the_next(tenant, each):
            continue
        statement = each.statement
        by_count = each.said == each.now
        yield Found(
            key=f"{statement.meter}:{statement.period_start:%Y%m%dT%H%M%S%f}",
            what=f"{statement.meter} from {statement.period_start:%-d %b %Y}, statement "
            f"{statement.number}" + (", counted events" if by_count else ""),
            expected=each.now_count if by_count else each.now,
            found=each.said_count if by_count else each.said,
            meter=statement.meter,
            period_start=statement.period_start,
            period_end=statement.period_end,
        )


def sealed_otherwise(scope: Scope, ids: Collection[UUID]) -> Collection[UUID]:
    """Which of these workspaces have a statement that is not what rollups say now."""
    schemas = Tenant.with_purged.filter(pk__in=ids).values_list("pk", "schema_name")
    return statements.restated_otherwise(dict(schemas), start=scope.start, end=scope.end)


def _waits_for_the_next(tenant: Tenant, each: Restated) -> bool:
    more = each.now_count - each.said_count
    if more <= 0:
        return False
    statement, meter = each.statement, meters()[each.statement.meter]
    rows = Statement.objects.for_tenant(tenant).filter(meter=statement.meter)
    cutoff = rows.order_by("-number").values_list("cutoff", flat=True)[0]
    found = get_store().find(
        tenant=tenant.schema_name,
        names=[meter.event],
        start=statement.period_start if meter.period == "month" else None,
        end=statement.period_end,
        newest_first=True,
        limit=_MOST_LATE,
    )
    return more <= sum(event.received_at > cutoff for event in found)


def chain(tenant: Tenant, scope: Scope) -> Iterator[Found]:
    """The chain of a workspace's statements."""
    if Ledger.objects.for_tenant(tenant).filter(statements__gt=0).exists():
        for number, words in enumerate(statements.broken(tenant)):
            yield Found(key=f"chain:{number}", what=words[0].upper() + words[1:])


def chain_not_whole(scope: Scope, ids: Collection[UUID]) -> Collection[UUID]:
    """Which of these workspaces have a chain that is not whole."""
    return statements.not_whole(ids)
