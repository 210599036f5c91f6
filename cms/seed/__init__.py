"""The website that an installation begins with: pages, the site record and the editors' group.

A plain one of two pages, or with `demo=True` what the product says (`<PRODUCT_APP>/website.py`, which
may be missing: `neutral.py`). `seed_site()` may run at every start. Content is written once, into a site
that has no home page; from then on it belongs to the editors, who may change or delete anything. Only
the site's host and port follow the settings, because a copy on another port would otherwise link to the
first one.
"""

from __future__ import annotations

import json
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.conf import settings
from django.db import transaction
from wagtail.models import Collection, Locale, Page, Site

from cms.changes import publishing
from cms.editing import editors
from cms.models import ArticlePage, BlogIndexPage, ContentPage, HomePage, PricingPage
from cms.seed import neutral, plain
from cms.seed.legal import Words as LegalWords
from cms.seed.legal import pages as legal_pages
from cms.seed.wording import text
from cms.seed.words import Website

__all__ = ["LegalWords", "Website", "legal_pages", "seed_site", "text", "website"]


def website() -> Website:
    """What the product says of itself in a demo, or what is true of any."""
    module = f"{settings.PRODUCT_APP}.website"
    return import_module(module).website() if find_spec(module) else neutral.website()


def seed_site(*, demo: bool = False) -> Site:
    """Make the site if there is none. Does not build a release: call `release.build` after it."""
    with transaction.atomic(), publishing.paused():
        trunk = _trunk()
        site = Site.objects.filter(is_default_site=True).first()
        if site is None or not isinstance(site.root_page.specific, HomePage):
            site = _plant(trunk, site, demo=demo)
            editors.make_group(trunk)
        _follow_settings(site)
        return site


def _trunk() -> Page:
    """Wagtail's invisible root page, with the locale and the collection that everything needs."""
    Locale.objects.get_or_create(language_code=settings.LANGUAGE_CODE)
    if not Collection.get_first_root_node():
        Collection.add_root(name="Root")
    return Page.get_first_root_node() or Page.add_root(title="Root", slug="root")


def _plant(trunk: Page, site: Site | None, *, demo: bool) -> Site:
    welcome = site.root_page if site else None
    words = website() if demo else None
    root = _add(trunk, HomePage, words.home if words else plain.home())
    if site is None:
        site = Site(is_default_site=True, hostname=settings.SITE_DOMAIN)
    site.root_page, site.site_name = root, settings.WAGTAIL_SITE_NAME
    site.save()
    if welcome and welcome.specific_class is Page and not welcome.get_children().exists():
        welcome.delete()  # the page that Wagtail's own migrations make
    _add(root, PricingPage, words.pricing if words else plain.pricing())
    if words:
        _add_demo(root, words)
    return site


def _add_demo(root: Page, words: Website) -> None:
    blog = _add(root, BlogIndexPage, words.blog)
    for article in words.articles:
        _add(blog, ArticlePage, article)
    for fields in words.pages:
        _add(root, ContentPage, fields)


def _add(parent: Page, model: type[Page], fields: dict[str, Any]) -> Page:
    """A published page with its first revision, so that editors can go back to it."""
    body = fields.get("body")
    if isinstance(body, list):
        fields = {**fields, "body": json.dumps(body)}
    page = parent.add_child(instance=model(**fields))
    page.save_revision().publish()
    return page


def _follow_settings(site: Site) -> None:
    port = settings.PUBLIC_PORT
    if (site.hostname, site.port) != (settings.SITE_DOMAIN, port):
        site.hostname, site.port = settings.SITE_DOMAIN, port
        site.save()
    Site.clear_site_root_paths_cache()
