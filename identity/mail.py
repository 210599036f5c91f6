"""Mail leaves through the worker; when the queue cannot be reached, from here."""

from __future__ import annotations

from typing import Any

import structlog
from celery import shared_task
from django.core.mail import EmailMultiAlternatives
from django.core.mail.message import EmailMessage
from django.db import transaction
from kombu.exceptions import OperationalError

from identity import names

log = structlog.get_logger()


def send_now(*, subject: str, body: str, html: str, to: list[str], from_email: str) -> None:
    """Hand one message to the mail backend."""
    message = EmailMultiAlternatives(subject, body, from_email, to)
    if html:
        message.attach_alternative(html, "text/html")
    message.send()


@shared_task(
    name="identity.tasks.send_mail", autoretry_for=(OSError,), retry_backoff=True, max_retries=8
)
def send_mail(**message: Any) -> None:
    send_now(**message)


def deliver(message: EmailMessage) -> None:
    """Send `message` (one recipient or more) once the current transaction has committed."""
    html = next(
        (body for body, kind in getattr(message, "alternatives", []) if kind == "text/html"), ""
    )
    parts: dict[str, Any] = {
        "subject": names.plain(str(message.subject)),  # a line break would stop it
        "body": message.body,
        "html": html if message.content_subtype != "html" else message.body,
        "to": list(message.to),
        "from_email": message.from_email,
    }
    transaction.on_commit(lambda: _enqueue(parts), robust=True)


def _enqueue(parts: dict[str, Any]) -> None:
    try:
        send_mail.apply_async(kwargs=parts, retry=False)
    except OperationalError:
        log.warning("mail.queue_unreachable", to=parts["to"])
        send_now(**parts)
