"""Events that belong to a row: kept in the same transaction, passed on once it is committed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.db import transaction

from events.models import OutboxEvent

__all__ = ["OutboxEvent", "relay"]


def relay(deliver: Callable[[Sequence[bytes]], None], *, limit: int = 1_000) -> int:
    """Deliver the oldest committed rows and delete them; returns how many.

    Rows that another process relays at this moment are skipped. If it dies after `deliver`, they
    are delivered again, and the store keeps one.
    """
    with transaction.atomic():
        rows = list(OutboxEvent.objects.waiting()[:limit])
        if not rows:
            return 0
        deliver([row.payload.encode() for row in rows])
        OutboxEvent.objects.filter(pk__in=[row.pk for row in rows]).delete()
    return len(rows)
