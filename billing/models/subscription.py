"""The projection of a subscription at Stripe, and the versions of what plans cost."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from tenants.models import ForTenant, Tenant


class PlanTerms(models.Model):
    """What usage of a plan costs, in one version: never changed, for whoever subscribed under it.

    `said` has each meter with a price: {"clicks": {"included": 100000, "each_seat": 0, "prices":
    {"usd": {"price_amount": 100, "price_per": 10000, "price_tiers": null}}}}. `digest` is made from it.
    """

    plan_key = models.CharField(max_length=40)
    digest = models.CharField(max_length=16)
    said = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "plan terms"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["plan_key", "digest"], name="one_row_for_terms")
        ]

    def __str__(self) -> str:
        return f"{self.plan_key} {self.digest}"


class Subscription(models.Model):
    """A subscription as Stripe last described it: what pages, staff and entitlements read.

    One row for each that the workspace has had; `Account.subscription_id` names the one that counts.
    Written by `subscriptions.projection` alone, in the transaction that sets the entitlements.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="subscriptions")
    stripe_id = models.CharField(max_length=255, unique=True)
    status = models.CharField(max_length=30)
    plan_key = models.CharField(max_length=40)
    price_id = models.CharField(max_length=255)
    terms = models.ForeignKey(PlanTerms, on_delete=models.PROTECT, related_name="subscriptions")
    interval = models.CharField(max_length=10, blank=True)
    currency = models.CharField(max_length=3)
    quantity = models.PositiveIntegerField(default=1)
    amount = models.BigIntegerField(
        "minor units for each of the quantity", null=True
    )  # NULL: tiers
    monthly = models.BigIntegerField("minor units a month (revenue.mrr)", default=0, db_default=0)
    add_ons = models.JSONField(default=dict)  # key of the catalogue: quantity
    started_at = models.DateTimeField()
    period_start = models.DateTimeField()
    period_end = models.DateTimeField()
    trial_start = models.DateTimeField(null=True)
    trial_end = models.DateTimeField(null=True)
    cancel_at = models.DateTimeField(null=True)
    canceled_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    is_paused = models.BooleanField("collection is paused", default=False)
    schedule_id = models.CharField(max_length=255, blank=True)
    # What a schedule at Stripe makes of it at `scheduled_at`; NULL: nothing is scheduled. Without a
    # plan's key the schedule was not made here, and only its day is known.
    scheduled_at = models.DateTimeField(null=True)
    scheduled_plan_key = models.CharField(max_length=40, blank=True, db_default="")
    scheduled_interval = models.CharField(max_length=10, blank=True, db_default="")
    scheduled_quantity = models.PositiveIntegerField(null=True)
    scheduled_amount = models.BigIntegerField("then, minor units for each", null=True)
    # Each: {"id", "name", "percent", "amount", "currency", "ends"}; amounts in minor units, ends in ISO 8601.
    discounts = models.JSONField(default=list)
    payment_method = models.CharField("in words", max_length=80, blank=True)
    invoice_id = models.CharField("latest invoice", max_length=255, blank=True)
    invoice_status = models.CharField(max_length=20, blank=True)
    invoice_due = models.BigIntegerField("not paid of it, in minor units", default=0)
    synced_at = models.DateTimeField(auto_now=True)

    objects = ForTenant.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["tenant", "-started_at"]),
            models.Index(fields=["plan_key", "id"]),
        ]

    def __str__(self) -> str:
        return f"{self.stripe_id}: {self.plan_key}, {self.status}"
