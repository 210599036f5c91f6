"""What the life of a workspace leaves in shared tables: its audit log, open doors, open offers."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone
from uuid_utils.compat import uuid7

from tenants.models.for_tenant import ForTenant


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
    # Somebody who works here did it, as such: the workspace reads no name and no address of theirs.
    by_staff = models.BooleanField(default=False, db_default=False)

    objects = ForTenant.as_manager()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["tenant", "-id"], name="audit_newest_first")]

    def __str__(self) -> str:
        return f"{self.action} {self.target}".strip()

    @property
    def who(self) -> str:
        """Who it was, as the workspace may know it; "" for the system."""
        return f"Staff of {settings.WAGTAIL_SITE_NAME}" if self.by_staff else self.by_name

    @property
    def address(self) -> str:
        """Where it came from, as the workspace may know it; "" when nobody knows."""
        return "" if self.by_staff else self.ip or ""


class Doors(ForTenant):
    def open(self, *, now: datetime | None = None) -> Doors:
        """Those that let somebody in: proved in DNS, or in the time that is given for it."""
        in_time = models.Q(open_until__gt=now or timezone.now())
        return self.filter(models.Q(proved_at__isnull=False) | in_time)


class JoinDomain(models.Model):
    """A door: who has a verified address at this domain may join as a member, once DNS shows that the
    domain is the workspace's (`tenants.members.door_proofs`)."""

    tenant = models.ForeignKey(
        "tenants.Tenant", on_delete=models.CASCADE, related_name="join_domains"
    )
    domain = models.CharField(max_length=253, db_index=True)
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    opened_at = models.DateTimeField(default=timezone.now)
    token = models.CharField(max_length=64, blank=True, default="", db_default="")
    proved_at = models.DateTimeField(null=True)
    # Without a proof: from before one was asked for, or because it is gone from DNS.
    open_until = models.DateTimeField(null=True)
    warned_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    next_check_at = models.DateTimeField(null=True, db_index=True)
    watched_until = models.DateTimeField(null=True)
    checks = models.PositiveIntegerField(default=0, db_default=0)
    found: models.JSONField[Any, Any] = models.JSONField(default=dict, db_default={})

    objects = Doors.as_manager()

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
