"""What we remember of an authorization code beside allauth: that it was used, and where it came from.

Both live in the cache for as long as a code does. Only a hash of the code is the key.
"""

from __future__ import annotations

import hashlib

from django.core.cache import cache

_SECONDS = 5 * 60  # a code itself ends after one minute


def spend(code: str) -> bool:
    """Whether this is the code's first use, decided in one step: allauth looks first, deletes later."""
    return bool(code) and bool(cache.add(_key("spent", code), 1, _SECONDS))


def remember_sign_in(code: str, sid: str) -> None:
    """This code was given to the site's sign-in `sid`."""
    cache.set(_key("sid", code), sid, _SECONDS)


def sign_in_behind(code: str) -> str:
    """The site's sign-in that got the code; "" when that is not known."""
    return cache.get(_key("sid", code), "") if code else ""


def _key(what: str, code: str) -> str:
    return f"oidc-{what}:{hashlib.sha256(code.encode()).hexdigest()}"
