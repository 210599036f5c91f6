"""Who is at work."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest

from identity.persons import person_of


def person_id(request: HttpRequest) -> UUID:
    """The id of the signed-in member's person."""
    return person_of(request.user).id
