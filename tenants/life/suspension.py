"""Staff close a workspace, for a reason that its members read, and open it again."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

import events
from identity.models import User
from tenants import audit, letters
from tenants.event_types import WORKSPACE_RESUMED, WORKSPACE_SUSPENDED
from tenants.models import Status, Tenant
from tenants.signals import workspace_resumed, workspace_suspended


@transaction.atomic
def suspend(tenant: Tenant, *, because: str, by: User, now: datetime | None = None) -> bool:
    """Close its pages, its API and its public addresses until `resume`. Nothing is deleted.

    False when it is not active: a deleted workspace is closed already.
    """
    tenant = Tenant.objects.select_for_update().get(pk=tenant.pk)
    if tenant.status != Status.ACTIVE:
        return False
    tenant.status = Status.SUSPENDED
    tenant.suspended_at, tenant.suspended_because = now or timezone.now(), because
    tenant.save(update_fields=["status", "suspended_at", "suspended_because"])
    audit.note(tenant, "workspace.suspended", by=by, details={"because": because})
    events.record_with_row(WORKSPACE_SUSPENDED.name, tenant=tenant)
    workspace_suspended.send(sender=Tenant, tenant=tenant, by=by)
    letters.tell(
        letters.owners_of(tenant),
        "tenants.suspended",
        tenant=tenant,
        because=because,
    )
    return True


@transaction.atomic
def resume(tenant: Tenant, *, by: User) -> bool:
    """Open it again. False when it is not suspended."""
    tenant = Tenant.objects.select_for_update().get(pk=tenant.pk)
    if tenant.status != Status.SUSPENDED:
        return False
    tenant.status, tenant.suspended_at, tenant.suspended_because = Status.ACTIVE, None, ""
    tenant.save(update_fields=["status", "suspended_at", "suspended_because"])
    audit.note(tenant, "workspace.resumed", by=by)
    events.record_with_row(WORKSPACE_RESUMED.name, tenant=tenant)
    workspace_resumed.send(sender=Tenant, tenant=tenant, by=by)
    letters.tell(
        letters.owners_of(tenant),
        "tenants.resumed",
        tenant=tenant,
        workspace_url=tenant.get_absolute_url(),
    )
    return True
