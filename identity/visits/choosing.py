"""Where a browser's consent is given and taken back: on a page of its own, and in a banner over others.

The choice is a cookie; that it was made, where, and having read which words, is an event.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from uuid_utils.compat import uuid7

import events
from identity import cookies
from identity.event_types import CONSENT_CHANGED
from identity.visits import consent, number, whose

_ANSWERS = ("yes", "no")
PURPOSE = "measuring"
# What people have read when they answer: of the page, and of the banner over others. The templates say it.
PAGE_WORDS = gettext_lazy(
    "A random number that tells one visit from two. It goes to nobody else. If you open an account later,"
    " those visits belong to it."
)
BANNER_WORDS = gettext_lazy(
    "A random number in a cookie tells us one visit from two. It goes to nobody else."
)


@never_cache
@require_http_methods(["GET", "POST"])
def cookies_page(request: HttpRequest) -> HttpResponse:
    """Which cookies there are, and the choice about the one that is not necessary."""
    answer = request.POST.get("answer", "")
    if request.method == "POST" and answer in _ANSWERS:
        return _remember(request, answer)
    said = request.COOKIES.get(consent.CONSENT_COOKIE, "")
    context = {"said": said, "is_asked": settings.COOKIE_CONSENT_REQUIRED}
    return render(request, "site/cookies.html", context, status=200 if not answer else 422)


def _remember(request: HttpRequest, answer: str) -> HttpResponse:
    response = redirect("cookies")
    if answer == "yes" and not number.is_refused(request):
        request.anonymous_id = getattr(request, "anonymous_id", None) or uuid7()  # type: ignore[attr-defined]
    record(request, given=answer == "yes", where="/cookies/", words=PAGE_WORDS)
    domain = cookies.domain_for(request) or None
    response.set_cookie(
        consent.CONSENT_COOKIE,
        answer,
        max_age=consent.KEPT_SECONDS,
        domain=domain,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )
    if answer == "no":
        request.anonymous_id = None  # type: ignore[attr-defined]  # so the middleware gives none
        consent.take_number_back(request, response)
    return response


def of_banner(request: HttpRequest, message: Mapping[str, Any]) -> None:
    """A page's script tells of an answer to the banner: {"answer": "yes", "where": "/pricing/"}."""
    answer = message.get("answer")
    if answer in _ANSWERS:
        where = str(message.get("where", ""))[:200]
        record(request, given=answer == "yes", where=where, words=BANNER_WORDS)


def record(request: HttpRequest, *, given: bool, where: str, words: object) -> None:
    """Whose it is, is the number's that the browser has or is about to get, and of who is signed in."""
    mine = number.brought(request)[0] or getattr(request, "anonymous_id", None)
    asked = whose.asked(request)
    if mine or asked:
        said = {"purpose": PURPOSE, "given": given, "where": where, "words": str(words)}
        events.record(CONSENT_CHANGED.name, anonymous_id=mine, context=asked, properties=said)
