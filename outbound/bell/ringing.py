"""Says to the open pages of a person that there is something new under the bell, or less."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.http import HttpRequest

from events import live


def channel(person_id: UUID) -> str:
    """On which the pages of this person listen."""
    return live.channel(f"bell:{person_id}")


def ring(person_id: UUID) -> None:
    """Once the transaction commits. News may be lost with Redis: the next page shows it all the same."""
    transaction.on_commit(lambda: live.announce(channel(person_id)), robust=True)


def address(request: HttpRequest, person_id: UUID) -> str:
    """Where the page of this request listens for the next minutes; "" without a live process."""
    origin = f"{request.scheme}://{request.get_host()}"
    return live.address("notifications", channel(person_id), origin=origin)
