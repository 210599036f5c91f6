"""Signatures of Standard Webhooks 1.0 (github.com/standard-webhooks/standard-webhooks, "Signature scheme").

A secret is "whsec_" and 24 to 64 random bytes in base64. What is signed is `id.timestamp.body`, with
HMAC-SHA256; a header carries one signature for each secret that is valid.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime

PREFIX = "whsec_"
_BYTES = 32


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(_BYTES)).decode()


def headers(body: bytes, *, message_id: str, at: datetime, keys: Sequence[str]) -> dict[str, str]:
    """What a request carries beside its body. `at` is aware; seconds since 1970 in UTC are signed."""
    timestamp = str(int(at.timestamp()))
    signed = b".".join([message_id.encode(), timestamp.encode(), body])
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(_signature(signed, key) for key in keys),
    }


def _signature(signed: bytes, key: str) -> str:
    raw = base64.b64decode(key.removeprefix(PREFIX), validate=True)
    return "v1," + base64.b64encode(hmac.new(raw, signed, hashlib.sha256).digest()).decode()
