"""The terms that people agree to when they sign up, in the version that is public now.

Read from the release, which every process holds in memory, so that a sign-up asks no database.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from wagtail.models import Page, Site

from cms.releases import shelf, withdrawn


@dataclass(frozen=True)
class Text:
    """A public page. `version` names the revision of it that Wagtail keeps."""

    title: str
    address: str
    version: str


def terms() -> Text | None:
    """None while there is no such page."""
    return _find(settings.TERMS_ADDRESS)


def privacy() -> Text | None:
    return _find(settings.PRIVACY_ADDRESS)


def version() -> str:
    """What a sign-up writes down; "" while there are no terms."""
    found = terms()
    return found.version if found else ""


def _find(path: str) -> Text | None:
    address = f"{settings.SITE_URL}{path}"
    release = shelf.current()
    if release is None:
        return _ask(path, address)
    key = path.removeprefix("/")
    entry = release.entries.get(key)
    if entry is None or entry.page is None or withdrawn.is_gone(key):
        return None
    return Text(entry.title, address, _version(entry.page, entry.revision))


def _ask(path: str, address: str) -> Text | None:
    """Before the first build."""
    site = Site.objects.filter(is_default_site=True).select_related("root_page").first()
    if site is None:
        return None
    url_path = site.root_page.url_path.rstrip("/") + path
    page = Page.objects.live().public().filter(url_path=url_path).first()
    return Text(page.title, address, _version(page.pk, page.live_revision_id)) if page else None


def _version(page: int, revision: int | None) -> str:
    return f"page {page}, revision {revision or 0}"
