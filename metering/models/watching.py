"""What a workspace sets for itself: alerts, and limits below those of its plan."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from tenants.models import ForTenant, Tenant

MONEY = ""  # the "meter" of a limit over everything that has a price


class Alert(models.Model):
    """A threshold of a meter: `percent` of its limit, or an `amount` in its unit.

    Alerts at 80 and 100 percent of every limit exist without a row; a row changes such a one.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="alerts")
    meter = models.CharField(max_length=60)
    percent = models.PositiveSmallIntegerField(null=True)
    amount = models.BigIntegerField(null=True)
    is_on = models.BooleanField(default=True)
    # Users who get the mail while they are owners or admins; empty: all of those.
    recipients = ArrayField(models.UUIDField(), default=list)

    objects = ForTenant.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["tenant", "meter", "percent", "amount"],
                nulls_distinct=False,
                name="one_alert_a_threshold",
            ),
            models.CheckConstraint(
                condition=Q(percent__gt=0, amount=None) | Q(percent=None, amount__gt=0),
                name="alert_at_percent_or_amount",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.meter} of {self.tenant} at {self.percent or self.amount}"


class AlertSent(models.Model):
    """A mail that went out: once for each period and threshold, because this row is unique."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    meter = models.CharField(max_length=60)
    period = models.CharField(max_length=40)  # Period.key
    threshold = models.CharField(max_length=40)  # "80%" or "5000"
    at = models.BigIntegerField()  # what the threshold was in the meter's unit
    sent_at = models.DateTimeField(default=timezone.now)

    objects = ForTenant.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["tenant", "meter", "period", "threshold", "at"], name="one_mail_an_alert"
            )
        ]

    def __str__(self) -> str:
        return f"{self.meter} of {self.tenant}: {self.threshold} in {self.period}"


class SpendLimit(models.Model):
    """The workspace's own limit for a period: of a meter in its unit, or of money (MONEY).

    Money is in minor units of `currency`, over what usage above the included amounts costs.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="spend_limits")
    meter = models.CharField(max_length=60, blank=True, default=MONEY)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3, blank=True)
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    set_at = models.DateTimeField(default=timezone.now)

    objects = ForTenant.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tenant", "meter"], name="one_own_limit_a_meter"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="own_limit_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.meter or 'money'} of {self.tenant}: {self.amount}"
