"""The codes of short links: made at random, or chosen by a person."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Iterator
from functools import cache

from django.conf import settings
from django.core.exceptions import ValidationError
from django.urls import URLPattern, URLResolver, get_resolver

from product.models import CODE_MAX_LENGTH

# Base58: no 0, O, I or l, so that a code can be read out and typed from a poster.
ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
LENGTH = 7  # 58^7: 2.2 million million codes in each workspace
SHORTEST = 3
# Full stops, slashes, brackets, quotes, spaces: whatever else a code cannot hold.
AFTER_A_CODE = r"[^A-Za-z0-9_%-]{1,8}"
_CODE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?")

# What a browser or a later page may ask for, beside the pages that exist.
_ALWAYS_RESERVED = frozenset(
    """
    about account admin app apps assets auth cms dashboard docs download exports favicon go healthz
    help home import invitations invite journeys live livez login logout media new oauth oidc openapi
    readyz reports search signup static stripe support webhooks well-known workspaces
    """.split()  # noqa: SIM905 - a list of words reads best as words
)


def random_code() -> str:
    """A fresh code. That it is free is decided by the unique constraint."""
    while True:
        code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
        if not is_reserved(code):
            return code


def validate_code(code: str) -> None:
    """Raise ValidationError with words when `code` cannot be a person's choice."""
    if not SHORTEST <= len(code) <= CODE_MAX_LENGTH:
        raise ValidationError(f"Use {SHORTEST} to {CODE_MAX_LENGTH} characters.", code="length")
    if not _CODE.fullmatch(code):
        raise ValidationError(
            "Use letters, digits, hyphens and underscores; begin and end with a letter or digit.",
            code="characters",
        )
    if is_reserved(code):
        raise ValidationError(
            f"“{code}” is the address of a page. Please choose another.", code="reserved"
        )


def is_reserved(code: str) -> bool:
    """Whether a page of the workspace has (or may one day have) this address."""
    return code.lower() in _reserved()


@cache
def _reserved() -> frozenset[str]:
    routes = _routes(get_resolver(settings.ROOT_URLCONF).url_patterns)
    return _ALWAYS_RESERVED | {route.split("/")[0].lower() for route in routes}


def _routes(patterns: Iterable[URLPattern | URLResolver], prefix: str = "") -> Iterator[str]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if "/" not in route and isinstance(pattern, URLResolver):
            yield from _routes(pattern.url_patterns, route)
        elif "<" not in route.split("/")[0]:
            yield route
