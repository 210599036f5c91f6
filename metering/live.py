"""The right to listen to the changes of one workspace, for some minutes, as a signed text.

The page asks for it with its session; the `live` process knows neither sessions nor members, and
checks nothing but this signature.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from urllib.parse import urlencode

from django.conf import settings
from django.core import signing

SECONDS = 10 * 60
_SALT = "metering.live"


class NotAllowed(Exception):
    """The token is forged, broken or has ended."""


@dataclass(frozen=True)
class Pass:
    """Who may listen: pages of `origin` to the workspace `schema`, `until` a Unix time."""

    schema: str
    origin: str
    until: float


def token(schema: str, *, origin: str, now: float | None = None) -> str:
    """A token for pages of this origin ("https://acme.example"); ends after SECONDS."""
    until = int((now or time.time()) + SECONDS)
    return _signer().sign_object({"schema": schema, "origin": origin, "until": until})


def read(text: str, *, now: float | None = None) -> Pass:
    """What a token allows. Raises NotAllowed."""
    try:
        found = Pass(**_signer().unsign_object(text))
    except (signing.BadSignature, TypeError, ValueError) as error:
        raise NotAllowed("This token is not ours.") from error
    if found.until <= (now or time.time()):
        raise NotAllowed("This token has ended.")
    return found


def address(schema: str, *, origin: str) -> str:
    """Where a page of this origin listens for the next minutes; "" without a live process."""
    if not settings.LIVE_URL:
        return ""
    query = urlencode({"token": token(schema, origin=origin)})
    return f"{settings.LIVE_URL}/live/usage?{query}"


def _signer() -> signing.Signer:
    return signing.Signer(
        key=settings.SECRET_KEY, salt=_SALT, fallback_keys=[*settings.SECRET_KEY_FALLBACKS]
    )
