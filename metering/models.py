"""The limits in force: what a workspace's plan includes of each meter."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from tenants.models import ForTenant, Tenant


class Quota(models.Model):
    """The limit of one meter in one workspace; a meter without a row is unlimited."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="quotas")
    meter = models.CharField(max_length=60)
    limit = models.BigIntegerField(null=True)  # in the meter's unit; NULL: no limit
    hard = models.BooleanField(default=True)

    objects = ForTenant.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tenant", "meter"], name="one_quota_a_meter"),
            models.CheckConstraint(condition=models.Q(limit__gte=0), name="quota_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.meter} of {self.tenant}: {self.limit}"
