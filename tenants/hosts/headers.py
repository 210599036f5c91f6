"""Security headers of answers that Django's middleware does not see, and `Permissions-Policy`.

Every answer carries the same ones: pages, errors, unknown hosts, and what is answered early.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from io import BytesIO
from typing import Any

from csp.utils import build_policy
from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse
from django.middleware.security import SecurityMiddleware

PERMISSIONS = "Permissions-Policy"


class PermissionsPolicyMiddleware:
    """What pages may ask of the browser (W3C Permissions Policy), from settings.PERMISSIONS_POLICY."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self._policy = permissions(settings.PERMISSIONS_POLICY)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault(PERMISSIONS, self._policy)
        return response


def permissions(features: Mapping[str, list[str]]) -> str:
    """As the header has it: `camera=(), fullscreen=(self)`."""
    return ", ".join(f"{name}=({' '.join(allowed)})" for name, allowed in features.items())


def harden(response: HttpResponse, *, is_secure: bool) -> HttpResponse:
    """For an answer that went past the middleware: the headers that it would have got there."""
    for name, value in missing(response.items(), is_secure=is_secure):
        response.headers[name] = value
    return response


def missing(headers: Iterable[tuple[str, str]], *, is_secure: bool) -> list[tuple[str, str]]:
    """Those that an answer with these headers does not have yet."""
    return _besides(frozenset([name for name, _ in headers]), is_secure)


@lru_cache(maxsize=64)
def _besides(names: frozenset[str], is_secure: bool) -> list[tuple[str, str]]:
    """Worked out once for each kind of answer, because a click pays for it; nobody may change it."""
    has = {name.lower() for name in names}
    return [each for each in _headers(is_secure) if each[0].lower() not in has]


def _headers(is_secure: bool) -> tuple[tuple[str, str], ...]:
    """Those that are the same for every answer."""
    scheme = "https" if is_secure else "http"
    asked = WSGIRequest(
        {"REQUEST_METHOD": "GET", "wsgi.input": BytesIO(), "wsgi.url_scheme": scheme}
    )
    by_django: Any = SecurityMiddleware(lambda _: HttpResponse())
    answer = by_django.process_response(asked, HttpResponse())
    return (
        ("Content-Security-Policy", build_policy()),
        (PERMISSIONS, permissions(settings.PERMISSIONS_POLICY)),
        ("X-Frame-Options", settings.X_FRAME_OPTIONS),
        *(each for each in answer.items() if each[0] != "Content-Type"),
    )
