"""What requests carry after identity's middleware, for annotations."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from identity.models import User


class VisitorRequest(HttpRequest):
    """Any request: the browser's anonymous id (None where it asks not to be followed)."""

    anonymous_id: UUID | None
    htmx: HtmxDetails


class UserRequest(VisitorRequest):
    """A request of a signed-in user."""

    user: User
