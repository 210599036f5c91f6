"""Gives every visit an anonymous id and tells static pages whether somebody is signed in."""

from __future__ import annotations

from collections.abc import Callable, Container
from functools import lru_cache
from http import HTTPStatus
from http.cookies import Morsel
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from django.utils.cache import patch_cache_control
from uuid_utils.compat import uuid7

from identity import cookies
from identity.requests import VisitorRequest
from identity.visits import consent

ONE_YEAR = 60 * 60 * 24 * 365


class VisitorMiddleware:
    """Sets `request.anonymous_id` (UUID; None where the browser asks not to be followed, and before
    consent where that is asked for)."""

    def __init__(self, get_response: Callable[[VisitorRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: VisitorRequest) -> HttpResponse:
        said = request.META  # request.headers would read every header first
        sent = request.COOKIES if "HTTP_COOKIE" in said else {}
        name, known, is_former = settings.VISITOR_COOKIE_NAME, None, False
        if sent:
            value, is_former = cookies.value_of(request, name)
            known = _parse(value)
        wants_privacy = said.get("HTTP_SEC_GPC") == "1" or said.get("HTTP_DNT") == "1"
        may_know = not wants_privacy and consent.is_given(sent)
        request.anonymous_id = (known or uuid7()) if may_know else None
        response = self.get_response(request)
        if wants_privacy or getattr(request, "is_bare_host", False):
            return response
        if (known is None or is_former) and may_know and _is_page(request, response):
            _set(request, response, name, str(request.anonymous_id), http_only=True)
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
            _set(request, response, name, "1", http_only=False)
        elif marked and not signed_in:
            response.delete_cookie(name, domain=settings.SESSION_COOKIE_DOMAIN)


def _is_page(request: VisitorRequest, response: HttpResponse) -> bool:
    if response.status_code == HTTPStatus.NOT_MODIFIED:  # it does not say what it stands for
        return "text/html" in request.META.get("HTTP_ACCEPT", "")
    return response.get("Content-Type", "").startswith("text/html")


def _parse(value: str | None) -> UUID | None:
    try:
        return UUID(value) if value else None
    except ValueError:
        return None


def _set(
    request: VisitorRequest, response: HttpResponse, name: str, value: str, *, http_only: bool
) -> None:
    """As HttpResponse.set_cookie does, without its `expires`: a fraction of the time."""
    secure = bool(settings.SESSION_COOKIE_SECURE)
    prepared = _prepared(name, cookies.domain_for(request), secure, http_only)
    dict.__setitem__(response.cookies, name, prepared.with_value(value))


class _Prepared(Morsel[str]):
    """A cookie all of whose attributes are in words already; what copies have is their value."""

    _attributes: str | None = None  # None: they were changed, and are put into words once more

    def with_value(self, value: str) -> _Prepared:
        """`value` is an id or a digit: nothing to quote."""
        made = _Prepared.__new__(_Prepared)
        dict.update(made, self)
        made.__dict__ = {**self.__dict__, "_value": value, "_coded_value": value}
        return made

    def __setitem__(self, key: str, value: Any) -> None:
        self._attributes = None
        super().__setitem__(key, value)

    def update(self, values: Any) -> None:  # type: ignore[override]  # as Morsel's
        self._attributes = None
        super().update(values)

    def OutputString(self, attrs: Container[str] | None = None) -> str:
        if attrs is None and self._attributes is not None:
            return f"{self.key}={self.coded_value}{self._attributes}"
        return super().OutputString(attrs)

    def settle(self) -> None:
        """Put the attributes into words."""
        self._attributes = super().OutputString().removeprefix(f"{self.key}={self.coded_value}")


@lru_cache(maxsize=64)
def _prepared(name: str, domain: str, secure: bool, http_only: bool) -> _Prepared:
    """A cookie with all but its value."""
    cookie = _Prepared()
    cookie.set(name, "", "")
    cookie["max-age"] = ONE_YEAR
    cookie["path"] = "/"
    cookie["domain"] = domain
    cookie["secure"] = secure
    cookie["httponly"] = http_only
    cookie["samesite"] = "Lax"
    cookie.settle()
    return cookie
