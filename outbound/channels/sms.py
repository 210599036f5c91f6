"""Text messages, through a provider that speaks Twilio's API. Off without SMS_PROVIDER.

    https://www.twilio.com/docs/messaging/api/message-resource

An unknown is not sent again: that API has no key by which it would drop a repetition. Its receipts
may still settle it (`outbound.providers.sms_events`).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.urls import reverse

from identity import phones
from identity.models import Person
from outbound.channels.channel import Channel, Counted, Unknown
from outbound.letter import Letter
from outbound.models import Message
from outbound.outcomes import NotSent, Outcome, Refused, Sent, Unclear

if TYPE_CHECKING:
    import httpx  # else only where something is sent: it takes memory

NAME = "sms"
MOST = 1_600  # characters that the API takes
_SECONDS = 10.0  # for each step of a call
_AWAY = (429, 503)


class SmsWay:
    """Keeps its connection from one message to the next."""

    def __init__(self) -> None:
        self._client: httpx.Client | None = None

    def deliver(self, message: Message, letter: Letter) -> Outcome:
        import httpx

        said = {
            "To": message.address,
            "From": settings.SMS_FROM,
            "Body": letter.text.strip()[:MOST],
            "StatusCallback": status_url(),
        }
        try:
            answer = self._open().post(
                f"/2010-04-01/Accounts/{settings.SMS_ACCOUNT}/Messages.json", data=said
            )
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            self.close()
            return NotSent("sms_unreachable", _words(error), is_away=True)
        except httpx.HTTPError as error:
            self.close()
            return Unclear("sms_connection_lost", _words(error))
        return _outcome(answer)

    def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def _open(self) -> httpx.Client:
        import httpx

        if self._client is None:
            self._client = httpx.Client(
                base_url=settings.SMS_API_URL,
                auth=(settings.SMS_ACCOUNT, settings.SMS_TOKEN),
                timeout=_SECONDS,
                follow_redirects=False,
                trust_env=False,
            )
        return self._client


def status_url() -> str:
    """Where the provider tells what became of a message."""
    path = reverse("sms_status", urlconf=settings.PUBLIC_SCHEMA_URLCONF)
    return f"{settings.SITE_URL}{path}"


def _outcome(answer: httpx.Response) -> Outcome:
    said = _json(answer)
    words = f"HTTP {answer.status_code} {said.get('code', '')} {said.get('message', '')}"[
        :300
    ].strip()
    if answer.is_success:
        return Sent(str(said.get("sid", ""))[:200])
    if answer.status_code in _AWAY:
        return NotSent("sms_refused_for_now", words, is_away=True)
    if answer.status_code in (401, 403):  # the key is wrong, not the message
        return NotSent("provider_refuses_us", words, is_away=True)
    if answer.status_code >= 500:
        return Unclear("provider_failed", words)
    return Refused("sms_refused", words)


def _json(answer: httpx.Response) -> dict[str, Any]:
    try:
        said = answer.json()
    except (json.JSONDecodeError, UnicodeDecodeError):
        return {}
    return said if isinstance(said, dict) else {}


def is_proved(message: Message) -> bool:
    """Whether this person has said themselves that it is their number."""
    if message.person_id is None:
        return False
    theirs = Person.objects.filter(pk=message.person_id, phone=message.address)
    return theirs.filter(phone_from=Person.From.GIVEN).exists()


def _counted() -> Counted:
    return Counted(
        settings.SMS_PER_RECIPIENT,
        settings.SMS_PER_WORKSPACE,
        settings.SMS_PER_SENDER,
        settings.SMS_CAPS_A_DAY,
    )


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".replace("\n", " ")[:300]


SMS = Channel(
    NAME, "text message", SmsWay, phones.normal, Unknown.STAYS, is_proved=is_proved,
    counted=_counted, lanes=1, comes_unasked=False,
)  # fmt: skip
