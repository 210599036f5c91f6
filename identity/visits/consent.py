"""Whether a browser may get the number that tells one visit from two.

Where COOKIE_CONSENT_REQUIRED is set, only a yes counts; elsewhere only a no does. The choice itself
is a cookie that says nothing else. A banner asks (static/js/site.js); `/cookies/` changes it, also
without JavaScript.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from identity import cookies

CONSENT_COOKIE = "plg_consent"
KEPT_SECONDS = 60 * 60 * 24 * 180  # then it is asked once more


def is_given(sent: Mapping[str, str]) -> bool:
    """Whether these cookies of a browser allow an anonymous id."""
    said = sent.get(CONSENT_COOKIE)
    return said == "yes" if settings.COOKIE_CONSENT_REQUIRED else said != "no"


def take_number_back(request: HttpRequest, response: HttpResponse) -> None:
    """Let the answer remove the number that the browser has, if any, under its names."""
    name = settings.VISITOR_COOKIE_NAME
    for each in {name, settings.FORMER_COOKIE_NAMES.get(name, name)} & request.COOKIES.keys():
        response.delete_cookie(each, domain=cookies.domain_for(request) or None)
