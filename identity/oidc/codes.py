"""What we remember of an authorization code beside allauth: that it was given, to which sign-in of the
site, and not used yet. It lives in the cache as long as a code does, under a hash of the code.
"""

from __future__ import annotations

import hashlib

from django.core.cache import cache

_SECONDS = 2 * 60  # a code itself ends after one minute


def give(code: str, sid: str) -> None:
    """This code was given to the site's sign-in `sid`."""
    cache.set(_key(code), sid, _SECONDS)


def take(code: str) -> str | None:
    """The sign-in that the code was given to, once; None for a code that is unknown or was used.

    Deleting decides, in one step, which of two requests is the first. (allauth looks first and
    deletes later.) A code that nobody gave leaves nothing behind.
    """
    sid: str | None = cache.get(_key(code))
    return sid if sid is not None and cache.delete(_key(code)) else None


def _key(code: str) -> str:
    return f"oidc-code:{hashlib.sha256(code.encode()).hexdigest()}"
