"""Renders public pages as a visitor without cookies would get them, through all the middleware.

Nothing here knows where the result is put: `release.py` collects it.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote, unquote_to_bytes

from django.conf import settings
from django.core.handlers.base import BaseHandler
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest
from django.urls import get_urlconf, reverse, set_urlconf
from django.utils import translation
from wagtail.models import Page, Site

BESIDE_PAGES = ("cms_sitemap", "cms_robots", "cms_feed")
NOT_FOUND = "404.html"


class PageFailed(Exception):
    """A page answered with the wrong status, so visitors keep its last copy."""


class PageNotStatic(Exception):
    """A page holds something of one visitor (a CSRF token, a session), so it cannot be shared."""


@dataclass(frozen=True, kw_only=True)
class Address:
    """`path` starts with a slash and is percent-encoded; `title` and `page` (an id) are those of a
    page, and empty beside pages."""

    path: str
    title: str = ""
    status: int = 200
    page: int | None = None
    revision: int | None = None

    @property
    def key(self) -> str:
        """The path as a release files it: decoded, without the first slash."""
        return unquote(self.path).removeprefix("/")


@dataclass(frozen=True, kw_only=True)
class Rendered:
    address: Address
    content: bytes
    content_type: str


def addresses(site: Site) -> list[Address]:
    """Everything that a release of `site` holds: public live pages, then sitemap, feed, 404 ..."""
    found = []
    with on_the_site():
        for root in [site.root_page, *site.root_page.get_translations()]:
            pages = root.get_descendants(inclusive=True).live().public().order_by("path")
            for page in pages.specific():
                found += _page_addresses(page)
        found += [Address(path=reverse(name)) for name in BESIDE_PAGES]
    found.append(Address(path=f"/{NOT_FOUND}", status=404))
    return found


def _page_addresses(page: Page) -> list[Address]:
    parts = page.get_url_parts()
    if parts is None or parts[2] is None:
        return []
    below = page.release_paths() if hasattr(page, "release_paths") else [""]
    known = {"title": page.title, "page": page.pk, "revision": page.live_revision_id}
    return [Address(path=parts[2] + path, **known) for path in below]


def render(site: Site, address: Address) -> Rendered:
    """Raises PageFailed and PageNotStatic, which name the address."""
    request = _request(site, address)
    with on_the_site():
        response = _handler().get_response(request)
    if response.status_code != address.status:
        raise PageFailed(
            f"{address.path} answered {response.status_code} instead of {address.status}."
        )
    if request.META.get("CSRF_COOKIE") or request.session.modified:
        raise PageNotStatic(
            f"{address.path} uses a CSRF token or the session, which belong to one visitor; "
            "public pages link to a form instead of holding it."
        )
    return Rendered(
        address=address,
        content=b"".join(response),  # streamed or not
        content_type=response["Content-Type"],
    )


class ReleaseRequest(WSGIRequest):
    """A request that was made here. A type, because no visitor's header can claim to be one."""


def is_for_release(request: HttpRequest) -> bool:
    return isinstance(request, ReleaseRequest)


@lru_cache(maxsize=1)
def _handler() -> BaseHandler:
    handler = BaseHandler()
    handler.load_middleware()
    return handler


def _request(site: Site, address: Address) -> ReleaseRequest:
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": unquote_to_bytes(address.path).decode("latin-1"),
        "QUERY_STRING": "",
        "SERVER_NAME": site.hostname,
        "SERVER_PORT": str(site.port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": site.hostname + settings.PUBLIC_PORT_SUFFIX,
        "HTTP_SEC_GPC": "1",  # nobody is here to be recognised later
        "wsgi.url_scheme": settings.PUBLIC_SCHEME,
        "wsgi.input": io.BytesIO(),
    }
    if settings.SECURE_PROXY_SSL_HEADER:
        name, value = settings.SECURE_PROXY_SSL_HEADER
        environ[name] = value
    return ReleaseRequest(environ)


@contextmanager
def on_the_site() -> Iterator[None]:
    """Reverse addresses of the site host, wherever this runs, and leave the thread as it was.

    A worker starts on the workspaces' URLs, and a handler changes its thread's URLs and language,
    which the request around us still needs.
    """
    urlconf, language = get_urlconf(), translation.get_language()
    set_urlconf(settings.PUBLIC_SCHEMA_URLCONF)
    try:
        yield
    finally:
        set_urlconf(urlconf)
        if language:
            translation.activate(language)
