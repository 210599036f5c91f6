"""Who may call a view on a workspace host. The default is: members only."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.core.exceptions import PermissionDenied
from django.http.response import HttpResponseBase

from tenants.permissions import TABLE, May, Role
from tenants.requests import WorkspaceRequest

API_PREFIX = "/api/v1/"  # these views ask for an API key, not for a session
View = TypeVar("View", bound=Callable[..., Any])
Answer = TypeVar("Answer", bound=HttpResponseBase)


def open_to_visitors(view: View) -> View:
    """Mark a view of a workspace host that needs no membership (a short link, sign-out)."""
    view.open_to_visitors = True  # type: ignore[attr-defined]
    return view


def requires(
    what: May,
) -> Callable[[Callable[..., Answer]], Callable[..., Answer]]:
    """Answer 403 in words to members whose role does not allow it (`tenants.permissions`)."""

    def decorate(view: Callable[..., Answer]) -> Callable[..., Answer]:
        @wraps(view)
        def checked(request: WorkspaceRequest, *args: Any, **kwargs: Any) -> Answer:
            if not request.membership.may(what):
                who = "an owner or admin" if Role.ADMIN in TABLE[what] else "an owner"
                raise PermissionDenied(f"Ask {who} of this workspace to do this.")
            return view(request, *args, **kwargs)

        checked.required = what  # type: ignore[attr-defined]  # a test goes over all that have one
        return checked

    return decorate
