"""Whether somebody has shown lately that it is them: a sign-in, or the answer to "is it you?".

A view that changes how one signs in, or what cannot be taken back, says `@needs_recent_sign_in`. The
session remembers the moment; `identity.security.leading` knows the way to the question and back.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from allauth.account.signals import authentication_step_completed
from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from identity import cookies
from identity.security import leading

KEY = "signed_in_at"  # in the session: seconds since the epoch
Answer = TypeVar("Answer", bound=HttpResponseBase)


def mark(request: HttpRequest, *, at: float | None = None) -> None:
    """This session's person has shown just now (or `at`, seconds since the epoch) that it is them."""
    request.session[KEY] = time.time() if at is None else at


def when(request: HttpRequest) -> float | None:
    """The last moment at which they did; None where this session does not know one."""
    at = request.session.get(KEY)
    return float(at) if isinstance(at, int | float) else None


def is_recent(request: HttpRequest, *, within: float | None = None) -> bool:
    """Whether that was `within` seconds (default: ACCOUNT_REAUTHENTICATION_TIMEOUT)."""
    at = when(request)
    span = settings.ACCOUNT_REAUTHENTICATION_TIMEOUT if within is None else within
    return request.user.is_authenticated and at is not None and 0 <= time.time() - at < span


def can_be_asked(user: Any) -> bool:
    """Whether there is anything that this person could show: a password, a mailbox, a second factor."""
    return bool(get_reauthentication_flows(user))


def needs_recent_sign_in_where(
    it_matters: Callable[..., bool],
) -> Callable[[Callable[..., Answer]], Callable[..., Any]]:
    """Lead to the question first, and back to the page, when the last sign-in is too long ago and what
    is asked for matters so much; `it_matters` is given what the view is given.

    For signed-in people: it stands inside of what asks for a sign-in, a membership or a right. A test
    goes over all pages that take a form, and knows which of them ask (`tests.plg_site.test_forms_ask`).
    """

    def decorate(view: Callable[..., Answer]) -> Callable[..., Any]:
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not is_recent(request) and it_matters(request, *args, **kwargs):
                return leading.to_the_question(request)
            return view(request, *args, **kwargs)

        return checked

    return decorate


def needs_recent_sign_in(view: Callable[..., Answer]) -> Callable[..., Any]:
    """For a page that is never without it."""
    return needs_recent_sign_in_where(lambda *_, **__: True)(view)


def needs_recent_sign_in_to_send(view: Callable[..., Answer]) -> Callable[..., Any]:
    """For a page that everybody who may can read, and whose form is asked about."""
    return needs_recent_sign_in_where(lambda request, *_, **__: request.method == "POST")(view)


@receiver(user_logged_in)
def note_sign_in(request: HttpRequest | None, **_: Any) -> None:
    """However they signed in. Not on a domain of a workspace's own: the site vouches for them there,
    and may have known them for weeks."""
    if request is not None and not cookies.foreign_host(request):
        mark(request)


@receiver(authentication_step_completed)
def note_answer(request: HttpRequest, reauthenticated: bool = False, **_: Any) -> None:
    if reauthenticated:
        mark(request)
