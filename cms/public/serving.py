"""Answers visitors from the current release, and from Wagtail where there is none (yet)."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus

import structlog
from django.conf import settings
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponsePermanentRedirect,
)
from django.shortcuts import render
from django.template.response import SimpleTemplateResponse
from django.urls import Resolver404, resolve
from django.utils.cache import get_conditional_response, patch_cache_control
from django.utils.http import http_date
from wagtail.models import Page
from wagtail.views import serve as serve_from_wagtail

from cms.pages.navigation import frame
from cms.releases import shelf, withdrawn
from cms.releases.rendering import NOT_FOUND, is_for_release
from events import shedding

log = structlog.get_logger(__name__)

View = Callable[..., HttpResponse]

# The same for everybody, so whoever stands in front may keep it: for a minute as it is, for ten more
# while it asks for the new one, and for a day while nobody answers (RFC 9111, RFC 5861). A browser
# asks each time whether it has changed. Nothing here may set a cookie or vary by one.
_KEPT: dict[str, int | bool] = {
    "public": True,
    "max_age": 0,
    "s_maxage": 60,
    "stale_while_revalidate": 600,
    "stale_if_error": 24 * 60 * 60,
}

# What Wagtail may be asked for: anything else (NUL bytes, dots) cannot be a page.
_PAGE_PATH = re.compile(r"(?:[\w\-]+/)*")


def released(view: View) -> View:
    """Answer from the release when it holds this address; `view` renders it for the release."""

    @wraps(view)
    def from_release(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        if is_for_release(request):
            return view(request, *args, **kwargs)
        path = request.path_info.removeprefix("/")
        gives_way = _gives_way(request)
        if gives_way and withdrawn.is_gone(path):
            return _later(request)
        if withdrawn.is_marked(path) and not gives_way:
            fresh = _fresh(view, request, *args, **kwargs)
            if fresh or withdrawn.is_gone(path):
                return fresh or not_found(request)
        found = _from_release(request)
        if found is None and gives_way:
            return _later(request)
        return found or view(request, *args, **kwargs)

    return from_release


def _gives_way(request: HttpRequest) -> bool:
    """Whether this visitor gets what is in the release, and nothing else. Who is signed in gets all."""
    signed_in = request.COOKIES.keys() & {settings.SESSION_COOKIE_NAME}
    return not signed_in and shedding.is_shed("dynamic_pages")


def _later(request: HttpRequest) -> HttpResponse:
    words = "So many people are here that this page has to wait a moment."
    return shedding.later(request, "dynamic_pages", words=words)


@released
def serve(request: HttpRequest, path: str) -> HttpResponse:
    """Any page: from the release, else live from Wagtail, else the site's 404 page."""
    if is_for_release(request):
        return serve_from_wagtail(request, path)
    if not path.endswith("/") and _belongs_elsewhere(request, f"{path}/"):
        return _with_slash(request)
    if _PAGE_PATH.fullmatch(path):
        try:
            return _private(serve_from_wagtail(request, path))
        except Http404:
            pass
    return not_found(request)


def _fresh(
    view: View, request: HttpRequest, *args: object, **kwargs: object
) -> HttpResponse | None:
    """What has changed since the release, from Wagtail; None where that fails."""
    try:
        response = view(request, *args, **kwargs)
        if isinstance(response, SimpleTemplateResponse):
            response.render()
    except Exception:
        log.exception("a page that has changed cannot be shown", path=request.path)
        return None
    return response


def not_found(request: HttpRequest) -> HttpResponse:
    """The 404 page, from the release where there is one."""
    in_release = not is_for_release(request) and not withdrawn.is_marked(NOT_FOUND)
    release = shelf.current() if in_release else None
    entry = release and release.entries.get(NOT_FOUND)
    if release and entry:
        try:
            content, _ = release.read(entry)
            return HttpResponse(content, status=HTTPStatus.NOT_FOUND)
        except OSError:  # pruned this very moment
            pass
    return render(request, "cms/not_found.html", frame(request), status=HTTPStatus.NOT_FOUND)


def _from_release(request: HttpRequest) -> HttpResponse | None:
    """None when the release has no such address; only names in its table are ever opened."""
    path = request.path_info.removeprefix("/")
    for _ in range(2):  # a second time when the release was pruned between pointer and file
        release = shelf.current()
        if release is None or path == NOT_FOUND:
            return None
        entry = release.entries.get(path)
        if entry is None:
            return _with_slash(request) if f"{path}/" in release.entries else None
        try:
            content, modified = release.read(entry)
        except OSError:
            continue
        return _answer(request, entry, content, modified)
    return None


def _answer(
    request: HttpRequest, entry: shelf.Entry, content: bytes, modified: float
) -> HttpResponse:
    response = HttpResponse(content, content_type=entry.content_type)
    etag = f'"{entry.digest[:32]}"'
    response["ETag"] = etag
    response["Last-Modified"] = http_date(modified)
    response["Content-Length"] = str(len(content))
    patch_cache_control(response, **_KEPT)
    return get_conditional_response(request, etag, int(modified), response) or response


def _with_slash(request: HttpRequest) -> HttpResponse:
    return HttpResponsePermanentRedirect(request.get_full_path(force_append_slash=True))


def _belongs_elsewhere(request: HttpRequest, path: str) -> bool:
    """Whether `path` (with its slash) is another view's address or a page outside the release.

    CommonMiddleware cannot tell: the address without a slash matches the site's catch-all.
    """
    try:
        match = resolve(f"/{path}", getattr(request, "urlconf", None))
    except Resolver404:
        return False
    if match.url_name != "wagtail_serve":
        return True
    return bool(_PAGE_PATH.fullmatch(path) and Page.route_for_request(request, path))


def _private(response: HttpResponse) -> HttpResponse:
    """Rendered for this visitor: a page behind a password must not stay in a shared cache."""
    patch_cache_control(response, private=True, no_cache=True)
    return response
