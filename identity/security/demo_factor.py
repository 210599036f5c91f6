"""The second factor of the demo's staff: a secret that everybody knows, so that anybody can try it.

The database holds a word instead of it, and the word opens nothing but on a development stack: a
database of the demo that is put behind a real address lets nobody in by it.
"""

from __future__ import annotations

import time

from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.conf import settings
from django.core.cache import cache

from identity.models import User

SECRET = "SIGNPOSTDEMOSECRETFORCODES234567"  # noqa: S105 - printed at every start of the demo
STORED_AS = "demo"


def is_allowed() -> bool:
    """Whether this is a development stack."""
    return bool(settings.DEMO_SECOND_FACTOR)


def give(user: User) -> None:
    """Let `user` answer with the demo's codes, unless they have an authenticator app."""
    Authenticator.objects.get_or_create(
        user=user, type=Authenticator.Type.TOTP, defaults={"data": {"secret": STORED_AS}}
    )


def is_of(user: User) -> bool:
    """Whether `user` has it (and it works here)."""
    rows = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP)
    return is_allowed() and any(row.data.get("secret") == STORED_AS for row in rows)


def next_code(user: User) -> str:
    """One that `user` has not used yet, as far as there is one at this moment."""
    row = Authenticator.objects.get(user=user, type=Authenticator.Type.TOTP)
    used = TOTP(row)._get_used_cache_key
    fresh = (code for code in codes() if cache.get(used(code)) is None)
    return next(fresh, codes()[0])


def codes(*, now: float | None = None) -> list[str]:
    """Those that are accepted now, each once: the present one first, then its neighbours."""
    counter = int((time.time() if now is None else now) // app_settings.TOTP_PERIOD)
    near = sorted(
        range(-app_settings.TOTP_TOLERANCE, app_settings.TOTP_TOLERANCE + 1),
        key=lambda i: (abs(i), -i),
    )
    return [format_hotp_value(hotp_value(SECRET, counter + each)) for each in near]
