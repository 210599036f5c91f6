"""The secrets of an endpoint: sealed in its row, two of them for a day after a new one is made."""

from __future__ import annotations

from datetime import datetime, timedelta

from identity import sealing
from outbound.models import WebhookEndpoint
from outbound.webhooks import signing

OVERLAP = timedelta(hours=24)
_ABOUT = "outbound.webhook"


def sealed_new() -> tuple[str, str]:
    """A new secret, and the same sealed."""
    secret = signing.new_secret()
    return secret, sealing.seal(secret, about=_ABOUT)


def current(endpoint: WebhookEndpoint) -> str:
    """Raises sealing.NotOpened where SECRET_KEY has changed since."""
    return sealing.open_sealed(endpoint.sealed_secret, about=_ABOUT)


def valid(endpoint: WebhookEndpoint, *, now: datetime) -> list[str]:
    """Those that sign now, the newest first. Raises sealing.NotOpened."""
    found = [current(endpoint)]
    if endpoint.signs_twice(now=now):
        found.append(sealing.open_sealed(endpoint.sealed_former, about=_ABOUT))
    return found
