"""The Stripe-Signature header: `t=<seconds>,v1=<HMAC-SHA256 of "t.payload">`."""

import hashlib
import hmac


def signature_header(payload: str, *, secret: str, timestamp: int) -> str:
    digest = hmac.new(secret.encode(), f"{timestamp}.{payload}".encode(), hashlib.sha256)
    return f"t={timestamp},v1={digest.hexdigest()}"
