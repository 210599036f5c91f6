"""What staff have given a workspace beyond what it pays for."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from tenants.models import ForTenant, Tenant


class Grants(ForTenant):
    """Grants of workspaces."""

    def in_force(self, *, now: datetime) -> Self:
        """Those that hold at this instant (aware)."""
        return self.filter(starts_at__lte=now, ends_at__gt=now)


class StaffGrant(models.Model):
    """A plan, or a feature, for a while and for a reason. An end can come earlier, by `ends_at`."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="grants")
    plan_key = models.CharField(max_length=40, blank=True)
    feature = models.CharField(max_length=40, blank=True)
    reason = models.CharField(max_length=300)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True)
    is_settled = models.BooleanField("its end has been put in force", default=False)
    revoked_at = models.DateTimeField("ended before its time", null=True)

    objects = Grants.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(plan_key="") ^ Q(feature=""), name="grant_is_a_plan_or_a_feature"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="grant_has_a_reason"),
        ]
        # Grants, credits, longer trials and refunds; who has all rights has this one, too.
        permissions: ClassVar = [("move_money", "Can give plans and credit, and refund payments")]
        indexes: ClassVar = [
            models.Index(fields=["ends_at"], condition=Q(is_settled=False), name="grants_to_end")
        ]

    def __str__(self) -> str:
        return f"{self.plan_key or self.feature} for {self.tenant_id} until {self.ends_at:%Y-%m-%d}"
