"""What lies below hands its letters over: identity its codes and notes, the website its failures."""

from __future__ import annotations

from datetime import timedelta

from django.core.mail.message import EmailMessage
from django.utils import timezone

from outbound import ledger, topics
from outbound.letter import Letter


def of_identity(message: EmailMessage, *, is_code: bool, good_for: timedelta | None) -> None:
    """An `identity.mail.Sender`."""
    expires_at = timezone.now() + good_for if good_for else None
    letter, topic = letter_of(message), topics.CODES if is_code else topics.ACCOUNT
    for address in message.to:
        ledger.send(letter, to=address, topic=topic.key, expires_at=expires_at)


def of_website(message: EmailMessage) -> None:
    """For the slot "mail" of `cms`."""
    for address in message.to:
        ledger.send(letter_of(message), to=address, topic=topics.WEBSITE.key)


def letter_of(message: EmailMessage) -> Letter:
    """Text and HTML of a mail that Django or allauth has put together."""
    pairs = getattr(message, "alternatives", [])
    html = next((str(body) for body, kind in pairs if kind == "text/html"), "")
    return Letter(str(message.subject), str(message.body), html)
