"""How many domains a workspace may have. The plan says so: whoever sells plans calls `set_allowed`."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from tenants.domains import letters
from tenants.domains.models import PLAN_GRACE, Because, CustomDomain, State
from tenants.models import Tenant


def set_allowed(tenant: Tenant, count: int, *, now: datetime | None = None) -> None:
    """From now on the workspace may have `count` domains, in the current transaction.

    Too many: the newest go on for PLAN_GRACE and stop then. Enough again: those that wait to be
    stopped stay, and those that were stopped for this come back with their next look at DNS.
    """
    if tenant.domain_limit == count:
        return
    now = now or timezone.now()
    with transaction.atomic():
        Tenant.objects.select_for_update().only("pk").get(pk=tenant.pk)
        tenant.domain_limit = count
        tenant.save(update_fields=["domain_limit"])
        served = _served(tenant)
        _keep(served[:count])
        _warn(served[count:], now=now)
        if room := max(count - len(served), 0):
            _bring_back(tenant, room, now=now)


def may_add(tenant: Tenant) -> bool:
    """Whether another domain may be added. A stopped one leaves its place to another."""
    claims = CustomDomain.objects.for_tenant(tenant).exclude(state=State.STOPPED)
    return claims.count() < tenant.domain_limit


def has_room(claim: CustomDomain) -> bool:
    """Whether this one may be served beside those that are."""
    limit = Tenant.objects.select_for_update().only("domain_limit").get(pk=claim.tenant_id)
    return len([c for c in _served(claim.tenant) if c.pk != claim.pk]) < limit.domain_limit


def names_in_service(tenant: Tenant) -> list[str]:
    """The workspace's domains that are in service: those that stay longest come first."""
    return [claim.name for claim in _served(tenant)]


def _served(tenant: Tenant) -> list[CustomDomain]:
    """The primary one first, then the oldest."""
    claims = CustomDomain.objects.for_tenant(tenant).filter(state__in=[State.SERVED, State.LOST])
    return list(claims.select_related("tenant").order_by("-is_primary", "proved_at", "pk"))


def _keep(claims: list[CustomDomain]) -> None:
    CustomDomain.objects.filter(pk__in=[claim.pk for claim in claims]).update(stops_at=None)


def _warn(claims: list[CustomDomain], *, now: datetime) -> None:
    for claim in claims:
        if claim.stops_at is None:
            claim.stops_at = now + PLAN_GRACE
            claim.save(update_fields=["stops_at"])
            letters.plan_ends(claim)


def _bring_back(tenant: Tenant, room: int, *, now: datetime) -> None:
    stopped = CustomDomain.objects.for_tenant(tenant).filter(
        state=State.STOPPED, stopped_because=Because.PLAN
    )
    keys = list(stopped.order_by("-is_primary", "proved_at").values_list("pk", flat=True)[:room])
    CustomDomain.objects.filter(pk__in=keys).update(next_check_at=now)
