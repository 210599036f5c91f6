"""How many wrong passwords there may be, without anybody being able to lock a chosen person out.

Wrong tries are counted for the account and the client's address together, and in a larger bucket for
the account alone. A device that has signed in to it before (`identity.attempts.devices`) has a bucket of its
own, and the others do not count for it. An address alone never refuses: it only asks for a proof of
work, since a whole office, or a country's telephones, may stand behind it.

Whoever is refused here signs in with a mailed code all the same.
"""

from __future__ import annotations

import math

from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from events import limits
from events.limits import address_key
from identity.attempts import devices, proof_of_work
from identity.models import User

REFUSED = "too_many_login_attempts"
_A_DAY = 24 * 3600  # seconds; longer than any of the buckets needs to fill up


def check(request: HttpRequest, *, email: str) -> None:
    """Look whether one more password may be tried. Raises ValidationError."""
    _check_account(request, email)
    address = _address_bucket(request, email)
    if address and limits.look(*address).over and not proof_of_work.is_in(request):
        raise ValidationError(
            "Many wrong passwords came from your network. Your browser has to do a small sum first; "
            "then sign in once more. Without JavaScript, let us mail you a code.",
            code=proof_of_work.ASKED,
        )


def is_password_of(request: HttpRequest, user: User, password: str) -> bool:
    """Whether this is the password of who is signed in; a wrong one counts as at the sign-in.

    Raises ValidationError where there were too many. It is the user's own that is asked for: another
    sign-up may say that it has the same address.
    """
    _check_account(request, user.email)
    if user.check_password(password):
        return True
    failed(request, email=user.email)
    return False


def failed(request: HttpRequest, *, email: str) -> None:
    """A wrong password was given."""
    for rate, key in _buckets(request, email):
        limits.take(rate, key)
    if address := _address_bucket(request, email):
        limits.take(*address)


def forget(email: str) -> None:
    """The password is a new one: what was tried before does not count for it."""
    cache.set(_epoch_key(email), _epoch(email) + 1, _A_DAY)


def _check_account(request: HttpRequest, email: str) -> None:
    for rate, key in _buckets(request, email):
        bucket = limits.look(rate, key)
        if bucket.over:
            minutes = max(1, math.ceil(bucket.retry_after / 60))
            raise ValidationError(
                f"Too many wrong passwords for this address. Let us mail you a code instead, or try "
                f"again in {minutes} minute{'s' if minutes > 1 else ''}.",
                code=REFUSED,
            )


def _buckets(request: HttpRequest, email: str) -> list[tuple[str, str]]:
    """Rates and keys that decide about this try; for a known device, its own alone."""
    account = f"{devices.mark(email)}:{_epoch(email)}"
    device = devices.of(request)
    if device and device.knows(email):
        return [(settings.SIGN_IN_TRIES, f"password:{account}:device:{device.name}")]
    buckets = [(settings.SIGN_IN_TRIES_PER_ACCOUNT, f"password:{account}")]
    if address := address_key(request.META):
        buckets.insert(0, (settings.SIGN_IN_TRIES, f"password:{account}:{address}"))
    return buckets


def _address_bucket(request: HttpRequest, email: str) -> tuple[str, str] | None:
    device = devices.of(request)
    address = address_key(request.META)
    if address is None or (device and device.knows(email)):
        return None
    return settings.SIGN_IN_TRIES_PER_ADDRESS, f"password-from:{address}"


def _epoch(email: str) -> int:
    return int(cache.get(_epoch_key(email), 0))


def _epoch_key(email: str) -> str:
    return f"password-epoch:{devices.mark(email)}"
