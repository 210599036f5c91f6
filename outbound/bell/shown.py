"""The bell and its messages as pages show them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest

from outbound.bell import feed, ringing, workspaces
from outbound.bell.feed import Looker
from outbound.models import Notification


@dataclass(frozen=True)
class Bell:
    """`unread` up to `feed.COUNTED`; `listen` is where the page hears of more, or ""; `at` the moment
    (Unix time)."""

    unread: int
    listen: str
    at: float

    @property
    def count(self) -> str:
        """As it stands beside the bell: "", "3", "9+"."""
        if not self.unread:
            return ""
        return f"{feed.COUNTED - 1}+" if self.unread >= feed.COUNTED else str(self.unread)

    @property
    def words(self) -> str:
        """As it is read aloud."""
        if not self.unread:
            return "Notifications, none unread"
        if self.unread >= feed.COUNTED:
            return f"Notifications, more than {feed.COUNTED - 1} unread"
        return f"Notifications, {self.unread} unread"


@dataclass(frozen=True)
class Line:
    """One message: `url` is absolute, "" where it leads nowhere; `workspace` only where one cannot tell."""

    id: UUID
    title: str
    text: str
    url: str
    workspace: str
    at: datetime
    is_unread: bool


def looker(request: HttpRequest) -> Looker | None:
    """Who looks; None for a visitor, and who is no member here."""
    if not request.user.is_authenticated:
        return None
    tenant = getattr(request, "tenant", None)
    if tenant is None:
        return Looker(request.user)
    if getattr(request, "membership", None) is None:
        return None
    return Looker(request.user, tenant.pk)


def bell(request: HttpRequest) -> Bell | None:
    """The state of the bell, asked once for a request."""
    if not hasattr(request, "_bell"):
        who = looker(request)
        found = None
        if who is not None:
            at, listen = time.time(), ringing.address(request, who.user.pk)
            found = Bell(feed.unread(who), listen, at)
        request._bell = found  # type: ignore[attr-defined]
    return request._bell  # type: ignore[attr-defined]


def lines(rows: Sequence[Notification], *, on_tenant: UUID | None) -> list[Line]:
    """On the pages of this workspace, or with None of the site: one query more there."""
    elsewhere = {row.tenant_id for row in rows if row.tenant_id and row.tenant_id != on_tenant}
    known = workspaces.known().shown(elsewhere) if elsewhere else {}
    found = []
    for row in rows:
        host, name = "", ""
        if row.tenant_id is None:
            host = settings.SITE_URL
        elif row.tenant_id in known:
            host, name = known[row.tenant_id].url, known[row.tenant_id].name
        found.append(
            Line(
                id=row.pk,
                title=row.title,
                text=row.text,
                url=host + row.path if row.path else "",
                workspace=name,
                at=row.created_at,
                is_unread=row.read_at is None,
            )
        )
    return found
