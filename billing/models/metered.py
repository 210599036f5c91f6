"""Usage that Stripe's meters bill: which periods, and each event that was sent for them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from tenants.models import ForTenant, Tenant


class MeteredPeriod(models.Model):
    """A workspace's month of a meter, billed by a metered item of its subscription.

    Given up, it is billed from its statements; `invoice_id` is the subscription's invoice that has it.
    """

    class State(models.TextChoices):
        OPEN = "open", "being sent"
        BILLED = "billed", "on a finalized invoice"
        GIVEN_UP = "given_up", "billed from its statements"

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="metered_periods")
    meter = models.CharField(max_length=60)
    period_start = models.DateTimeField()
    period_end = models.DateTimeField()
    begins = models.DateTimeField("the item counts events from here on")
    exported_until = models.DateTimeField()
    customer_id = models.CharField(max_length=255)
    subscription_id = models.CharField(max_length=255)
    price_id = models.CharField(max_length=255)
    stripe_meter_id = models.CharField(max_length=255)
    invoice_id = models.CharField(max_length=255, blank=True, default="", db_default="")
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    has_item = models.BooleanField("its item is on the subscription", default=True, db_default=True)
    made_at = models.DateTimeField(auto_now_add=True)

    objects = ForTenant.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["tenant", "meter", "period_start"], name="one_metered_period"
            )
        ]

    def __str__(self) -> str:
        return f"{self.meter} of {self.tenant_id} from {self.period_start:%Y-%m-%d}: {self.state}"


class MeterExport(models.Model):
    """One meter event: what an hour added above what is included. The row is there before it is sent.

    `identifier` is made from workspace, meter, hour and revision, so whoever sends it again is refused by
    Stripe. What was sent too much is taken back within a day, and sent anew as another revision.
    """

    class State(models.TextChoices):
        WRITTEN = "written", "to be sent"
        SENT = "sent", "Stripe has it"
        WITHDRAWING = "withdrawing", "to be taken back"
        WITHDRAWN = "withdrawn", "taken back"

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="meter_exports")
    period = models.ForeignKey(MeteredPeriod, on_delete=models.PROTECT, related_name="exports")
    meter = models.CharField(max_length=60)
    hour = models.DateTimeField("the first instant of what it counts")
    until = models.DateTimeField("the first instant that it does not count")
    revision = models.PositiveSmallIntegerField(default=0)
    quantity = models.BigIntegerField()
    late = models.BigIntegerField("of it, from before this hour", default=0)
    timestamp = models.DateTimeField()
    identifier = models.CharField(max_length=100, unique=True)
    state = models.CharField(max_length=11, choices=State.choices, default=State.WRITTEN)
    written_at = models.DateTimeField(auto_now_add=True)
    tried_at = models.DateTimeField(null=True)  # the first try of this identifier
    sent_at = models.DateTimeField(null=True)

    objects = ForTenant.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["tenant", "meter", "hour", "revision"], name="one_export_an_hour"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["period", "hour"], name="exports_of_a_period")]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.meter} for {self.hour:%Y-%m-%d %H:%M}: {self.state}"
