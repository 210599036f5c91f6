"""The frame of a workspace page: its navigation and what it should remind of."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module

from django.conf import settings
from django.urls import reverse

from tenants.requests import WorkspaceRequest


@dataclass(frozen=True)
class NavEntry:
    label: str
    url: str
    icon: str
    current: bool


def workspace(request: WorkspaceRequest) -> dict[str, object]:
    """`workspace_nav` and `email_unverified` for members on a workspace host."""
    if getattr(request, "membership", None) is None:
        return {}
    product = import_module(f"{settings.PRODUCT_APP}.nav").NAV
    entries = [(item.label, item.url_name, item.icon) for item in product]
    nav = []
    for label, url_name, icon in [*entries, *settings.WORKSPACE_NAV]:
        url = reverse(url_name)
        current = request.path == url if url == "/" else request.path.startswith(url)
        nav.append(NavEntry(label, url, icon, current))
    return {"workspace_nav": nav, "email_unverified": not request.user.has_verified_email}
