"""What a migration of the fleet leaves behind where it failed."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from tenants.models.for_tenant import ForTenant


class MigrationFailure(models.Model):
    """Why a workspace is still on its old version. Gone as soon as it has been migrated."""

    tenant = models.OneToOneField(
        "tenants.Tenant",
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="migration_failure",
    )
    wanted = models.CharField("fingerprint it was to get", max_length=64)
    reason = models.TextField()  # PostgreSQL's or Python's own words, first line
    tries = models.PositiveIntegerField(default=1)  # runs of the command, not retries within one
    at = models.DateTimeField(default=timezone.now)

    objects = ForTenant.as_manager()

    def __str__(self) -> str:
        return f"{self.tenant_id}: {self.reason}"
