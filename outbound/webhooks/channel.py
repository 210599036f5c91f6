"""The channel: a message is a POST of JSON, signed as Standard Webhooks says.

An unknown is sent again under the same `webhook-id`, by which the other side drops repeats: that is
what Standard Webhooks asks of both.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import CharField, QuerySet
from django.db.models.functions import Cast
from django.utils import timezone

from identity.sealing import NotOpened
from outbound.channels import Channel, Schedule, Unknown
from outbound.gating.gates import Asked, Do, Verdict, skip
from outbound.letter import Letter
from outbound.models import Message, State, WebhookEndpoint
from outbound.outcomes import NotSent, Outcome, Refused, Sent, Unclear
from outbound.webhooks import endpoints, keys, places, signing, telling

if TYPE_CHECKING:
    from outbound.webhooks import calling

# Standard Webhooks, "Deliverability and reliability": at once, then after 5 s, 5 min, 30 min, 2 h,
# 5 h, 10 h, 14 h, 20 h and 24 h; a little more than three days.
_MINUTE, _HOUR = 60.0, 3600.0
PAUSES = (
    5.0, 5 * _MINUTE, 30 * _MINUTE, 2 * _HOUR, 5 * _HOUR, 10 * _HOUR, 14 * _HOUR, 20 * _HOUR, 24 * _HOUR,
)  # fmt: skip
_LONGEST_WAIT = timedelta(hours=24)  # that an endpoint may ask for
_LANES = 4
_MOMENT = timedelta(seconds=1)
_GONE = 410


class WebhookWay:
    """Keeps nothing between two calls."""

    def deliver(self, message: Message, letter: Letter) -> Outcome:
        from outbound.webhooks import calling  # its libraries take memory, and others only write

        endpoint = endpoint_of(message)
        if endpoint is None:
            return Refused("endpoint_gone")
        now, body = timezone.now(), letter.text.encode()
        try:
            signed_with = keys.valid(endpoint, now=now)
        except NotOpened:
            return Refused("sealed_with_another_key")
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Webhooks/1.0",
            **signing.headers(body, message_id=f"msg_{message.pk.hex}", at=now, keys=signed_with),
        }
        try:
            answer = calling.post(endpoint.url, body, headers)
        except places.NotAllowed as error:
            return NotSent("address_not_allowed", str(error))
        except calling.Failed as error:
            kind = Unclear if error.may_have_arrived else NotSent
            return kind(error.reason, error.detail)
        return _outcome(answer, now=now)

    def close(self) -> None: ...


def _outcome(answer: calling.Answer, *, now: datetime) -> Outcome:
    words = f"HTTP {answer.status}"
    if 200 <= answer.status < 300:
        return Sent(words)
    if answer.status == _GONE:
        return Refused("endpoint_says_gone", words)
    if 300 <= answer.status < 400:
        return NotSent("endpoint_redirects", words)
    return NotSent("endpoint_refused", words, again_at=_again_at(answer.retry_after, now=now))


def _again_at(said: str, *, now: datetime) -> datetime | None:
    """RFC 9110, 10.2.3: seconds, or a date; at most so far ahead as we would wait anyway."""
    if not said:
        return None
    try:
        seconds = float(said) if said.isdigit() else None
        when = (
            now + timedelta(seconds=seconds) if seconds is not None else parsedate_to_datetime(said)
        )
        return min(when, now + _LONGEST_WAIT)
    except (ValueError, TypeError, OverflowError):
        return None


def endpoint_of(message: Message) -> WebhookEndpoint | None:
    if not normal(message.address):
        return None
    found: WebhookEndpoint | None = WebhookEndpoint.objects.filter(pk=message.address).first()
    return found


def normal(address: str) -> str:
    """An address is the id of an endpoint."""
    try:
        return str(UUID(address))
    except ValueError:
        return ""


def awake(rows: QuerySet[Message], now: datetime) -> QuerySet[Message]:
    """Without those whose endpoint rests, or has one in hand: one that is slow or broken has one lane."""
    at_rest = WebhookEndpoint.objects.filter(resting_until__gt=now)
    in_hand = Message.objects.filter(channel=telling.NAME, state=State.SENDING)
    return rows.exclude(
        address__in=at_rest.annotate(text=Cast("pk", CharField())).values("text")
    ).exclude(address__in=in_hand.values("address"))


def is_open(asked: Asked) -> Verdict | None:
    """A gate: what is written to an endpoint that is there, and active."""
    if asked.message.channel != telling.NAME:
        return None
    endpoint = endpoint_of(asked.message)
    if endpoint is None:
        return skip("endpoint_gone")
    if endpoint.state == WebhookEndpoint.State.ACTIVE:
        return (
            None if _is_free(endpoint) else Verdict(Do.HOLD, "endpoint_busy", asked.now + _MOMENT)
        )
    until = asked.message.expires_at or asked.now + telling.KEPT_FOR
    return Verdict(Do.HOLD, endpoints.waits_because(endpoint.state), until)


def _is_free(endpoint: WebhookEndpoint) -> bool:
    """Two lanes that look in the same instant see the same: who has the row's lock may go on."""
    row = WebhookEndpoint.objects.filter(pk=endpoint.pk)
    if not row.select_for_update(skip_locked=True, no_key=True).exists():
        return False
    in_hand = Message.objects.filter(channel=telling.NAME, state=State.SENDING)
    return not in_hand.filter(address=str(endpoint.pk)).exists()


def settled(message: Message, outcome: Outcome) -> None:
    """How the endpoint fares; one that took nothing of a message for three days is paused."""
    endpoint_id, now = UUID(message.address), timezone.now()
    if isinstance(outcome, Sent):
        endpoints.took(endpoint_id, now=now)
        return
    endpoints.failed(endpoint_id, now=now)
    if isinstance(outcome, Refused) and outcome.reason == "endpoint_says_gone":
        endpoints.stop(endpoint_id, because=endpoints.Because.GONE)
    elif message.state == State.DEAD and not _took_since(endpoint_id, message.first_tried_at):
        endpoints.stop(endpoint_id, because=endpoints.Because.FAILING)


def _took_since(endpoint_id: UUID, since: datetime | None) -> bool:
    rows = WebhookEndpoint.objects.filter(pk=endpoint_id)
    return since is not None and rows.filter(took_at__gt=since).exists()


WEBHOOK = Channel(
    telling.NAME, "webhook", WebhookWay, normal, Unknown.AGAIN,
    is_proved=lambda message: True, counted=None, rings=False, asks_consent=False,
    patience=Schedule(PAUSES, gives_up_after=timedelta(days=4)),
    lanes=_LANES, narrowed=awake, settled=settled,
)  # fmt: skip
