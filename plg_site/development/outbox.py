"""Development's mailbox: mail goes into a folder, is shown at /outbox/ and named in the log."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage as ParsedMessage
from ipaddress import ip_address
from pathlib import Path

import structlog
from django.conf import settings
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.message import EmailMessage
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from uuid_utils.compat import uuid7

log = structlog.get_logger()
CODE = re.compile(r"^\s*([A-Z0-9]{3,4}-?[A-Z0-9]{3,4})\s*$", re.MULTILINE)
LINK = re.compile(r"https?://\S+")
_PASSED_ON = ("HTTP_FORWARDED", "HTTP_X_FORWARDED_FOR", "HTTP_X_REAL_IP", "HTTP_VIA")


class OutboxBackend(BaseEmailBackend):
    """Writes each message as <uuid7>.eml; a code or link in it is shown in the log."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        folder = _folder()
        folder.mkdir(parents=True, exist_ok=True)
        for message in email_messages:
            name = f"{uuid7()}.eml"
            part = folder / f".{name}"
            part.write_bytes(message.message().as_bytes())
            part.rename(folder / name)
            body = str(message.body)
            code, link = CODE.search(body), LINK.search(body)
            log.info(
                "mail",
                to=", ".join(message.to),
                subject=str(message.subject),
                **({"code": code.group(1)} if code else {"link": link.group(0)} if link else {}),
            )
        return len(email_messages)


@dataclass(frozen=True)
class Letter:
    """One message of the outbox."""

    id: str
    to: str
    subject: str
    date: str
    text: str
    html: str


def _read(path: Path) -> Letter:
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert isinstance(message, ParsedMessage)  # noqa: S101 - what the policy above returns
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    return Letter(
        id=path.stem,
        to=str(message["To"]),
        subject=str(message["Subject"]),
        date=str(message["Date"]),
        text=text.get_content() if text else "",
        html=html.get_content() if html else "",
    )


def outbox(request: HttpRequest) -> HttpResponse:
    """The newest fifty messages, as a page or (`?format=json`, `?to=`) for a test client."""
    folder = _folder_for(request)
    letters = [_read(path) for path in sorted(folder.glob("*.eml"), reverse=True)[:50]]
    if wanted := request.GET.get("to"):
        letters = [letter for letter in letters if wanted in letter.to]
    if request.GET.get("format") == "json":
        rows = [{"to": x.to, "subject": x.subject, "date": x.date, "text": x.text} for x in letters]
        return JsonResponse({"messages": rows})
    return render(request, "outbox/list.html", {"letters": letters})


def letter(request: HttpRequest, letter_id: str) -> HttpResponse:
    """One message; `?part=html` is the HTML body alone, for a frame without scripts."""
    path = _folder_for(request) / f"{letter_id}.eml"
    if not re.fullmatch(r"[0-9a-f-]{36}", letter_id) or not path.is_file():
        raise Http404
    found = _read(path)
    if request.GET.get("part") == "html":
        response = HttpResponse(found.html)
        response["Content-Security-Policy"] = (
            "default-src 'none'; style-src 'unsafe-inline'; "
            "sandbox allow-popups allow-popups-to-escape-sandbox"  # its links open a page of ours
        )
        return response
    return render(request, "outbox/letter.html", {"letter": found})


def _folder_for(request: HttpRequest) -> Path:
    """Whoever reads here signs in as anybody: only browsers on this machine do, by the site's name.

    A name that a stranger made lead here (DNS rebinding) is not the site's, and what a proxy passes
    on comes from elsewhere.
    """
    if settings.MAIL_OUTBOX_DIR is None or not _is_here(request):
        raise Http404
    return _folder()


def _is_here(request: HttpRequest) -> bool:
    passed_on = any(request.META.get(name) for name in _PASSED_ON)
    host = request.META.get("HTTP_HOST", "").rsplit(":", 1)[0].lower()
    try:
        local = ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
    return local and not passed_on and host == settings.SITE_DOMAIN


def _folder() -> Path:
    assert settings.MAIL_OUTBOX_DIR is not None  # noqa: S101 (its pages ask first)
    return Path(settings.MAIL_OUTBOX_DIR)
