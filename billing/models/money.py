"""What Stripe has done with a workspace's money, and what staff did about it."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from tenants.models import ForTenant, Tenant


class MoneyEntry(models.Model):
    """An invoice, a payment, or what became of one, as Stripe last described it: one row each.

    Written by `subscriptions.entries` from Stripe's answers alone, so the order of news does not matter.
    It holds no person's data. `amount` is in minor units and never below zero, but for what moves the
    balance: there, as at Stripe, below zero is the customer's credit.
    """

    class Kind(models.TextChoices):
        INVOICE = "invoice", "Invoice"
        PAYMENT = "payment", "Payment"
        REFUND = "refund", "Refund"
        CREDIT_NOTE = "credit_note", "Credit note"
        DISPUTE = "dispute", "Dispute"
        BALANCE = "balance", "Credit balance"

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="money_entries")
    stripe_id = models.CharField(max_length=255, unique=True)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    status = models.CharField(max_length=40, blank=True)
    amount = models.BigIntegerField("minor units")
    # Of an invoice what is not paid, of a payment what has not been given back.
    rest = models.BigIntegerField("minor units that are left of it", default=0)
    currency = models.CharField(max_length=3)
    at = models.DateTimeField("made at Stripe")
    due_at = models.DateTimeField("next attempt, or last day for evidence", null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    payment_id = models.CharField("the payment it is about", max_length=255, blank=True)
    invoice_id = models.CharField("the invoice it is about", max_length=255, blank=True)
    reason = models.CharField("as Stripe names it", max_length=300, blank=True)
    number = models.CharField("of the invoice", max_length=100, blank=True)
    url = models.URLField("page of the invoice", max_length=1000, blank=True)
    asked_by = models.UUIDField("the refund of staff that made it", null=True)
    synced_at = models.DateTimeField(auto_now=True)

    objects = ForTenant.as_manager()

    class Meta:
        verbose_name_plural = "money entries"
        indexes: ClassVar = [
            models.Index(fields=["tenant", "-at", "-id"], name="money_of_one"),
            models.Index(
                fields=["kind", "-at"],
                condition=Q(kind__in=["dispute", "refund"]),
                name="money_given_back",
            ),
            models.Index(
                fields=["-at"],
                condition=Q(kind="invoice", status="open", attempts__gt=0),
                name="money_failed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.stripe_id}: {self.amount} {self.currency}, {self.status}"


class StaffRefund(models.Model):
    """What staff wanted to give back, written before Stripe is asked.

    `id` comes with the form, so a form that is sent twice is one refund; it is Stripe's idempotency key
    and stands in the metadata there, by which a try that broke off is found again.
    """

    id = models.UUIDField(primary_key=True)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="staff_refunds")
    payment_id = models.CharField(max_length=255)
    invoice_id = models.CharField(max_length=255, blank=True)
    amount = models.BigIntegerField("minor units")
    currency = models.CharField(max_length=3)
    reason = models.CharField(max_length=300)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    asked_at = models.DateTimeField(auto_now_add=True)
    stripe_id = models.CharField(
        "credit note or refund at Stripe", max_length=255, unique=True, null=True
    )
    refused = models.CharField("why it was not made", max_length=300, blank=True)

    objects = ForTenant.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="refund_of_something"),
            models.CheckConstraint(condition=~Q(reason=""), name="refund_has_a_reason"),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["asked_at"], condition=Q(stripe_id=None, refused=""), name="refunds_unsure"
            )
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} of {self.payment_id}"


class _Gift(models.Model):
    """What both have that staff give at Stripe, written before Stripe is asked. Until `done_at` it is
    not known whether Stripe has it; `refused` says why it has not; what `is_over` is settled there."""

    reason = models.CharField(max_length=300)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    given_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    refused = models.CharField(max_length=300, blank=True)
    is_over = models.BooleanField("its end is settled at Stripe", default=False)

    objects = ForTenant.as_manager()

    class Meta:
        abstract = True


class StaffCredit(_Gift):
    """Credit on the balance at Stripe, which the next invoices take; what is left at its end is taken
    back."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="staff_credits")
    amount = models.BigIntegerField("minor units")
    currency = models.CharField(max_length=3)
    stripe_id = models.CharField("move of the balance", max_length=255, unique=True, null=True)
    taken_back = models.BigIntegerField("minor units", null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="credit_of_something"),
            models.CheckConstraint(condition=~Q(reason=""), name="credit_has_a_reason"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["ends_at"], condition=Q(is_over=False), name="credits_to_end")
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} for {self.tenant_id}"


class TrialExtension(_Gift):
    """A trial that ends later than it would have: `ends_at` instead of `was`."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="trial_extensions")
    subscription_id = models.CharField(max_length=255)
    was = models.DateTimeField("its end before")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(reason=""), name="extension_has_a_reason"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("was")), name="extension_is_longer"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["ends_at"], condition=Q(is_over=False), name="extensions_to_end")
        ]

    def __str__(self) -> str:
        return f"the trial {self.subscription_id} until {self.ends_at:%Y-%m-%d}"
