"""Gives a browser an anonymous id and tells static pages whether somebody is signed in."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.http import HttpResponse
from django.utils.cache import patch_cache_control
from uuid_utils.compat import uuid7

from identity import cookies
from identity.requests import VisitorRequest
from identity.visits import consent, number

_READS = frozenset({"GET", "HEAD", "OPTIONS"})


class VisitorMiddleware:
    """Sets `request.anonymous_id` (UUID; None where the browser asks not to be followed, before
    consent where that is asked for, and where a browser without one reads the site)."""

    def __init__(self, get_response: Callable[[VisitorRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: VisitorRequest) -> HttpResponse:
        known, is_former = number.brought(request)
        may_have, may_get = number.may_have(request), _may_get(request)
        request.anonymous_id = (known or (uuid7() if may_get else None)) if may_have else None
        response = self.get_response(request)
        if number.is_refused(request) or getattr(request, "is_bare_host", False):
            return response
        is_new = known is None or is_former
        if known and getattr(request, "number_ends", False):  # identity.visits.ending
            consent.take_number_back(request, response)
        elif is_new and may_get and request.anonymous_id and _is_page(request, response):
            number.give(request, response, request.anonymous_id)
            # The page may be anybody's, the cookie is not: no shared cache may keep this answer.
            if "private" not in response.headers.get("Cache-Control", ""):
                patch_cache_control(response, private=True)
        self._mark_sign_in(request, response)
        return response

    def _mark_sign_in(self, request: VisitorRequest, response: HttpResponse) -> None:
        """The site's pages are static files: a readable cookie lets them say "Open workspace"."""
        # Only where the view looked at the session already; asking here would cost a query.
        if not getattr(request, "session", None) or not request.session.accessed:
            return
        name = settings.SIGNED_IN_COOKIE_NAME
        marked = name in request.COOKIES
        signed_in = request.user.is_authenticated
        if signed_in and not marked:
            number.set_cookie(request, response, name, "1", http_only=False)
        elif marked and not signed_in:
            response.delete_cookie(name, domain=settings.SESSION_COOKIE_DOMAIN)


def _may_get(request: VisitorRequest) -> bool:
    """Reading the site brings no cookie (identity.visits.number says what does)."""
    return request.method not in _READS or cookies.host_of(request) != settings.SITE_DOMAIN


def _is_page(request: VisitorRequest, response: HttpResponse) -> bool:
    if response.status_code == HTTPStatus.NOT_MODIFIED:  # it does not say what it stands for
        return "text/html" in request.META.get("HTTP_ACCEPT", "")
    return response.get("Content-Type", "").startswith("text/html")
