"""What the life of a workspace leaves in shared tables: its audit log, open doors, open offers."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone
from uuid_utils.compat import uuid7

from tenants.for_tenant import ForTenant


class Status(models.TextChoices):
    """Where a workspace is in its life. Its pages work only while it is active."""

    PREPARING = "preparing", "Being prepared"
    ACTIVE = "active", "Active"
    SUSPENDED = "suspended", "Suspended"
    DELETED = "deleted", "Deleted, can be restored"
    PURGING = "purging", "Being removed"


class AuditEntry(models.Model):
    """One thing that somebody did to a workspace. Written by tenants.audit, never changed."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(
        "tenants.Tenant", on_delete=models.CASCADE, related_name="audit_entries"
    )
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    # Who it was, in words that outlive the account; empty: nobody, the system did it.
    by_name = models.CharField(max_length=254, blank=True)
    action = models.CharField(max_length=60)
    target = models.CharField(max_length=254, blank=True)
    details = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    ip = models.GenericIPAddressField(null=True)

    objects = ForTenant.as_manager()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["tenant", "-id"], name="audit_newest_first")]

    def __str__(self) -> str:
        return f"{self.action} {self.target}".strip()


class JoinDomain(models.Model):
    """An open door: who has a verified address at this domain may join as a member."""

    tenant = models.ForeignKey(
        "tenants.Tenant", on_delete=models.CASCADE, related_name="join_domains"
    )
    domain = models.CharField(max_length=253, db_index=True)
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    opened_at = models.DateTimeField(default=timezone.now)

    objects = ForTenant.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tenant", "domain"], name="one_door_a_domain")
        ]

    def __str__(self) -> str:
        return f"{self.domain} into {self.tenant}"


class OwnershipOffer(models.Model):
    """An owner offers the workspace to another member, who accepts or does not; one at a time."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.OneToOneField(
        "tenants.Tenant", on_delete=models.CASCADE, related_name="ownership_offer"
    )
    to = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    giver_stays = models.BooleanField("who gives it remains an owner", default=False)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()

    objects = ForTenant.as_manager()

    def __str__(self) -> str:
        return f"{self.tenant} to {self.to}"
