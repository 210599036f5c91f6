"""A dead letter that somebody decides to send after all."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.utils import timezone

from outbound.models import Message, State


def try_again(message_id: UUID, *, now: datetime | None = None) -> bool:
    """For two more days, from now on. False: it is not dead, or what it says is gone."""
    dead = Message.objects.filter(pk=message_id, state=State.DEAD).exclude(sealed="")
    return bool(
        dead.update(
            state=State.READY,
            reason="",
            detail="",
            not_before=now or timezone.now(),
            attempts=0,
            first_tried_at=None,
        )
    )
