"""What Stripe has told us, until it is worked off."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q


class InboxEvent(models.Model):
    """That Stripe told us of something: stored once, by Stripe's id of the event.

    Not what it said: nobody believes that, since events come late and in any order. So no person's data
    is in it, and a row is small.
    """

    stripe_id = models.CharField(max_length=255, primary_key=True)
    type = models.CharField(max_length=100)
    customer = models.CharField(max_length=255, blank=True)
    about = models.CharField("id of the object", max_length=255, blank=True)
    received_at = models.DateTimeField(auto_now_add=True)
    due_at = models.DateTimeField(null=True)  # NULL: it is settled
    tries = models.PositiveSmallIntegerField(default=0)
    outcome = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["due_at", "customer"], condition=~Q(due_at=None), name="inbox_due"
            ),
            models.Index(fields=["customer"]),
            models.Index(fields=["received_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.stripe_id}: {self.type}"
