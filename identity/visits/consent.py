"""Whether a browser may get the number that tells one visit from two.

Where COOKIE_CONSENT_REQUIRED is set, only a yes counts; elsewhere only a no does. The choice itself
is a cookie that says nothing else. A banner asks (static/js/site.js); `/cookies/` changes it, also
without JavaScript.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from identity import cookies

CONSENT_COOKIE = "plg_consent"
KEPT_SECONDS = 60 * 60 * 24 * 180  # then it is asked once more
_ANSWERS = ("yes", "no")


def is_given(sent: Mapping[str, str]) -> bool:
    """Whether these cookies of a browser allow an anonymous id."""
    said = sent.get(CONSENT_COOKIE)
    return said == "yes" if settings.COOKIE_CONSENT_REQUIRED else said != "no"


@never_cache
@require_http_methods(["GET", "POST"])
def cookies_page(request: HttpRequest) -> HttpResponse:
    """Which cookies there are, and the choice about the one that is not necessary."""
    answer = request.POST.get("answer", "")
    if request.method == "POST" and answer in _ANSWERS:
        return _remember(request, answer)
    said = request.COOKIES.get(CONSENT_COOKIE, "")
    context = {"said": said, "is_asked": settings.COOKIE_CONSENT_REQUIRED}
    return render(request, "site/cookies.html", context, status=200 if not answer else 422)


def _remember(request: HttpRequest, answer: str) -> HttpResponse:
    response = redirect("cookies")
    domain = cookies.domain_for(request) or None
    response.set_cookie(
        CONSENT_COOKIE,
        answer,
        max_age=KEPT_SECONDS,
        domain=domain,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )
    if answer == "no":
        request.anonymous_id = None  # type: ignore[attr-defined]  # so the middleware gives none
        take_number_back(request, response)
    return response


def take_number_back(request: HttpRequest, response: HttpResponse) -> None:
    """Let the answer remove the number that the browser has, if any, under its names."""
    name = settings.VISITOR_COOKIE_NAME
    for each in {name, settings.FORMER_COOKIE_NAMES.get(name, name)} & request.COOKIES.keys():
        response.delete_cookie(each, domain=cookies.domain_for(request) or None)
