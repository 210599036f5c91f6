"""Redirects of the website: they keep what was asked for, and lead to pages that are there.

Wagtail makes one whenever a page gets another address. Here it is seen to that none is made from an
address at which nobody saw the page (a draft's working title, whether the page was public before or
not), that one stays from where a page was public until it was taken off, and that none is left where
a page stands again.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from django.http import HttpRequest
from wagtail.contrib.redirects.middleware import get_redirect
from wagtail.contrib.redirects.models import Redirect
from wagtail.contrib.redirects.signal_handlers import (
    autocreate_redirects_on_page_move,
    autocreate_redirects_on_slug_change,
)
from wagtail.models import Page
from wagtail.signals import page_slug_changed, page_unpublished, post_page_move

from cms.releases.rendering import on_the_site


def connect() -> None:
    """Around Wagtail's own receivers, which are connected here so that the order is this one."""
    page_slug_changed.connect(_note_known, dispatch_uid="cms.redirects.known")
    page_slug_changed.connect(autocreate_redirects_on_slug_change)
    page_slug_changed.connect(_after_renaming, dispatch_uid="cms.redirects")
    post_page_move.connect(_note_known, dispatch_uid="cms.redirects.known")
    post_page_move.connect(autocreate_redirects_on_page_move)
    post_page_move.connect(_after_moving, dispatch_uid="cms.redirects")
    page_unpublished.connect(_after_unpublishing, dispatch_uid="cms.redirects")


def find(request: HttpRequest) -> tuple[str, bool] | None:
    """Where an address that is not found leads now, and whether for good."""
    asked = Redirect.normalise_path(request.get_full_path(), decode_unicode=False)
    path, _, query = asked.partition("?")
    found = get_redirect(request, asked)
    if found is None and query:
        found = get_redirect(request, path)
        target = _target(found) and with_query(_target(found), request.META["QUERY_STRING"])
    else:
        target = _target(found)
    if found is None or not target or _is_here(request, target):
        return None
    return target, found.is_permanent


def with_query(address: str, query: str) -> str:
    """`address` with the parameters of `query` that it does not set itself (utm_source ...)."""
    parts = urlsplit(address)
    own = parse_qsl(parts.query, keep_blank_values=True)
    names = {name for name, _ in own}
    carried = [
        (name, value)
        for name, value in parse_qsl(query, keep_blank_values=True)
        if name not in names
    ]
    if not carried:
        return address
    joined = "&".join(filter(None, [parts.query, urlencode(carried)]))
    return urlunsplit(parts._replace(query=joined))


def _target(found: Redirect | None) -> str:
    if found is None or (found.redirect_page and not _is_public(found.redirect_page)):
        return ""
    return found.link or ""


def _is_public(page: Page) -> bool:
    return page.live and not page.get_view_restrictions().exists()


def _is_here(request: HttpRequest, target: str) -> bool:
    """A page leads to itself for ever: browsers keep a permanent redirect."""
    here = urlsplit(request.build_absolute_uri())
    there = urlsplit(urljoin(here.geturl(), target))
    same_path = there.path.rstrip("/") == here.path.rstrip("/")
    return same_path and there.netloc.lower() == here.netloc.lower()


def _note_known(instance: Page, **_: Any) -> None:
    """From where people are led to this page already: it was public there."""
    known = Redirect.objects.filter(automatically_created=True, redirect_page_id=instance.pk)
    instance.plg_known_from = set(known.values_list("old_path", flat=True))


def _after_renaming(instance: Page, instance_before: Page, **_: Any) -> None:
    _tidy(instance, was_public=_is_public(instance_before))


def _after_moving(instance: Page, url_path_before: str, url_path_after: str, **_: Any) -> None:
    if url_path_before != url_path_after:
        _tidy(instance, was_public=_is_public(instance))


def _after_unpublishing(instance: Page, **_: Any) -> None:
    """Its address is known, whatever it is called meanwhile. It leads nowhere until it is public."""
    if not Page.objects.filter(pk=instance.pk, live=False).exists():
        return  # it is being deleted
    with on_the_site():
        site, _root, address = _parts(instance)
    if site is None or address in ("", "/") or instance.get_view_restrictions().exists():
        return
    at = {"old_path": Redirect.normalise_path(address), "site_id": site}
    if not Redirect.objects.filter(**at, automatically_created=False).exists():
        there = {"redirect_page_id": instance.pk, "automatically_created": True}
        Redirect.objects.update_or_create(**at, defaults=there)


def _tidy(page: Page, *, was_public: bool) -> None:
    made = Redirect.objects.filter(automatically_created=True)
    if not was_public:  # nobody knows the address that it had
        working_titles = made.filter(redirect_page_id=page.pk)
        working_titles.exclude(old_path__in=page.plg_known_from).delete()
    with on_the_site():
        standing = page.get_descendants(inclusive=True).specific()
        paths = [Redirect.normalise_path(parts[2]) for parts in map(_parts, standing) if parts[2]]
    made.filter(old_path__in=paths).delete()


def _parts(page: Page) -> tuple[Any, Any, str]:
    return page.get_url_parts() or (None, None, "")
