"""Addresses that get nothing for a time, kept as hashes: they outlive the account."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.utils import timezone

from outbound import recipients
from outbound.models import Suppression
from outbound.topics import Topic

Reason = Suppression.Reason
AFTER_A_BOUNCE = timedelta(days=30)  # a mailbox that was full or gone may be there again


def add(
    address: str, *, reason: Reason, until: datetime | None = None, channel: str = "mail",
    now: datetime | None = None,
) -> None:  # fmt: skip
    """Nothing goes there from now on (`until`; None: for good)."""
    row = Suppression(
        address_hash=recipients.hash_of(address),
        channel=channel,
        reason=reason,
        until=until,
        at=now or timezone.now(),
    )
    Suppression.objects.bulk_create(
        [row],
        update_conflicts=True,
        unique_fields=["address_hash", "channel", "reason"],
        update_fields=["until", "at"],
    )


def lift(address: str, *, channel: str = "mail") -> None:
    """It gets something again."""
    Suppression.objects.filter(address_hash=recipients.hash_of(address), channel=channel).delete()


def reason_for(address: str, *, topic: Topic, now: datetime, channel: str = "mail") -> str:
    """Why nothing of this topic goes there; "" where it may.

    A code is asked for by who stands before the mailbox, so nothing stops it. A complaint is about
    what people can do without, and stops that only.
    """
    if topic.is_code:
        return ""
    alive = models.Q(until__isnull=True) | models.Q(until__gt=now)
    whose = {"address_hash": recipients.hash_of(address), "channel": channel}
    rows = Suppression.objects.filter(alive, **whose)
    if not topic.is_optional:
        rows = rows.exclude(reason=Reason.COMPLAINT)
    return rows.values_list("reason", flat=True).first() or ""
