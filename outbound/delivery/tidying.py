"""Rows that nobody needs any more, a few at a time."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from outbound.models import WAITING, CapSlot, Message, State

AT_ONCE = 1_000
_LETTERS_OF_DEAD = timedelta(days=14)  # so long staff may send them after all


def tidy(*, now: datetime | None = None) -> int:
    """Delete at most AT_ONCE old messages, slots of past days, and letters of the dead; how many."""
    now = now or timezone.now()
    old = now - timedelta(days=settings.OUTBOUND_KEPT_DAYS)
    rows = Message.objects.filter(created_at__lt=old).exclude(state__in=(*WAITING, State.SENDING))
    some = list(rows.order_by("created_at").values_list("pk", flat=True)[:AT_ONCE])
    gone = Message.objects.filter(pk__in=some).delete()[0] if some else 0
    CapSlot.objects.filter(window__lt=(now - timedelta(days=3)).date()).delete()
    dead = Message.objects.filter(state=State.DEAD, created_at__lt=now - _LETTERS_OF_DEAD)
    dead.exclude(sealed="").update(sealed="")
    return int(gone)
