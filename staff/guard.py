"""In front of the pages of staff and editors: who may be there has shown a second factor today.

By the address, so that a new page is behind it without a word. Visitors and people without rights pass
through: the pages themselves send the former to sign in, and show nothing to the latter.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from identity import security
from identity.models import User
from identity.requests import UserRequest

GUARDED = ("/cms/", "/staff/")
# Nobody loses what they have typed because their day was long: what is sent may be so much later.
_SENT_LATER = 4 * 60 * 60  # seconds


class SecondFactorMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        if getattr(request, "tenant", None) is not None or not request.path_info.startswith(
            GUARDED
        ):
            return None
        if not security.needs_second_factor(request.user):
            return None
        return _answer(request)  # type: ignore[arg-type]  # they are signed in


def _answer(request: UserRequest) -> HttpResponse | None:
    is_page = request.method in {"GET", "HEAD"}
    within = settings.STAFF_SIGN_IN_SECONDS + (0 if is_page else _SENT_LATER)
    has_one = security.has_second_factor(request.user)
    if has_one and security.second_factor_was_shown(request, within=within):
        return None
    there = f"{_asks_at(request.user, has_one)}?{urlencode({'next': request.get_full_path()})}"
    if request.headers.get("HX-Request"):
        return HttpResponse(status=401, headers={"HX-Redirect": there})
    if is_page and request.headers.get("X-Requested-With") != "XMLHttpRequest":
        return HttpResponseRedirect(there)
    back = f"{_asks_at(request.user, has_one)}?{urlencode({'next': '/cms/'})}"
    return render(request, "identity/account/second_factor_sent.html", {"there": back}, status=403)


def _asks_at(user: User, has_one: bool) -> str:
    if not has_one:
        return reverse("identity_account:second_factor_needed")
    return str(get_adapter().get_reauthentication_methods(user)[0]["url"])
