"""The number that tells one browser from another: who may have one, and the cookie that brings it.

On the site, what anybody may read brings no cookie, so that a cache in front may keep it. A number
comes with the answer to what a page's script tells (cms.public.visits), and to a form that was sent,
so that a sign-up without JavaScript has one, too. Workspaces, and domains of their own, bring it
with any page: those are nobody else's.
"""

from __future__ import annotations

from functools import lru_cache
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from identity import cookies
from identity.visits import consent
from identity.visits.prepared import PreparedCookie

ONE_YEAR = 60 * 60 * 24 * 365


def is_refused(request: HttpRequest) -> bool:
    """Whether the browser asks not to be followed (Global Privacy Control, or the older DNT)."""
    said = request.META  # request.headers would read every header first
    return said.get("HTTP_SEC_GPC") == "1" or said.get("HTTP_DNT") == "1"


def brought(request: HttpRequest) -> tuple[UUID | None, bool]:
    """The number that the browser has, and whether it came under the name of before."""
    if "HTTP_COOKIE" not in request.META:
        return None, False
    value, is_former = cookies.value_of(request, settings.VISITOR_COOKIE_NAME)
    return _parse(value), is_former


def may_have(request: HttpRequest) -> bool:
    """Whether this browser may be told from another."""
    sent = request.COOKIES if "HTTP_COOKIE" in request.META else {}
    return not is_refused(request) and consent.is_given(sent)


def of_visit(request: HttpRequest, response: HttpResponse, *, refused: bool) -> bool:
    """Whether a visit may have a number: then the answer brings it, and else it takes it back.

    `refused` is what the page knows: some browsers tell it the pages alone, in no header.
    """
    number = getattr(request, "anonymous_id", None)
    if refused or number is None:
        request.anonymous_id = None  # type: ignore[attr-defined]  # so the middleware gives none
        consent.take_number_back(request, response)
        return False
    known, is_former = brought(request)
    if known is None or is_former:
        give(request, response, number)
    return True


def give(request: HttpRequest, response: HttpResponse, number: UUID) -> None:
    """Let the answer bring it."""
    set_cookie(request, response, settings.VISITOR_COOKIE_NAME, str(number), http_only=True)


def set_cookie(
    request: HttpRequest, response: HttpResponse, name: str, value: str, *, http_only: bool
) -> None:
    """As HttpResponse.set_cookie does, without its `expires`: a fraction of the time."""
    secure = bool(settings.SESSION_COOKIE_SECURE)
    prepared = _prepared(name, cookies.domain_for(request), secure, http_only)
    dict.__setitem__(response.cookies, name, prepared.with_value(value))


@lru_cache(maxsize=64)
def _prepared(name: str, domain: str, secure: bool, http_only: bool) -> PreparedCookie:
    """A cookie with all but its value."""
    cookie = PreparedCookie()
    cookie.set(name, "", "")
    cookie["max-age"] = ONE_YEAR
    cookie["path"] = "/"
    cookie["domain"] = domain
    cookie["secure"] = secure
    cookie["httponly"] = http_only
    cookie["samesite"] = "Lax"
    cookie.settle()
    return cookie


def _parse(value: str | None) -> UUID | None:
    try:
        return UUID(value) if value else None
    except ValueError:
        return None
