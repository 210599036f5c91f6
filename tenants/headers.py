"""Security headers of answers that Django's middleware does not see, and `Permissions-Policy`.

Every answer carries the same ones: pages, errors, unknown hosts, and what is answered early.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

from csp.utils import build_policy
from django.conf import settings
from django.http import HttpRequest, HttpResponse

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


def harden(response: HttpResponse) -> HttpResponse:
    """For an answer that went past the middleware: the headers that it would have got there."""
    for name, value in _headers().items():
        response.headers.setdefault(name, value)
    return response


@lru_cache(maxsize=1)
def _headers() -> dict[str, str]:
    """Those that are the same for every answer; worked out once, because a click pays for it."""
    return {
        "Content-Security-Policy": build_policy(),
        PERMISSIONS: permissions(settings.PERMISSIONS_POLICY),
        "X-Frame-Options": settings.X_FRAME_OPTIONS,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": settings.SECURE_REFERRER_POLICY,
        "Cross-Origin-Opener-Policy": settings.SECURE_CROSS_ORIGIN_OPENER_POLICY,
    }
