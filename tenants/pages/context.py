"""The frame of a workspace page: its navigation and what it should remind of."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module

from django.conf import settings
from django.urls import reverse

from identity.cookies import foreign_host
from tenants.pages import settings_nav
from tenants.permissions import May
from tenants.requests import WorkspaceRequest


@dataclass(frozen=True)
class NavEntry:
    label: str
    url: str
    icon: str
    current: bool


def workspace(request: WorkspaceRequest) -> dict[str, object]:
    """`workspace_nav`, `settings_tabs` and `email_unverified` for members on a workspace host."""
    if getattr(request, "membership", None) is None:
        return {}
    tabs = settings_nav.tabs(request)
    return {
        "workspace_nav": _nav(request, in_settings=any(tab.current for tab in tabs)),
        "settings_tabs": tabs,
        "email_unverified": not request.user.has_verified_email,
        # Forms for the site cannot be posted from there: its cookies stay with our hosts.
        "on_own_domain": bool(foreign_host(request)),
    }


def _nav(request: WorkspaceRequest, *, in_settings: bool) -> list[NavEntry]:
    product = import_module(f"{settings.PRODUCT_APP}.nav").NAV
    entries = [(item.label, item.url_name, item.icon) for item in product]
    nav: list[NavEntry] = []
    for label, url_name, icon in [*entries, *settings.WORKSPACE_NAV]:
        url = reverse(url_name)
        current = request.path == url if url == "/" else request.path.startswith(url)
        if url_name == "tenants:settings":
            if not request.membership.may(May.NAME):
                continue
            # The area's other pages, where they have no entry of their own.
            current = in_settings and not any(entry.current for entry in nav)
        nav.append(NavEntry(label, url, icon, current))
    return nav
