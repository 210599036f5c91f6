"""The tabs of a workspace's settings: a page adds itself by a line here."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

from tenants.permissions import May
from tenants.requests import WorkspaceRequest


@dataclass(frozen=True)
class SettingsPage:
    """A page of the area; `needs` None: for every member."""

    label: str
    url_name: str
    needs: May | None = None


@dataclass(frozen=True)
class Tab:
    label: str
    url: str
    current: bool


PAGES = (
    SettingsPage("General", "tenants:settings", May.NAME),
    SettingsPage("Members", "tenants:members"),
    SettingsPage("API keys", "tenants:api_keys", May.MAKE_KEYS),
    SettingsPage("Webhooks", "tenants:webhooks", May.SET_WEBHOOKS),
    SettingsPage("Domains", "domains:domains", May.ADD_DOMAINS),
    SettingsPage("Export", "tenants:export", May.TAKE_DATA),
    SettingsPage("Audit log", "tenants:audit", May.READ_AUDIT),
    SettingsPage("Danger zone", "tenants:danger", May.DELETE),
)


def tabs(request: WorkspaceRequest) -> list[Tab]:
    """What this member may open. One is current; none on pages outside of the settings."""
    pages = [page for page in PAGES if page.needs is None or request.membership.may(page.needs)]
    urls = [reverse(page.url_name) for page in pages]
    # "/settings/" begins the addresses of other tabs, too: the longest that fits is meant.
    here = max((url for url in urls if request.path.startswith(url)), key=len, default="")
    return [Tab(page.label, url, url == here) for page, url in zip(pages, urls, strict=True)]
