"""Mail, through whichever backend the settings name: SMTP, a provider (django-anymail), the outbox.

An unknown is not sent again: of a mail nobody sees that it came twice for our sake, and who waits for
a code asks again. The provider's events may still settle it (`outbound.providers.provider_events`).
"""

from __future__ import annotations

import smtplib
from typing import Any

import structlog
from allauth.account.models import EmailAddress
from anymail.exceptions import (
    AnymailAPIError,
    AnymailError,
    AnymailRecipientsRefused,
)
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.utils.html import escape

from identity.addresses import of_typed
from outbound import topics
from outbound.channels.channel import Channel, Counted, Unknown
from outbound.consents import unsubscribe
from outbound.letter import Letter
from outbound.models import Message
from outbound.outcomes import NotSent, Outcome, Refused, Sent, Unclear

log = structlog.get_logger()
_GO_AWAY = 421  # "service not available, closing": this server takes nothing at the moment


class MailChannel:
    """Keeps its connection from one mail to the next."""

    def __init__(self) -> None:
        self._connection: Any = None

    def deliver(self, message: Message, letter: Letter) -> Outcome:
        try:
            self._open()
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            return NotSent("unreachable", _words(error), is_away=True)
        mail = compose(message, letter, connection=self._connection)
        try:
            taken = self._connection.send_messages([mail])
        except Exception as error:
            outcome = _outcome_of(error, may_have_sent=self._may_have_sent())
            self.close()
            return outcome
        if not taken:
            return Refused("no_recipient")
        return Sent(_provider_id(mail))

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.close()
            except (OSError, smtplib.SMTPException) as error:
                log.info("mail_connection_closed_badly", error=_words(error))

    def _open(self) -> None:
        if self._connection is None:
            self._connection = get_connection()
            self._connection.open()
        elif not _is_alive(self._connection):
            self.close()
            self._open()

    def _may_have_sent(self) -> bool:
        return bool(getattr(self._connection, "may_have_sent", True))


def _is_alive(backend: Any) -> bool:
    """A server closes what has been idle for minutes; a word to it before, not a letter, shows that."""
    smtp = getattr(backend, "connection", None)
    if not isinstance(smtp, smtplib.SMTP):
        return True
    try:
        return bool(smtp.noop()[0] == 250)
    except (OSError, smtplib.SMTPException):
        return False


def compose(message: Message, letter: Letter, *, connection: Any = None) -> EmailMultiAlternatives:
    """The mail: the text first, and in what people may say no to, two ways to do so."""
    text, html, headers = letter.text, letter.html, {}
    # The same at each attempt, for whoever drops repeats.
    headers["Message-ID"] = f"<{message.pk}@{settings.SITE_DOMAIN}>"
    topic = topics.get(message.topic)
    if topic.is_optional:
        url = unsubscribe.url_for(message)
        headers["List-Unsubscribe"] = f"<{url}>"  # RFC 8058: both, or no button
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        if url not in text:  # an editor may have put it where it looks best
            text = f"{text.rstrip()}\n\nNo more of these: {url}\n"
        if html and escape(url) not in html:
            html = _with_link(html, url)
    mail = EmailMultiAlternatives(
        letter.subject, text, settings.DEFAULT_FROM_EMAIL, [message.address],
        headers=headers, connection=connection,
    )  # fmt: skip
    if html:
        mail.attach_alternative(html, "text/html")
    mail.metadata = {"message": str(message.pk)}  # type: ignore[attr-defined] # anymail's
    return mail


def _with_link(html: str, url: str) -> str:
    link = (
        '<p class="mail-foot" style="margin:0;padding:0 16px 32px;text-align:center;'
        'font:400 13px/1.5 Helvetica,Arial,sans-serif">'
        f'<a href="{escape(url)}" style="color:#5e6c64">No more of these</a></p>'
    )
    head, end, tail = html.rpartition("</body>")
    return f"{head}{link}{end}{tail}" if end else html + link


def _provider_id(mail: Any) -> str:
    """What the provider calls it; of servers that say nothing, our own Message-ID."""
    status = getattr(mail, "anymail_status", None)
    return str(getattr(status, "message_id", None) or mail.extra_headers["Message-ID"])[:200]


def _outcome_of(error: Exception, *, may_have_sent: bool) -> Outcome:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code = min((code for code, _ in error.recipients.values()), default=550)
        return _by_code(code, error)
    if isinstance(error, smtplib.SMTPResponseException):
        return _by_code(error.smtp_code, error)
    if isinstance(error, AnymailError):
        return _of_provider(error)
    if isinstance(error, OSError | smtplib.SMTPException):
        if may_have_sent:
            return Unclear("connection_lost", _words(error))
        return NotSent("connection_lost", _words(error))
    log.exception("mail_fault", error=_words(error))
    return Refused("fault", _words(error))


def _by_code(code: int, error: Exception) -> Outcome:
    """RFC 5321: 4yz is for now, 5yz for good."""
    if code >= 500:
        return Refused("refused", _words(error))
    return NotSent("refused_for_now", _words(error), is_away=code == _GO_AWAY)


def _of_provider(error: AnymailError) -> Outcome:
    if isinstance(error, AnymailRecipientsRefused):
        return Refused("refused", _words(error))
    if not isinstance(error, AnymailAPIError):
        return Refused("fault", _words(error))  # what the provider cannot carry
    code = error.status_code
    if code is None:
        return _without_answer(error)
    if code in (429, 503):
        return NotSent("refused_for_now", _words(error), is_away=True)
    if code in (401, 403):  # the key is wrong, not the mail: it waits until that is put right
        return NotSent("provider_refuses_us", _words(error), is_away=True)
    if code >= 500:
        return Unclear("provider_failed", _words(error))
    return Refused("refused", _words(error))


def _without_answer(error: Exception) -> Outcome:
    """Nobody took the call: it has not left. Somebody did, and then nothing: nobody knows."""
    from requests.exceptions import ConnectionError as NotConnected
    from requests.exceptions import ReadTimeout

    causes: list[BaseException] = []
    cause = error.__cause__ or error.__context__
    while cause is not None and len(causes) < 10:
        causes.append(cause)
        cause = cause.__cause__ or cause.__context__
    lost = any(isinstance(each, ReadTimeout | ConnectionResetError) for each in causes)
    if not lost and any(isinstance(each, NotConnected) for each in causes):
        return NotSent("unreachable", _words(error), is_away=True)
    return Unclear("connection_lost", _words(error))


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".replace("\n", " ")[:300]


def is_proved(message: Message) -> bool:
    """Whether somebody has shown that the mailbox is theirs; of a person's mail, that person."""
    proved = EmailAddress.objects.filter(email=message.address, verified=True)
    if message.person_id:
        proved = proved.filter(user__person=message.person_id)
    return proved.exists()


def _counted() -> Counted:
    return Counted(
        settings.MAIL_ALL_PER_RECIPIENT,
        settings.MAIL_ALL_PER_WORKSPACE,
        settings.MAIL_ALL_PER_SENDER,
        settings.MAIL_CAPS_A_DAY,
    )


MAIL = Channel(
    "mail", "mail", MailChannel, of_typed, Unknown.STAYS, is_proved=is_proved, counted=_counted,
    lanes=settings.MAIL_AT_ONCE,
)  # fmt: skip
