"""What is charged for usage above a plan, and the invoices that ask for it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar, Self

from django.db import models
from django.utils import timezone
from uuid_utils.compat import uuid7

from billing.models.metered import MeteredPeriod
from metering.models import Adjustment, Statement
from tenants.models import ForTenant, Tenant


class UsageInvoices(ForTenant):
    """Invoices for usage."""

    def unsettled(self) -> Self:
        """Those that Stripe has, and of which we have not seen that they are paid, or given up."""
        return self.filter(finalized_at__isnull=False, settled_at=None)

    def silent(self, *, now: datetime) -> Self:
        """Of these, those of the last days that Stripe should have told us about by now."""
        recent = {"finalized_at__gt": now - timedelta(days=3)}
        return self.unsettled().filter(finalized_at__lt=now - timedelta(hours=2), **recent)

    def settle(self) -> int:
        """Nothing of them is open any more; returns how many there were."""
        return self.update(settled_at=timezone.now())


class UsageInvoice(models.Model):
    """An invoice of ours at Stripe, for what was used above the plan.

    The row is there before Stripe is asked, and its id is in the invoice's metadata: that is how
    an invoice is found again that we made and did not hear of.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="usage_invoices")
    currency = models.CharField(max_length=3)
    created_at = models.DateTimeField(auto_now_add=True)
    stripe_id = models.CharField(max_length=255, unique=True, null=True)
    finalized_at = models.DateTimeField(null=True)  # Stripe has it all, and collects it
    settled_at = models.DateTimeField("we saw that nothing of it is open", null=True)

    objects = UsageInvoices.as_manager()

    def __str__(self) -> str:
        return f"usage invoice {self.stripe_id or self.pk} of {self.tenant_id}"


class UsageCharge(models.Model):
    """What a statement costs, or an adjustment of it; at most one for each, ever.

    An adjustment costs what its period costs with it, less what the period cost before it. So all
    charges of a period add up to the price of all that was used in it, rounded once.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="usage_charges")
    statement = models.ForeignKey(Statement, on_delete=models.PROTECT, related_name="charges")
    adjustment = models.OneToOneField(
        Adjustment, on_delete=models.PROTECT, related_name="charge", null=True
    )
    quantity = models.DecimalField(  # above what is included; negative: taken back
        max_digits=76, decimal_places=30
    )
    amount = models.BigIntegerField("amount in minor currency units")
    currency = models.CharField(max_length=3)
    invoice = models.ForeignKey(
        UsageInvoice, on_delete=models.PROTECT, related_name="charges", null=True
    )
    metered = models.ForeignKey(  # where a meter at Stripe bills it, and no invoice of ours
        MeteredPeriod, on_delete=models.PROTECT, related_name="charges", null=True
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ForTenant.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["statement"],
                condition=models.Q(adjustment=None),
                name="one_charge_a_statement",
            )
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} for {self.key}"

    @property
    def key(self) -> str:
        """A name that no other charge has, made from the statements' hashes."""
        if self.adjustment is None:
            return self.statement.hash
        return f"{self.statement.hash}-{self.adjustment.in_statement.hash}"
