"""The history of what workspaces pay by the month."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from tenants.models import ForTenant, Tenant


class MrrMovement(models.Model):
    """That what a workspace pays by the month became another amount: one row for each change, never
    changed. Written by `revenue.movements`, in the transaction that writes the subscription.

    `number` counts a workspace's changes in a currency and `before` is the `after` of the one before it,
    so the sum of all changes is what is paid now, and no change can be there twice.
    """

    class Kind(models.TextChoices):
        NEW = "new", "New"
        REACTIVATION = "reactivation", "Reactivation"
        EXPANSION = "expansion", "Expansion"
        CONTRACTION = "contraction", "Contraction"
        CHURN = "churn", "Churn"

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="mrr_movements")
    currency = models.CharField(max_length=3)
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=12, choices=Kind.choices)
    before = models.BigIntegerField("minor units by the month")
    after = models.BigIntegerField("minor units by the month")
    plan_key = models.CharField(max_length=40, blank=True)
    subscription_id = models.CharField(max_length=255, blank=True)
    at = models.DateTimeField()
    written_at = models.DateTimeField(auto_now_add=True)

    objects = ForTenant.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["tenant", "currency", "number"], name="one_movement_a_change"
            ),
            models.CheckConstraint(condition=~Q(before=F("after")), name="movement_moves"),
        ]
        indexes: ClassVar = [models.Index(fields=["-at", "-id"], name="movements_newest")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.tenant_id}: {self.before} to {self.after} {self.currency}"

    @property
    def difference(self) -> int:
        """Minor units by the month; below zero: less."""
        return self.after - self.before
