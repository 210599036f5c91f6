"""A wider content security policy for the editors' pages, and redirects on the site's host only."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponsePermanentRedirect,
    HttpResponseRedirect,
)

from cms.public import redirects

PREFIX = "/cms/"

# Wagtail 8 starts its date widgets and inline panels by inline scripts, and its editor sets styles.
# Uploads are previewed from blob: addresses; a video that an editor embeds comes from its host.
POLICY = "; ".join(
    [
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "frame-src 'self' https:",
        "object-src 'none'",
        "base-uri 'self'",
        "frame-ancestors 'self'",
    ]
)


class EditorPolicyMiddleware:
    """Stands after (inside) CSPMiddleware, which leaves /cms/ out."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path_info.startswith(PREFIX):
            response.headers.setdefault("Content-Security-Policy", POLICY)
        return response


class SiteRedirectMiddleware:
    """Editors' redirects are the website's: an unknown address of a workspace asks nobody."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        is_elsewhere = getattr(request, "tenant", None) is not None
        if response.status_code != HTTPStatus.NOT_FOUND or is_elsewhere:
            return response
        found = redirects.find(request)
        if found is None:
            return response
        target, for_good = found
        return (HttpResponsePermanentRedirect if for_good else HttpResponseRedirect)(target)
