"""What reconciliation found: two that should say the same, and do not."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from tenants.models import ForTenant, Tenant


class Difference(models.Model):
    """One difference, as long as it is there; settled when a later look does not find it again.

    `expected` and `found` are in `unit`, exact; `key` names it, the same whenever it is found.
    """

    tenant = models.ForeignKey(
        Tenant, on_delete=models.CASCADE, related_name="differences", null=True
    )
    comparer = models.CharField(max_length=60)
    key = models.CharField(max_length=200)
    what = models.CharField(max_length=300)
    meter = models.CharField(max_length=60, blank=True)
    period_start = models.DateTimeField(null=True)
    period_end = models.DateTimeField(null=True)
    expected = models.DecimalField(max_digits=76, decimal_places=30, null=True)
    found = models.DecimalField(max_digits=76, decimal_places=30, null=True)
    unit = models.CharField(max_length=20, blank=True)
    first_seen_at = models.DateTimeField(default=timezone.now)
    last_seen_at = models.DateTimeField(default=timezone.now)
    settled_at = models.DateTimeField(null=True)

    objects = ForTenant.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["tenant", "comparer", "key"],
                condition=Q(settled_at=None),
                nulls_distinct=False,
                name="one_row_a_difference",
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["settled_at", "-last_seen_at"], name="open_differences")
        ]

    def __str__(self) -> str:
        return f"{self.comparer}: {self.what}"
