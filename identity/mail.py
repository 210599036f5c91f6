"""Mail is handed to whoever sends it. What lies above registers itself (`outbound`); alone, it leaves
with the commit.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol

from django.core.mail.message import EmailMessage
from django.db import transaction

from identity import names


class Sender(Protocol):
    def __call__(self, message: EmailMessage, *, is_code: bool, good_for: timedelta | None) -> None:
        """Send it once the current transaction has committed, and not if it is rolled back."""


def deliver(
    message: EmailMessage, *, is_code: bool = False, good_for: timedelta | None = None
) -> None:
    """Send `message` (one recipient or more) once the current transaction has committed.

    `is_code`: it holds a code or link that somebody waits for, worth nothing after `good_for`.
    """
    _sender(message, is_code=is_code, good_for=good_for)


def register(sender: Sender) -> None:
    """From here on this one sends."""
    global _sender
    _sender = sender


def _with_the_commit(message: EmailMessage, *, is_code: bool, good_for: timedelta | None) -> None:
    message.subject = names.plain(str(message.subject))  # a line break would stop it
    transaction.on_commit(lambda: message.send() and None, robust=True)


_sender: Sender = _with_the_commit
