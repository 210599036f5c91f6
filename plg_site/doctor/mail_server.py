"""The mail server takes our login; nothing is sent."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator

from django.conf import settings
from django.core.mail import get_connection

from plg_site.doctor.findings import Finding, fine, problem

TITLE = "Mail server"
_PATIENCE = 5  # seconds


def look() -> Iterator[Finding]:
    if not settings.EMAIL_URL:  # a provider's API, or the outbox of a development stack
        yield fine("mail does not leave by SMTP")
        return
    where = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    server = get_connection(timeout=_PATIENCE)
    try:
        server.open()
    except (OSError, smtplib.SMTPException) as error:
        yield problem(
            f"{where} does not let us in: {type(error).__name__}: {error}",
            "Codes and invitations wait meanwhile. Look at the server, or correct EMAIL_URL.",
        )
    else:
        yield fine(f"{where} lets us in")
    finally:
        server.close()
