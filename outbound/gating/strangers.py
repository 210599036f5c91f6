"""How often somebody who did not ask for it can be mailed by what others do here."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass

import structlog
from django.conf import settings

from events import limits

log = structlog.get_logger()


@dataclass(frozen=True)
class _Bucket:
    """`words` are for the person who presses the button."""

    reason: str
    rate: str
    key: str
    words: str


class TooMany(Exception):
    """Nothing was sent. `reason` is for machines, `retry_after` in seconds; the message is words."""

    def __init__(self, words: str, *, reason: str, retry_after: float) -> None:
        super().__init__(words)
        self.reason = reason
        self.retry_after = max(1, math.ceil(retry_after))


def require(*, to: str, workspace: str, sender: str) -> None:
    """Count one mail to this address. Raises TooMany, and then nothing is counted.

    `to` in its normal form; `workspace` and `sender` are ids. Without Redis each process counts for
    itself (`events.limits`).
    """
    buckets = _buckets(to, workspace, sender)
    for bucket in buckets:
        seen = limits.look(bucket.rate, bucket.key)
        if seen.over:
            log.info("mail_to_stranger_refused", reason=bucket.reason, workspace=workspace)
            raise TooMany(
                f"{bucket.words} Please try again {_in_words(seen.retry_after)}.",
                reason=bucket.reason,
                retry_after=seen.retry_after,
            )
    for bucket in buckets:
        limits.take(bucket.rate, bucket.key)


def _buckets(to: str, workspace: str, sender: str) -> list[_Bucket]:
    # The address is nobody's business in Redis.
    address = hashlib.sha256(to.encode()).hexdigest()[:32]
    return [
        _Bucket(
            "recipient_of_workspace",
            settings.MAIL_PER_RECIPIENT_OF_WORKSPACE,
            f"mail:{workspace}:{address}",
            f"We have mailed {to} several times for this workspace.",
        ),
        _Bucket(
            "recipient",
            settings.MAIL_PER_RECIPIENT,
            f"mail-to:{address}",
            f"{to} gets too much mail from us at the moment.",
        ),
        _Bucket(
            "workspace",
            settings.MAIL_PER_WORKSPACE,
            f"mail-of:{workspace}",
            "This workspace has sent many invitations.",
        ),
        _Bucket(
            "sender",
            settings.MAIL_PER_SENDER,
            f"mail-by:{sender}",
            "You have sent many invitations.",
        ),
    ]


def _in_words(seconds: float) -> str:
    if seconds < 90:
        return "in a minute"
    if seconds < 90 * 60:
        return f"in {math.ceil(seconds / 60)} minutes"
    return f"in {math.ceil(seconds / 3600)} hours"
