"""What we remember of an authorization code beside allauth: that it was given, to which sign-in of the
site, and not used yet. It lives in the cache as long as a code does, under a hash of the code.
"""

from __future__ import annotations

import hashlib
import time

from django.core.cache import cache

from identity.models import User

_SECONDS = 2 * 60  # a code itself ends after one minute


def give(code: str, sid: str, user: User) -> None:
    """This code was given to the site's sign-in `sid`, of this user."""
    cache.set(_key(code), (sid, str(user.pk), time.time()), _SECONDS)


def void(user: User) -> None:
    """The codes given to this user so far are good for nothing."""
    cache.set(_void_key(str(user.pk)), time.time(), _SECONDS)


def take(code: str) -> str | None:
    """The sign-in that the code was given to, once; None for a code that is unknown or was used.

    Deleting decides, in one step, which of two requests is the first. (allauth looks first and
    deletes later.) A code that nobody gave leaves nothing behind.
    """
    given = cache.get(_key(code))
    if given is None or not cache.delete(_key(code)):
        return None
    sid, user_id, at = given
    voided = cache.get(_void_key(user_id))
    return sid if voided is None or voided < at else None


def _void_key(user_id: str) -> str:
    return f"oidc-codes-void:{user_id}"


def _key(code: str) -> str:
    return f"oidc-code:{hashlib.sha256(code.encode()).hexdigest()}"
