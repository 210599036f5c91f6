"""Says to the open pages of a user that there is something new under the bell, or less."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.http import HttpRequest

from events import live


def channel(user_id: UUID) -> str:
    """On which the pages of this user listen."""
    return live.channel(f"bell:{user_id}")


def ring(user_id: UUID) -> None:
    """Once the transaction commits. News may be lost with Redis: the next page shows it all the same."""
    transaction.on_commit(lambda: live.announce(channel(user_id)), robust=True)


def address(request: HttpRequest, user_id: UUID) -> str:
    """Where the page of this request listens for the next minutes; "" without a live process."""
    origin = f"{request.scheme}://{request.get_host()}"
    return live.address("notifications", channel(user_id), origin=origin)
