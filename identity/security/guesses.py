"""How many wrong codes there may be where a password was right already, or a session is open.

A code of an authenticator app has six digits, and three of them fit at any moment: without a limit it
is found in a day. A try is taken before it is looked at, so many at once are no more than one after
the other, and the wait grows: a minute after five, some after ten, an hour after twenty. A device that
has signed in before (`identity.attempts.devices`) has tries of its own. The owner is told of the fifth
wrong code of a day. Passkeys are not counted: nobody guesses a signature, and so they always are a way in.
"""

from __future__ import annotations

import math
import secrets

from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from events import limits
from events.limits import address_key
from identity.attempts import devices
from identity.models import User
from identity.security import letters

SECOND_FACTOR, MAILED = "second-factor", "mailed"  # what is guessed at
RATES = (limits.Rate(5, 5 * 60), limits.parse("10/h"), limits.parse("20/d"))  # of each client
OF_ALL = limits.parse("60/d")  # clients that are not known
_QUIET, _LETTERS = "4/d", "1/d"  # wrong codes that the owner does not hear of; mails about more
_A_DAY = 24 * 3600  # seconds; no bucket of a client needs longer to fill up


def take(request: HttpRequest, user: User, *, kind: str) -> None:
    """One more try. Raises ValidationError."""
    for rate, key in _buckets(request, user, kind):
        taken = limits.take(rate, key)
        if taken.over:
            minutes = max(1, math.ceil(taken.retry_after / 60))
            raise ValidationError(
                f"Too many wrong codes. Try again in {minutes} minute{'s' if minutes > 1 else ''}"
                f"{', or use a passkey' if kind == SECOND_FACTOR else ''}.",
                code="too_many_codes",
            )


def wrong(user: User, *, kind: str) -> None:
    """It did not fit."""
    key = f"{kind}:wrong:{user.pk}"
    if limits.take(_QUIET, key).over and not limits.take(_LETTERS, f"{key}:told").over:
        letters.wrong_codes(user)


def right(request: HttpRequest, user: User, *, kind: str) -> None:
    """It did: this client's tries begin anew."""
    if client := _client(request, user, kind):
        cache.set(_epoch_key(client), secrets.token_hex(4), _A_DAY)


def _buckets(request: HttpRequest, user: User, kind: str) -> list[tuple[limits.Rate, str]]:
    client = _client(request, user, kind)
    buckets: list[tuple[limits.Rate, str]] = []
    if client:
        epoch = cache.get(_epoch_key(client), "")
        buckets = [(rate, f"{client}:{epoch}:{rate.seconds}") for rate in RATES]
    if not _is_known(request, user):
        buckets.append((OF_ALL, f"{kind}:{user.pk}"))
    return buckets


def _client(request: HttpRequest, user: User, kind: str) -> str:
    """The device or the address, "" where neither is known."""
    device = devices.of(request)
    if device and _is_known(request, user):
        return f"{kind}:{user.pk}:device:{device.name}"
    address = address_key(request.META)
    return f"{kind}:{user.pk}:{address}" if address else ""


def _is_known(request: HttpRequest, user: User) -> bool:
    device = devices.of(request)
    return bool(device and device.knows(user.email))


def _epoch_key(client: str) -> str:
    return f"guesses-epoch:{client}"
