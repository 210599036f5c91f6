"""Addresses of the site that are the product's: no page may stand there.

The website's catch-all is the last of the site's URL patterns, so a page whose first path segment
another pattern claims is never seen. Which segments those are is read from the patterns themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.db.models.signals import pre_save
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RegexPattern
from wagtail.models import Page, Site
from wagtail.signals import pre_page_move

CATCH_ALL = "wagtail_serve"
_LITERAL = re.compile(r"[\w.\-]+(?=/|$)")


class AddressReserved(ValidationError):
    """A page would stand where another view of the site answers."""

    def __init__(self, slug: str) -> None:
        super().__init__({"slug": in_words(slug)})


def in_words(slug: str) -> str:
    return (
        f"“/{slug}/” is an address of the product itself, so nobody would see this page. "
        "Choose another slug."
    )


@lru_cache(maxsize=4)
def first_segments(urlconf: str | None = None) -> frozenset[str]:
    """Each first path segment that a view of the site claims, in small letters.

    Raises ImproperlyConfigured for a pattern that could claim any segment, except the website's own.
    """
    patterns = get_resolver(urlconf or settings.PUBLIC_SCHEMA_URLCONF).url_patterns
    static = settings.STATIC_URL.strip("/").split("/")[0]
    return frozenset(segment.lower() for segment in (*_segments(patterns), static) if segment)


def _segments(patterns: Iterable[URLPattern | URLResolver], before: str = "") -> Iterator[str]:
    for pattern in patterns:
        route = before + _plain(pattern)
        literal = _LITERAL.match(route)
        if literal:
            yield literal.group()
        elif isinstance(pattern, URLResolver):
            yield from _segments(pattern.url_patterns, route)
        elif route and pattern.name != CATCH_ALL:
            raise ImproperlyConfigured(f"The site's pattern {route!r} begins with a variable.")


def _plain(pattern: Any) -> str:
    """A pattern's text; a regular expression without its anchors and escapes."""
    text = str(pattern.pattern)
    if isinstance(pattern.pattern, RegexPattern):
        text = text.removeprefix("^").removesuffix("\\Z").removesuffix("$").replace("\\", "")
    return text


def is_reserved(slug: str, *, parent: Page | None) -> bool:
    """Whether a page with this slug below `parent` would stand on somebody else's address."""
    return parent is not None and _is_claimed(f"{parent.url_path}{slug}/")


def reserved_pages() -> list[Page]:
    """Live pages that nobody can see, because a view claims their address."""
    roots = [root.root_path for root in Site.get_site_root_paths()]
    live = Page.objects.live().order_by("path")
    return [
        page
        for page in live.only("url_path", "title", "slug")
        if any(page.url_path.startswith(root) for root in roots) and _is_claimed(page.url_path)
    ]


def _is_claimed(url_path: str) -> bool:
    for root in Site.get_site_root_paths():
        if url_path.startswith(root.root_path):
            segment = url_path.removeprefix(root.root_path).split("/")[0]
            if segment.lower() in first_segments():
                return True
    return False


def connect() -> None:
    """The last guard, for whatever makes or moves pages without a form. Called once."""
    pre_save.connect(_guard_saving, dispatch_uid="cms.reserved")
    pre_page_move.connect(_guard_moving, dispatch_uid="cms.reserved")


def _guard_saving(sender: type[Any], instance: Any, raw: bool = False, **_: Any) -> None:
    if raw or not issubclass(sender, Page) or not _is_claimed(instance.url_path or ""):
        return
    # A page that stands there from before may still be saved: that is how it is unpublished.
    if not Page.objects.filter(pk=instance.pk, url_path=instance.url_path).exists():
        raise AddressReserved(instance.slug)


def _guard_moving(instance: Page, url_path_before: str, url_path_after: str, **_: Any) -> None:
    if url_path_before != url_path_after and _is_claimed(url_path_after):
        raise AddressReserved(instance.slug)
