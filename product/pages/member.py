"""Who is at work."""

from __future__ import annotations

from uuid import UUID

from identity.persons import person_of
from tenants.requests import WorkspaceRequest


def person_id(request: WorkspaceRequest) -> UUID:
    """The id of the signed-in member's person."""
    return person_of(request.user).id
