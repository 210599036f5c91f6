"""A workspace that is being prepared, suspended, deleted or purged answers nothing of its own.

Its members read why, on every page. For everybody else it is not there: outsiders, and visitors of its
public addresses (a product's short links), find nothing. Its API says it as a problem, to who holds a
valid key. A view that shall work all the same says so: `@open_while(Status.DELETED)`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from django.http import HttpResponse
from django.shortcuts import render

from tenants.models import Status, Tenant
from tenants.permissions import May
from tenants.requests import WorkspaceRequest

# What members see in a state, in place of the plain page: (request) -> response, or None where the
# workspace is open after all. Registered from above.
_PAGES: dict[Status, Callable[[WorkspaceRequest], HttpResponse | None]] = {}
View = TypeVar("View", bound=Callable[..., Any])
CLOSED = frozenset(Status) - {Status.ACTIVE}
_ANSWERS = {
    Status.PREPARING: 503,
    Status.SUSPENDED: 403,
    Status.DELETED: 410,
    Status.PURGING: 410,
}


class WorkspaceClosed(Exception):
    """Raised where a program asks; the message says why, and `http_status` is the answer's."""

    def __init__(self, tenant: Tenant) -> None:
        super().__init__(in_words(tenant))
        self.kind = Status(tenant.status)
        self.http_status = _ANSWERS[self.kind]


@dataclass(frozen=True)
class ClosedPage:
    """What a member reads."""

    title: str
    text: str
    may_restore: bool
    is_suspended: bool


def open_while(*statuses: Status) -> Callable[[View], View]:
    """Mark a view of a workspace host that works in these states, too."""

    def mark(view: View) -> View:
        view.open_while = frozenset(statuses)  # type: ignore[attr-defined]
        return view

    return mark


def shown_by(status: Status, page: Callable[[WorkspaceRequest], HttpResponse | None]) -> None:
    """Let this page be shown to members while a workspace is in the state. In `ready`."""
    _PAGES[status] = page


def is_closed(tenant: Tenant, view: Callable[..., Any] | None = None) -> bool:
    """Whether the workspace (for this view) is closed."""
    return tenant.status in CLOSED - getattr(view, "open_while", frozenset())


def require_open(tenant: Tenant) -> None:
    """Raises WorkspaceClosed."""
    if is_closed(tenant):
        raise WorkspaceClosed(tenant)


def in_words(tenant: Tenant) -> str:
    """Why it is closed, as a sentence."""
    if tenant.status == Status.PREPARING:
        return "This workspace is being prepared; please try again in some seconds."
    if tenant.status == Status.SUSPENDED:
        return f"This workspace is suspended: {tenant.suspended_because}"
    if tenant.status == Status.DELETED:
        return (
            f"This workspace was deleted on {tenant.deleted_at:%-d %B %Y}; "
            f"everything in it is removed for good on {tenant.purge_after:%-d %B %Y}."
        )
    return "This workspace was deleted and is being removed."


def page(request: WorkspaceRequest) -> HttpResponse | None:
    """The one page that a member sees; None where it is open after all."""
    tenant = request.tenant
    status = Status(tenant.status)
    if status in _PAGES:
        return _PAGES[status](request)
    suspended = status is Status.SUSPENDED
    shown = ClosedPage(
        title=f"{tenant.name} is suspended" if suspended else f"{tenant.name} was deleted",
        text=tenant.suspended_because if suspended else in_words(tenant),
        is_suspended=suspended,
        may_restore=status is Status.DELETED and request.membership.may(May.DELETE),
    )
    return render(request, "workspace/closed.html", {"closed": shown}, status=_ANSWERS[status])
