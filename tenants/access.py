"""Who may call a view on a workspace host. The default is: members only."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse

from tenants.models import Role
from tenants.requests import WorkspaceRequest

View = TypeVar("View", bound=Callable[..., Any])


def open_to_visitors(view: View) -> View:
    """Mark a view of a workspace host that needs no membership (a short link, sign-out)."""
    view.open_to_visitors = True  # type: ignore[attr-defined]
    return view


def require_role(
    *roles: Role,
) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """Answer 403 in words to members of another role."""

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def checked(request: WorkspaceRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.membership.role not in roles:
                raise PermissionDenied("Ask an owner or admin of this workspace to do this.")
            return view(request, *args, **kwargs)

        return checked

    return decorate


managers_only = require_role(Role.OWNER, Role.ADMIN)
