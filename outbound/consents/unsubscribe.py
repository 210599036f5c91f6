"""The link in a mail by which somebody says no, without signing in (RFC 8058).

Mailbox providers press the button with a POST that has no cookie and no token of ours: the signed
address is what speaks for it. Scanners follow links, so a GET shows a form and changes nothing. A link
is good for ever, and as often as one likes: what it says is not a secret that could be used up.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.conf import settings
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from outbound import recipients, topics
from outbound.consents import consent
from outbound.models import Message
from outbound.topics import Topic

_SALT = "outbound.unsubscribe"
_RECIPIENT = re.compile(r"person:[0-9a-f-]{36}|address:[0-9a-f]{64}")


@dataclass(frozen=True)
class Link:
    """Who says no, and to what."""

    recipient: str
    topic: Topic


def url_for(message: Message) -> str:
    """The address of the page, on the site."""
    whom = recipients.subject(person_id=message.person_id, to=message.address)
    token = signing.Signer(salt=_SALT).sign(f"{whom}~{message.topic}")
    path = reverse("unsubscribe", args=[token], urlconf=settings.PUBLIC_SCHEMA_URLCONF)
    return f"{settings.SITE_URL}{path}"


def read(token: str) -> Link:
    """What the link says. Raises BadSignature."""
    recipient, _, key = signing.Signer(salt=_SALT).unsign(token).partition("~")
    if not _RECIPIENT.fullmatch(recipient):
        raise signing.BadSignature
    return Link(recipient, topics.get(key))


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """A form; a POST says no to the topic, with `all` to everything that one may say no to."""
    try:
        link = read(token)
    except signing.BadSignature:
        raise Http404 from None
    context: dict[str, object] = {"label": link.topic.label or "messages like this one"}
    if request.method != "POST":
        return render(request, "outbound/unsubscribe.html", context)
    if "all" in request.POST:
        consent.withdraw_everything(link.recipient, source="unsubscribe page")
    else:
        one_click = request.POST.get("List-Unsubscribe") == "One-Click"
        source = "one-click unsubscribe" if one_click else "unsubscribe page"
        consent.change(link.recipient, topic=link.topic.key, given=False, source=source)
    context["is_all"] = "all" in request.POST
    return render(request, "outbound/unsubscribed.html", context)
