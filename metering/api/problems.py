"""A refused quota, and a call that came too soon, as problem+json (RFC 9457)."""

from __future__ import annotations

from typing import Any

from metering.quotas.decision import Decision
from metering.quotas.rates import RateExceeded

STATUS = 402  # Payment Required: the way on is another plan
CONTENT_TYPE = "application/problem+json"


def quota_problem(decision: Decision, upgrade_url: str) -> dict[str, Any]:
    """The body of the answer, to send with STATUS and CONTENT_TYPE; `resets_at` is ISO 8601."""
    return {
        "type": "urn:problem:quota-exceeded",
        "title": "Limit reached",
        "status": STATUS,
        "detail": decision.reason,
        "meter": decision.meter,
        "limit": decision.limit,
        "used": decision.used,
        "remaining": decision.remaining,
        "resets_at": decision.resets_at.isoformat() if decision.resets_at else None,
        "upgrade_url": upgrade_url,
    }


def rate_problem(error: RateExceeded) -> dict[str, Any]:
    """The body of a 429; `retry_after` is in seconds, as in the header of that name."""
    return {
        "type": "urn:problem:rate-exceeded",
        "title": "Too many requests",
        "status": 429,
        "detail": str(error),
        "retry_after": error.retry_after,
    }
