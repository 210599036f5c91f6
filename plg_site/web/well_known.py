"""Addresses that browsers and researchers look for without being told (RFC 8615)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from tenants.hosts import open_to_visitors

_VALID_FOR = timedelta(days=180)  # RFC 9116, 2.5.5 recommends less than a year
_DAY = 24 * 60 * 60  # seconds


@open_to_visitors
@require_safe
@cache_control(public=True, max_age=_DAY)
def favicon(request: HttpRequest) -> HttpResponse:
    """For programs that do not read the page's own `<link rel="icon">`."""
    return HttpResponse(_drawing(), content_type="image/x-icon")


@lru_cache(maxsize=1)
def _drawing() -> bytes:
    return (settings.BASE_DIR / "static/img/favicon.ico").read_bytes()


@open_to_visitors
@require_safe
def security_txt(request: HttpRequest) -> HttpResponse:
    """Whom to tell about a hole (RFC 9116). Not found while nobody is named."""
    contacts = _contacts()
    if not contacts:
        raise Http404
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    lines = [
        *(f"Contact: {contact}" for contact in contacts),
        f"Expires: {midnight + _VALID_FOR:%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages: en",
        f"Canonical: {settings.SITE_URL}/.well-known/security.txt",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


def _contacts() -> list[str]:
    if settings.SECURITY_CONTACT:
        return [settings.SECURITY_CONTACT]
    by_mail = f"mailto:{settings.SUPPORT_EMAIL}" if settings.SUPPORT_EMAIL else ""
    return [contact for contact in (by_mail, settings.SUPPORT_URL) if contact]


@open_to_visitors
@require_safe
def to_the_site(request: HttpRequest) -> HttpResponse:
    """One file for all hosts, so that nobody reads an old one."""
    return HttpResponseRedirect(f"{settings.SITE_URL}{request.get_full_path()}")


@open_to_visitors
@require_safe
def change_password(request: HttpRequest) -> HttpResponse:
    """Where password managers send people (W3C, "A Well-Known URL for Changing Passwords")."""
    page = reverse("account_change_password", urlconf=settings.PUBLIC_SCHEMA_URLCONF)
    query = request.META.get("QUERY_STRING", "")
    return HttpResponseRedirect(f"{settings.SITE_URL}{page}{f'?{query}' if query else ''}")


site_urlpatterns = [
    path("favicon.ico", favicon, name="favicon"),
    path(".well-known/security.txt", security_txt, name="security_txt"),
    path(".well-known/change-password", change_password, name="change_password"),
]
workspace_urlpatterns = [
    path("favicon.ico", favicon, name="favicon"),
    path(".well-known/security.txt", to_the_site, name="security_txt"),
    path(".well-known/change-password", change_password, name="change_password"),
]
