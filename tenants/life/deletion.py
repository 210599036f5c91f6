"""Deleting a workspace: closed at once, purged after days of grace, until then undone by one click.

The purge itself is `tenants.life.purge`. The undo link in the mail is signed for one workspace and one owner,
and good as long as both are what they were; only its POST undoes, because mail scanners follow links.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

import events
from identity.models import User
from identity.persons import person_of
from tenants import audit, letters
from tenants.event_types import WORKSPACE_DELETED, WORKSPACE_RESTORED
from tenants.jobs import rows
from tenants.members import room
from tenants.models import Membership, Role, Status, Tenant
from tenants.signals import workspace_deleted, workspace_restored

_SALT = "tenants.deletion.undo"


@transaction.atomic
def delete(tenant: Tenant, *, by: User | None, now: datetime | None = None) -> Tenant:
    """Close the workspace and begin the days of grace. Does nothing to one that is deleted.

    Returns it as it is now; owners get a mail with the way back. `by` None: nobody ever proved or used
    it (`tenants.life.unproved`).
    """
    now = now or timezone.now()
    tenant = Tenant.objects.select_for_update().get(pk=tenant.pk)
    if tenant.status != Status.ACTIVE and not tenant.held:
        return tenant
    tenant.status, tenant.deleted_at = Status.DELETED, now
    tenant.purge_after = now + timedelta(days=settings.DELETION_GRACE_DAYS)
    tenant.purge_warned_at = None
    tenant.save(update_fields=["status", "deleted_at", "purge_after", "purge_warned_at"])
    purge_after = tenant.purge_after.isoformat()
    audit.note(tenant, "workspace.deleted", by=by, details={"purge_after": purge_after})
    events.record_with_row(
        WORKSPACE_DELETED.name,
        tenant=tenant,
        person=person_of(by) if by else None,
        properties={"purge_after": purge_after},
    )
    workspace_deleted.send(sender=Tenant, tenant=tenant, by=by)
    _mail_owners(
        tenant,
        "tenants.deleted",
        first=f"{by} ({by.email}) deleted the workspace “{tenant.name}”."
        if by
        else f"Nobody has used the workspace “{tenant.name}” or confirmed its mail address.",
    )
    return tenant


@transaction.atomic
def restore(tenant: Tenant, *, by: User) -> bool:
    """Undo the deletion. False when there is nothing to undo: not deleted, or the purge has begun.

    Raises room.TooManyWorkspaces for what had been thrown away, and has counted for nobody since.
    """
    tenant = Tenant.objects.select_for_update().get(pk=tenant.pk)
    if tenant.status != Status.DELETED:
        return False
    if room.thrown_away(by).filter(pk=tenant.pk).exists():
        room.require(by, coming=[tenant])
    tenant.status = Status.PREPARING if tenant.held else Status.ACTIVE
    tenant.deleted_at = tenant.purge_after = tenant.purge_warned_at = None
    tenant.save(update_fields=["status", "deleted_at", "purge_after", "purge_warned_at"])
    audit.note(tenant, "workspace.restored", by=by)
    events.record_with_row(WORKSPACE_RESTORED.name, tenant=tenant, person=person_of(by))
    workspace_restored.send(sender=Tenant, tenant=tenant, by=by)
    letters.tell(
        letters.owners_of(tenant),
        "tenants.restored",
        tenant=tenant,
        who=letters.who(by),
        workspace_url=tenant.get_absolute_url(),
    )
    return True


def deleted_of(user: User) -> list[Tenant]:
    """The deleted workspaces that this person may bring back."""
    owned = Tenant.objects.filter(memberships__user=user, memberships__role=Role.OWNER)
    return list(owned.filter(status=Status.DELETED).order_by("purge_after"))


def undo_link(tenant: Tenant, owner: User) -> str:
    """The address of the page that undoes it, for this owner's mail."""
    token = signing.dumps([str(tenant.pk), str(owner.pk)], salt=_SALT)
    path = reverse("tenants_site:restore", urlconf=settings.PUBLIC_SCHEMA_URLCONF, args=[token])
    return settings.SITE_URL + path


def behind(token: str) -> tuple[Tenant, User] | None:
    """The deleted workspace and the owner of an undo link; None when it leads nowhere (any more)."""
    try:
        tenant_id, user_id = signing.loads(token, salt=_SALT)
    except (signing.BadSignature, ValueError):
        return None
    owners = Membership.objects.filter(
        tenant=UUID(tenant_id),
        user=UUID(user_id),
        role=Role.OWNER,
        tenant__status=Status.DELETED,
        user__is_active=True,
    )
    found = owners.select_related("tenant", "user").first()
    return (found.tenant, found.user) if found else None


def warn(*, now: datetime | None = None) -> int:
    """Mail the owners of workspaces that will soon be purged, once; returns of how many."""
    now = now or timezone.now()
    soon = now + timedelta(days=settings.DELETION_WARNING_DAYS)
    due = Tenant.objects.filter(status=Status.DELETED, purge_warned_at=None, purge_after__lte=soon)
    return rows.each("deletion.warn", due, _warn, now=now)


def _warn(tenant: Tenant, *, now: datetime) -> None:
    tenant.purge_warned_at = now
    tenant.save(update_fields=["purge_warned_at"])
    _mail_owners(
        tenant,
        "tenants.purged_soon",
        days=str(settings.DELETION_WARNING_DAYS),
        first=f"The workspace “{tenant.name}” was deleted on {tenant.deleted_at:%-d %B %Y}.",
    )


def _mail_owners(tenant: Tenant, name: str, **values: str) -> None:
    if tenant.held:  # whose address that is, nobody knows: it was written to once
        return
    assert tenant.purge_after is not None  # noqa: S101 - it is deleted
    day = f"{tenant.purge_after:%-d %B %Y}"
    for owner in letters.owners_of(tenant):
        if not owner.is_active:  # the way back is not theirs
            continue
        undo = undo_link(tenant, owner)
        letters.tell([owner], name, tenant=tenant, day=day, undo_url=undo, **values)
