"""How much of a kind somebody gets in a day: a message takes a slot, and there are only so many.

Counting first and sending then lets people over the cap as soon as two processes send.
"""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.db import connection

from outbound.models import CapSlot


def take(recipient: str, *, group: str, day: date, most: int, message_id: UUID) -> bool:
    """A slot for this message; it keeps the one that it has. False: all are taken."""
    if CapSlot.objects.filter(message_id=message_id, group=group, window=day).exists():
        return True
    CapSlot.objects.filter(message_id=message_id).delete()  # of a day that it did not leave on
    with connection.cursor() as cursor:
        for number in range(1, most + 1):
            cursor.execute(
                'INSERT INTO outbound_capslot (recipient, "group", "window", number, message_id)'
                " VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
                [recipient, group, day, number, message_id],
            )
            if cursor.rowcount:
                return True
    return False
