"""`form-action` of the sign-in pages: a browser applies it to the redirects that follow a form.

Who signs in with a form is sent on to the client's address. That origin, and only that, is allowed
for this browser, for an hour: it comes from a registered redirect address, never from the request.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse

_KEY = "oidc_form_action"
_SECONDS = 60 * 60


def expect(request: HttpRequest, redirect_uri: str) -> None:
    """This visitor signs in now and goes to a registered `redirect_uri` then."""
    request.session[_KEY] = [_origin(redirect_uri), int(time.time()) + _SECONDS]


def allow(response: HttpResponse, redirect_uri: str) -> None:
    """Let the forms of this page (the consent page) end there."""
    _add(response, _origin(redirect_uri))


class FormActionMiddleware:
    """Adds what `expect` noted to the pages that this visitor sees on the way."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        # Only where the view has looked at the session already; asking here would cost a query.
        if request.session.accessed and (expected := request.session.get(_KEY)):
            origin, until = expected
            if until > time.time():
                _add(response, origin)
        return response


def _add(response: HttpResponse, origin: str) -> None:
    update = getattr(response, "_csp_update", None) or {}
    actions = [*update.get("form-action", []), origin]
    response._csp_update = {**update, "form-action": actions}  # type: ignore[attr-defined]


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
