"""Where the mail provider calls: anymail's view of the one provider that is used, and of no other.

Who calls shows the shared secret (ANYMAIL_WEBHOOK_SECRET, as user and password) or signs, as the
provider does; anymail checks it, and refuses with 400. Without a provider, or a secret, nothing is here.
"""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import Resolver404, resolve
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt


@csrf_exempt
@never_cache
def tracking(request: HttpRequest) -> HttpResponseBase:
    """What happened to messages; POST, in the provider's own form."""
    provider = settings.MAIL_PROVIDER
    if not provider or not settings.ANYMAIL.get("WEBHOOK_SECRET"):
        raise Http404
    try:
        match = resolve(f"/{provider}/tracking/", urlconf="anymail.urls")
    except Resolver404:
        raise Http404 from None
    response: HttpResponseBase = match.func(request, *match.args, **match.kwargs)
    return response
