"""What a TLS terminator asks before it gets a certificate for a name (Caddy's on-demand `ask`).

`GET /tls/ask/<TLS_ASK_TOKEN>/?domain=<name>`: 200 for a host that is served here, 404 for any other.
Without the token there is nothing at this address, and nothing either for what came through a proxy:
the terminator asks directly.
"""

from __future__ import annotations

import hmac
import time
from datetime import timedelta

from django.conf import settings
from django.core.cache import cache
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from tenants import hosts
from tenants.domains.models import CustomDomain

PREFIX = "/tls/ask/"
UNKNOWN_A_MINUTE = 600  # more, and only names that were served lately are looked up
_KNOWN = 24 * 3600  # seconds
_NOTED = timedelta(hours=1)
_THROUGH_A_PROXY = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_HOST", "HTTP_FORWARDED")


@require_safe
def ask(request: HttpRequest, token: str) -> HttpResponse:
    """Yes (200), no (404), or not now (429)."""
    expected = settings.TLS_ASK_TOKEN
    if not expected or not hmac.compare_digest(token.encode(), expected.encode()):
        raise Http404
    if any(name in request.META for name in _THROUGH_A_PROXY):
        raise Http404
    name = request.GET.get("domain", "").lower().rstrip(".")
    if name in {settings.SITE_DOMAIN, settings.FILES_DOMAIN, f"www.{settings.SITE_DOMAIN}"}:
        return HttpResponse("yes", content_type="text/plain")
    if not name or len(name) > 253 or not name.isascii():
        return _no()
    minute = f"tls-unknown:{int(time.time() // 60)}"
    if cache.get(minute, 0) >= UNKNOWN_A_MINUTE and not cache.get(f"tls-known:{name}"):
        return HttpResponse(status=429, headers={"Retry-After": "60"})
    if hosts.tenant_for(name) is None:
        cache.add(minute, 0, 120)
        cache.incr(minute)
        return _no()
    _note(name)
    return HttpResponse("yes", content_type="text/plain")


def _no() -> HttpResponse:
    return HttpResponse("no", status=404, content_type="text/plain")


def _note(name: str) -> None:
    """For the domain's page; one write an hour."""
    cache.set(f"tls-known:{name}", 1, _KNOWN)
    if name.endswith(f".{settings.APP_DOMAIN}") or not cache.add(f"tls-asked:{name}", 1, 3600):
        return
    now = timezone.now()
    old = Q(certificate_asked_at=None) | Q(certificate_asked_at__lt=now - _NOTED)
    CustomDomain.objects.filter(old, name=name).exclude(state="waiting").update(
        certificate_asked_at=now
    )
