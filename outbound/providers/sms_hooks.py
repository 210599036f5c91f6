"""Where the provider of text messages calls. Each call is signed with the account's token
(https://www.twilio.com/docs/usage/security#validating-requests); without a provider nothing is here."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from functools import wraps

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from outbound.providers import sms_events

View = Callable[[HttpRequest], HttpResponse]


def signature(url: str, said: Mapping[str, str], *, token: str) -> str:
    """HMAC-SHA1 of the address and all that is posted, names in order, in base64."""
    signed = url + "".join(f"{name}{said[name]}" for name in sorted(said))
    return base64.b64encode(hmac.digest(token.encode(), signed.encode(), hashlib.sha1)).decode()


def _signed(view: View) -> View:
    @csrf_exempt
    @never_cache
    @require_POST
    @wraps(view)
    def only_signed(request: HttpRequest) -> HttpResponse:
        if not settings.SMS_PROVIDER or not settings.SMS_TOKEN:
            raise Http404
        url = f"{settings.SITE_URL}{request.get_full_path()}"
        said = {name: str(value) for name, value in request.POST.items()}
        wanted = signature(url, said, token=settings.SMS_TOKEN).encode()
        shown = request.headers.get("X-Twilio-Signature", "").encode()
        if not hmac.compare_digest(wanted, shown):
            return HttpResponse("This call is not signed.", status=403, content_type="text/plain")
        return view(request)

    return only_signed


@_signed
def status(request: HttpRequest) -> HttpResponse:
    """What became of a message."""
    said = request.POST
    sms_events.receipt(
        sid=said.get("MessageSid", "")[:200],
        status=said.get("MessageStatus", "")[:20],
        error=said.get("ErrorCode", "")[:20],
    )
    return HttpResponse(status=204)


@_signed
def inbound(request: HttpRequest) -> HttpResponse:
    """Somebody has written to our number. Nothing is answered: providers confirm STOP themselves."""
    sms_events.answered(
        sender=request.POST.get("From", ""), text=request.POST.get("Body", "")[:200]
    )
    return HttpResponse("<Response/>", content_type="text/xml")
