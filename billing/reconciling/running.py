"""One run over every workspace and all comparers. Memory does not grow with their number, and the fault of
one is a difference of its own: it does not end the work for the others."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from uuid import UUID

import structlog
from django_tenants.utils import get_public_schema_name

from billing.reconciling import keeping
from billing.reconciling.comparers import Comparer, Found, Scope, registered
from tenants.models import Status, Tenant

log = structlog.get_logger()

FAULT = "fault"  # comparer of what could not be compared
AT_ONCE = 100  # workspaces
Say = Callable[[str], object]


def scope_of(
    *, tenant: Tenant | None = None, period: str = "", now: datetime | None = None
) -> Scope:
    """The month of `period` ("2026-11", UTC); without one, from the start of the last month on.

    Raises ValueError, in words, for what is no month.
    """
    now = now or datetime.now(UTC)
    if not period:
        start = _month(now.replace(day=1) - timedelta(days=1))
        return Scope(start, now, now, tenant)
    try:
        start = datetime.strptime(period, "%Y-%m").replace(tzinfo=UTC)
    except ValueError:
        raise ValueError(f'"{period}" is no month: write it like 2026-11.') from None
    return Scope(start, _month(start + timedelta(days=32)), now, tenant)


def reconcile(scope: Scope, *, say: Say | None = None) -> int:
    """Compare everything in this scope; `say` is told each difference in words, as it is found.

    Returns how many there are. They are kept (`unsettled`), and those that are gone settled.
    """
    run = _Run(scope, say or (lambda words: None))
    for comparer in registered():
        if comparer.of_all is not None:
            run.of_all(comparer)
    for some in batched(_tenants(scope), AT_ONCE):
        concerned = {each.key: run.concerned(each, some) for each in registered() if each.of_one}
        for tenant in some:
            for comparer in registered():
                if tenant.pk in concerned.get(comparer.key, ()):
                    run.of_one(comparer, tenant)
    run.settle()
    keeping.tidy(now=scope.now)
    log.info("billing.reconciled", differences=run.number, faults=run.faults)
    return run.number


class _Run:
    def __init__(self, scope: Scope, say: Say) -> None:
        self.number = self.faults = 0
        self._scope, self._say = scope, say
        self._failed: dict[str, set[UUID]] = {}  # workspaces by comparer
        self._seen: set[int] = set()  # rows, MOST_OPEN of them at most
        self._broken: set[str] = set()  # comparers of all that could not do all

    def of_all(self, comparer: Comparer) -> None:
        assert comparer.of_all is not None  # noqa: S101
        try:
            for step in comparer.of_all(self._scope):
                self._step(comparer, step)
        except Exception as error:
            self._failed_all(comparer, error)

    def _step(self, comparer: Comparer, step: Callable[[], list[Found]]) -> None:
        try:
            differences = step()
        except Exception as error:
            self._failed_all(comparer, error)
            return
        for found in differences:
            tenant = Tenant.with_purged.filter(schema_name=found.schema).first()
            if tenant is not None and tenant.purged_at is not None:
                continue
            self._tell(comparer.key, tenant, found)

    def _failed_all(self, comparer: Comparer, error: Exception) -> None:
        self._broken.add(comparer.key)
        self._fault(comparer, None, error)

    def concerned(self, comparer: Comparer, some: Collection[Tenant]) -> Collection[UUID]:
        """The ids of these workspaces that are to be compared one by one."""
        ids = [tenant.pk for tenant in some]
        if comparer.concerns is None:
            return ids
        try:
            return set(comparer.concerns(self._scope, ids))
        except Exception as error:  # whose fault it is shows when each is asked
            log.info("billing.compared_one_by_one", comparer=comparer.key, error=repr(error))
            return ids

    def of_one(self, comparer: Comparer, tenant: Tenant) -> None:
        assert comparer.of_one is not None  # noqa: S101
        try:
            differences = list(comparer.of_one(tenant, self._scope))
        except Exception as error:
            self._failed.setdefault(comparer.key, set()).add(tenant.pk)
            self._fault(comparer, tenant, error)
            return
        for found in differences:
            self._tell(comparer.key, tenant, found)

    def _fault(self, comparer: Comparer, tenant: Tenant | None, error: Exception) -> None:
        self.faults += 1
        log.warning("billing.not_compared", comparer=comparer.key, error=repr(error))
        words = f"{comparer.key} could not be compared: {type(error).__name__}"
        self._tell(FAULT, tenant, Found(key=comparer.key, what=words))

    def _tell(self, comparer: str, tenant: Tenant | None, found: Found) -> None:
        self.number += 1
        kept = keeping.keep(comparer, tenant, found, now=self._scope.now)
        if kept is not None:
            self._seen.add(kept)
        name = tenant.slug if tenant is not None else found.schema or "all workspaces"
        self._say(f"{name}: {comparer}: {found.words}")

    def settle(self) -> None:
        for comparer in registered():
            if comparer.key not in self._broken:
                failed = self._failed.get(comparer.key, set())
                keeping.settle_gone(comparer.key, self._scope, seen=self._seen, but_of=failed)
        keeping.settle_gone(FAULT, self._scope, seen=self._seen)


def _tenants(scope: Scope) -> Iterator[Tenant]:
    if scope.tenant is not None:
        return iter([scope.tenant])
    rows = Tenant.objects.exclude(schema_name=get_public_schema_name())
    return rows.exclude(status=Status.PURGING).order_by("pk").iterator(chunk_size=AT_ONCE)


def batched(tenants: Iterator[Tenant], size: int) -> Iterator[list[Tenant]]:
    """So many at a time."""
    while some := list(islice(tenants, size)):
        yield some


def _month(moment: datetime) -> datetime:
    return moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
