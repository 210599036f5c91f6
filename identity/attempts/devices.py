"""Browsers that have signed in before: each says so with a signed cookie that lives for a year.

It is no sign-in. It only keeps a person apart from strangers who try the same address: the wrong
passwords of others do not lock out a device that is known here.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

from identity.addresses import of_typed

COOKIE = "plg_device"
_SALT = "identity.devices"
_ONE_YEAR = 365 * 24 * 3600  # seconds
_ACCOUNTS = 5  # that one browser is known to; the oldest goes


@dataclass(frozen=True)
class Device:
    """A browser and the accounts (`mark`) that have signed in with it."""

    name: str
    marks: tuple[str, ...]

    @property
    def account(self) -> str:
        """The one that signed in here last, as a key of a bucket."""
        return self.marks[-1] if self.marks else self.name

    def knows(self, email: str) -> bool:
        """Whether somebody has signed in here with this mail address."""
        return mark(email) in self.marks


def new_name() -> str:
    """For a browser that has none yet."""
    return secrets.token_urlsafe(12)


def mark(email: str) -> str:
    """A mail address as it stands in cookies and in keys of buckets: nobody reads it back."""
    return salted_hmac(_SALT, of_typed(email) or email, algorithm="sha256").hexdigest()[:24]


def of(request: HttpRequest) -> Device | None:
    """The device that sent this request, if its cookie is one of ours."""
    said = request.COOKIES.get(COOKIE, "")
    if not said:
        return None
    try:
        name, *marks = signing.loads(said, salt=_SALT, max_age=_ONE_YEAR)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return Device(str(name), tuple(map(str, marks)))


def remember(request: HttpRequest, response: HttpResponse, *, email: str) -> None:
    """This browser has signed in with that address."""
    known = of(request)
    name = known.name if known else new_name()
    others = [each for each in (known.marks if known else ()) if each != mark(email)]
    value = signing.dumps([name, *others[1 - _ACCOUNTS :], mark(email)], salt=_SALT)
    response.set_cookie(
        COOKIE,
        value,
        max_age=_ONE_YEAR,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def on_sign_in(request: HttpRequest, user: Any, **kwargs: Any) -> None:
    """Receiver of allauth's `user_logged_in`, which has the answer on its way to the browser.

    A sign-up signs in as well, and proves nothing: whoever signs up with somebody's address is no
    device of theirs.
    """
    response = kwargs.get("response")
    # A sign-up leaves no such record: it costs no query here.
    if response is None or not get_authentication_records(request, user):
        return
    if user.has_verified_email:
        remember(request, response, email=user.email)
