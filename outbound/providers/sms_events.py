"""What the provider of text messages tells: receipts, and what people answer."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from identity import phones
from identity.models import Person
from outbound import recipients
from outbound.channels.sms import NAME
from outbound.consents import consent
from outbound.models import Consent, ConsentChange, Message, MessageEvent, State

# https://www.twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks
_BECOMES: dict[str, tuple[State, tuple[State, ...]]] = {
    "sent": (State.SENT, (State.SENDING, State.UNKNOWN)),
    "delivered": (State.DELIVERED, (State.SENDING, State.UNKNOWN, State.SENT)),
    "undelivered": (State.BOUNCED, (State.SENDING, State.UNKNOWN, State.SENT, State.DELIVERED)),
    "failed": (State.BOUNCED, (State.SENDING, State.UNKNOWN, State.SENT)),
}
_SOURCE = "text message"
STOP = {"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "stopp"}
START = {"start", "unstop", "yes"}


@transaction.atomic
def receipt(*, sid: str, status: str, error: str = "", now: datetime | None = None) -> bool:
    """Note it once, whatever order they come in: what is worse wins. False: known, or of no message."""
    message = Message.objects.filter(channel=NAME, provider_id=sid).first()
    if message is None:
        return False
    row = MessageEvent(
        provider_event_id=f"sms:{sid}:{status}"[:200], message=message, kind=status[:20],
        detail=f"error {error}"[:300] if error else "", at=now or timezone.now(),
    )  # fmt: skip
    MessageEvent.objects.bulk_create([row], ignore_conflicts=True)
    if not MessageEvent.objects.filter(pk=row.pk).exists():
        return False
    if status in _BECOMES:
        state, earlier = _BECOMES[status]
        reason = "sms_undelivered" if state == State.BOUNCED else ""
        Message.objects.filter(pk=message.pk, state__in=earlier).update(
            state=state, reason=reason, detail=row.detail, sealed="", claimed_until=None
        )
    return True


@transaction.atomic
def answered(*, sender: str, text: str, now: datetime | None = None) -> str:
    """Who writes STOP gets no more of what one may say no to; START takes that back. Returns "stop",
    "start", or "" for anything else."""
    number, word = phones.normal(sender), text.strip().casefold().rstrip(".!")
    if not number or word not in STOP | START:
        return ""
    whose = [recipients.address(number)]
    people = Person.objects.filter(phone=number, phone_from=Person.From.GIVEN)
    whose += [recipients.person(pk) for pk in people.values_list("pk", flat=True)[:10]]
    said = "stop" if word in STOP else "start"
    for whom in whose:
        _say(whom, given=said == "start", word=word, now=now)
    return said


def _say(whom: str, *, given: bool, word: str, now: datetime | None) -> None:
    """STOP is a no to all, and to each that had a yes. START undoes just that, and is a yes to nothing
    that was never wanted."""
    rows = Consent.objects.filter(recipient=whom, channel=NAME)
    keys = set(rows.filter(given=not given).values_list("topic", flat=True))
    if given:
        keys = {key for key in keys if _was_by_text(whom, key)}
    else:
        keys.add(consent.EVERYTHING)
    for key in sorted(keys):
        consent.change(
            whom, topic=key, given=given, source=_SOURCE, text=word.upper(), channel=NAME, now=now
        )


def _was_by_text(whom: str, key: str) -> bool:
    said = ConsentChange.objects.filter(recipient=whom, topic=key, channel=NAME)
    newest = said.order_by("-at", "-pk").first()
    return newest is not None and newest.source == _SOURCE
