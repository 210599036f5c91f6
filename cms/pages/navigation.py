"""What the frame around every page of the site shows: menu, footer, name."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from wagtail.models import Page, Site


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context for `templates/site/base.html`; empty before there is a site.

    The menu has the pages below the home page that editors put into it, in their order; the footer
    has the plain texts (privacy, terms) that are not in the menu.
    """
    site = Site.find_for_request(request)
    if site is None:
        return {}
    pages = site.root_page.get_children().live().public()
    texts = pages.filter(contentpage__isnull=False, show_in_menus=False)
    return {
        "site_name": site.site_name,
        "nav_items": [_item(page, request) for page in pages.in_menu()],
        "footer_items": [_item(page, request) for page in texts],
    }


def _item(page: Page, request: HttpRequest) -> dict[str, str]:
    return {"title": page.title, "url": page.get_url(request) or ""}
