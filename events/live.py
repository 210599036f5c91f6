"""The right to hear that something has changed, for some minutes, as a signed text.

A page asks for it with its session; the `live` process knows neither sessions nor members, and checks
nothing but this signature. On a channel nothing is said but that there is news.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from urllib.parse import urlencode

import structlog
from django.conf import settings
from django.core import signing

from events import conf
from events.redis import UNAVAILABLE, quick

log = structlog.get_logger()
SECONDS = 10 * 60
_REMEMBERED = 60  # seconds
_SALT = "events.live"


class NotAllowed(Exception):
    """The token is forged, broken or has ended."""


@dataclass(frozen=True)
class Pass:
    """Who may listen: pages of `origin` to this channel of Redis, `until` a Unix time."""

    channel: str
    origin: str
    until: float

    @property
    def since(self) -> float:
        """When the page got it (Unix time): what was said from then on is news to it."""
        return self.until - SECONDS


def channel(name: str) -> str:
    """A channel of this installation, for news that are not those of a workspace (`events.changes`)."""
    return f"{{{conf.stream()}}}:live:{name}"


def last_said(channel: str) -> str:
    """The key with the Unix time of the last news of this channel; there for a minute."""
    return f"{channel}:last"


def token(channel: str, *, origin: str, now: float | None = None) -> str:
    """A token for pages of this origin ("https://acme.example"); ends after SECONDS."""
    until = int((now or time.time()) + SECONDS)
    return _signer().sign_object({"channel": channel, "origin": origin, "until": until})


def read(text: str, *, now: float | None = None) -> Pass:
    """What a token allows. Raises NotAllowed."""
    try:
        found = Pass(**_signer().unsign_object(text))
    except (signing.BadSignature, TypeError, ValueError) as error:
        raise NotAllowed("This token is not ours.") from error
    if found.until <= (now or time.time()):
        raise NotAllowed("This token has ended.")
    return found


def address(what: str, channel: str, *, origin: str) -> str:
    """Where a page of this origin listens for news of `what` ("usage", "notifications") in the next
    minutes; "" without a live process."""
    if not settings.LIVE_URL:
        return ""
    query = urlencode({"token": token(channel, origin=origin)})
    return f"{settings.LIVE_URL}/live/{what}?{query}"


def announce(channel: str) -> None:
    """Say that there is news, and for a minute when that was: a page that is on its way to its reader
    hears it, too. Without Redis nothing is said, and none fails."""
    try:
        pipeline = quick(conf.redis_url()).pipeline(transaction=False)
        pipeline.set(last_said(channel), time.time(), ex=_REMEMBERED)
        pipeline.publish(channel, "")
        pipeline.execute()
    except UNAVAILABLE as error:
        log.warning("live_not_announced", error=str(error))


def _signer() -> signing.Signer:
    return signing.Signer(
        key=settings.SECRET_KEY, salt=_SALT, fallback_keys=[*settings.SECRET_KEY_FALLBACKS]
    )
