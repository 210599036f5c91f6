"""Limits in force, billing cycles, and the statements of closed periods."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from tenants.models import ForTenant, Tenant


class Quota(models.Model):
    """The limit of one meter in one workspace; a meter without a row is unlimited."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="quotas")
    meter = models.CharField(max_length=60)
    limit = models.BigIntegerField(null=True)  # in the meter's unit; NULL: no limit
    hard = models.BooleanField(default=True)
    # What usage above a soft limit costs: an amount (minor currency units) for so many units.
    price_amount = models.BigIntegerField(null=True)
    price_per = models.BigIntegerField(null=True)
    price_tiers = models.JSONField(null=True)  # in place of the two, where the price has tiers
    currency = models.CharField(max_length=3, blank=True)

    objects = ForTenant.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tenant", "meter"], name="one_quota_a_meter"),
            models.CheckConstraint(condition=models.Q(limit__gte=0), name="quota_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.meter} of {self.tenant}: {self.limit}"


class Terms(models.Model):
    """A limit and price from an instant on: what is used from then on is stated by them.

    Written whenever limits change, never changed.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    meter = models.CharField(max_length=60)
    since = models.DateTimeField(default=timezone.now)
    included = models.BigIntegerField(null=True)
    price_amount = models.BigIntegerField(null=True)
    price_per = models.BigIntegerField(null=True)
    price_tiers = models.JSONField(null=True)  # in place of the two, where the price has tiers
    currency = models.CharField(max_length=3, blank=True)

    objects = ForTenant.as_manager()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["tenant", "meter", "-since"])]

    def __str__(self) -> str:
        return f"{self.meter} of {self.tenant} since {self.since:%Y-%m-%d}: {self.included}"


class BillingCycle(models.Model):
    """From `since` on, a workspace's months begin at the instant of `anchor`.

    Without an anchor they are calendar months in UTC, as they are before the first row.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="cycles")
    since = models.DateTimeField()
    anchor = models.DateTimeField(null=True)

    objects = ForTenant.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tenant", "since"], name="one_cycle_at_a_time")
        ]

    def __str__(self) -> str:
        return f"{self.tenant} since {self.since:%Y-%m-%d}: {self.anchor or 'calendar months'}"


class Ledger(models.Model):
    """How far a workspace's periods are closed, and the head of its chain of statements."""

    tenant = models.OneToOneField(
        Tenant, on_delete=models.PROTECT, primary_key=True, related_name="ledger"
    )
    closed_until = models.DateTimeField()
    due = models.DateTimeField(db_index=True)  # the end of the period that is closed next
    statements = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64, blank=True)

    objects = ForTenant.as_manager()

    def __str__(self) -> str:
        return f"{self.tenant}: closed until {self.closed_until:%Y-%m-%d}"


class Statement(models.Model):
    """What a meter had counted when its period was closed. Immutable; a trigger sees to it.

    Where the price changed within a month, each part of it (`definitions/parts.py`) has a statement of
    its own: `month_start` and `month_end` are then those of the whole, and `value` is what the part
    added to the month or, `is_level`, what there was when it ended. Otherwise they are empty.

    `number` counts the workspace's statements from 1; `hash` (SHA-256) covers every field, the
    adjustments billed in this statement, and `previous`, the hash of the statement before.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="statements")
    number = models.BigIntegerField()
    meter = models.CharField(max_length=60)
    period_start = models.DateTimeField()
    period_end = models.DateTimeField()
    cutoff = models.DateTimeField()  # when it was made: what was stored later is an adjustment
    value = models.DecimalField(max_digits=76, decimal_places=30)
    count = models.BigIntegerField()  # events
    included = models.BigIntegerField(null=True)  # NULL: everything
    price_amount = models.BigIntegerField(null=True)
    price_per = models.BigIntegerField(null=True)
    price_tiers = models.JSONField(null=True)  # in place of the two, where the price has tiers
    currency = models.CharField(max_length=3, blank=True)
    month_start = models.DateTimeField(null=True)
    month_end = models.DateTimeField(null=True)
    is_level = models.BooleanField("of what exists", default=False, db_default=False)
    previous = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    objects = ForTenant.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["tenant", "meter", "period_start"], name="one_statement_a_period"
            ),
            models.UniqueConstraint(fields=["tenant", "number"], name="statements_are_a_chain"),
        ]

    def __str__(self) -> str:
        return f"{self.meter} of {self.tenant} until {self.period_end:%Y-%m-%d}: {self.value}"


class Adjustment(models.Model):
    """What came for a closed period after its statement; billed with a later period. Immutable.

    `value` is what to add to `statement.value` and the adjustments before this one.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="adjustments")
    statement = models.ForeignKey(Statement, on_delete=models.PROTECT, related_name="adjustments")
    in_statement = models.ForeignKey(Statement, on_delete=models.PROTECT, related_name="adjusts")
    value = models.DecimalField(max_digits=76, decimal_places=30)
    count = models.BigIntegerField()

    objects = ForTenant.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["statement", "in_statement"], name="one_adjustment_a_statement"
            )
        ]

    def __str__(self) -> str:
        return f"{self.value} for {self.statement}"
