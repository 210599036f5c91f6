"""Which hosts a cookie may reach: ours share them, a domain of a workspace's own keeps its own."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse


def is_ours(host: str) -> bool:
    """Whether this host (no port, small letters) receives the cookies of the site."""
    return host == settings.SITE_DOMAIN or host.endswith(f".{settings.SITE_DOMAIN}")


def host_of(request: HttpRequest) -> str:
    """The host that the browser asked for: no port, no final dot, small letters."""
    host: str = request.META.get("HTTP_HOST", "")
    return host.rsplit(":", 1)[0].lower().rstrip(".")


def foreign_host(request: HttpRequest) -> str:
    """The request's host where it is not one of ours; "" on the site and below it."""
    host = host_of(request)
    return "" if not host or is_ours(host) else host


def domain_for(request: HttpRequest) -> str:
    """The `Domain` of a cookie that answers this request; "" keeps it to the host."""
    return "" if foreign_host(request) else settings.SESSION_COOKIE_DOMAIN


def value_of(request: HttpRequest, name: str) -> tuple[str | None, bool]:
    """A cookie, and whether it came under the name that it had before."""
    found = request.COOKIES.get(name)
    former = settings.FORMER_COOKIE_NAMES.get(name, name)
    if found is None and former != name:
        found = request.COOKIES.get(former)
        return found, found is not None
    return found, False


class HostOnlyCookiesMiddleware:
    """On a domain of a workspace's own, every cookie stays with the host.

    Django names one cookie domain for all hosts; a browser would drop such a cookie elsewhere.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.cookies and foreign_host(request):
            for cookie in response.cookies.values():
                cookie["domain"] = ""
        return response
