"""What is asked of a message at the moment of sending: each answer is a word, and ends up in its row.

The order: what can never leave again, who does not want it, what must wait, and last what is counted.
Layers above register gates of their own (`register`); those are asked before anything is counted.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

from events import limits, shedding
from identity import reached
from identity.models import Person
from outbound import channels, recipients, topics
from outbound.channels import Channel, Counted
from outbound.consents import consent
from outbound.gating import caps, quiet, suppression
from outbound.models import Message
from outbound.topics import Capped, Kind, Topic


class Do(enum.StrEnum):
    HOLD = "hold"
    SKIP = "skip"


@dataclass(frozen=True)
class Verdict:
    """Not now (`until`), or never; `reason` is for machines and for staff."""

    do: Do
    reason: str
    until: datetime | None = None


@dataclass(frozen=True)
class Asked:
    """A message, its channel, what it is about, the moment (aware), and the zone of who gets it."""

    message: Message
    channel: Channel
    topic: Topic
    now: datetime
    zone: ZoneInfo


Gate = Callable[[Asked], Verdict | None]
_registered: list[Gate] = []
_AFTER_PRESSURE = timedelta(minutes=5)


def register(gate: Gate) -> None:
    """Ask this one, too, of every message."""
    if gate not in _registered:
        _registered.append(gate)


def ask(message: Message, *, now: datetime) -> Verdict | None:
    """The first gate that is shut; None: it may leave. Slots and buckets are taken then."""
    channel, topic = channels.get(message.channel), topics.get(message.topic)
    if channel is None:  # an older process meets what a newer one has written
        return Verdict(Do.HOLD, "no_such_channel", now + timedelta(minutes=5))
    asked = Asked(message, channel, topic, now, _zone_of(message))
    for gate in (*_FIRST, *_registered, *_LAST):
        if verdict := gate(asked):
            return verdict
    return None


def skip(reason: str) -> Verdict:
    return Verdict(Do.SKIP, reason)


def _expired(asked: Asked) -> Verdict | None:
    ends = asked.message.expires_at
    return skip("expired") if ends is not None and ends <= asked.now else None


def _no_address(asked: Asked) -> Verdict | None:
    return None if asked.message.address else skip("no_address")


def _unproved(asked: Asked) -> Verdict | None:
    """What is not needed goes only where somebody has shown that the address is theirs."""
    if not asked.topic.is_optional or asked.channel.is_proved(asked.message):
        return None
    return skip("address_unproved")


def _suppressed(asked: Asked) -> Verdict | None:
    why = suppression.reason_for(
        asked.message.address, topic=asked.topic, now=asked.now, channel=asked.channel.name
    )
    return skip(f"suppressed_{why}") if why else None


def _no_consent(asked: Asked) -> Verdict | None:
    message, channel = asked.message, asked.channel
    if not channel.asks_consent:
        return None
    may = consent.allows(
        asked.topic, person_id=message.person_id, address=message.address,
        channel=channel.name, unasked=channel.comes_unasked,
    )  # fmt: skip
    return None if may else skip("no_consent")


def _pressure(asked: Asked) -> Verdict | None:
    """On a day with too much to do, what nobody waits for goes out after it."""
    key = _gives_way(asked.topic)
    if key is None or not shedding.is_shed(key):
        return None
    shedding.count(key)
    # Not all at the same moment, nor asked again at each.
    spread = timedelta(seconds=asked.message.pk.int % int(_AFTER_PRESSURE.total_seconds()))
    return Verdict(Do.HOLD, "pressure", asked.now + _AFTER_PRESSURE + spread)


def _gives_way(topic: Topic) -> str | None:
    """The measure that may hold mail of this topic; None: nothing does."""
    if not topic.is_optional:
        return None
    if topic.is_digest:
        return "digests"
    return "marketing_mail" if topic.kind == Kind.MARKETING else None


def _quiet_hours(asked: Asked) -> Verdict | None:
    """At night nobody wants news. What people did or own comes when it comes."""
    if asked.topic.kind != Kind.MARKETING or not asked.channel.rings:
        return None
    until = quiet.next_open(
        asked.now,
        asked.zone,
        quiet_from=time(settings.MAIL_QUIET_FROM),
        quiet_until=time(settings.MAIL_QUIET_UNTIL),
    )
    return None if until <= asked.now else Verdict(Do.HOLD, "quiet_hours", until)


def _too_many(asked: Asked) -> Verdict | None:
    """A backstop against what runs wild, whoever is behind it: it waits, and nothing is lost."""
    message = asked.message
    if asked.topic.is_code or message.attempts or asked.channel.counted is None:
        return None
    buckets = _buckets(message, asked.channel.counted())
    for reason, rate, key in buckets:
        seen = limits.look(rate, key)
        if seen.over:
            until = asked.now + timedelta(seconds=max(60.0, seen.retry_after))
            return Verdict(Do.HOLD, reason, until)
    for _, rate, key in buckets:
        limits.take(rate, key)
    return None


def _buckets(message: Message, most: Counted) -> Sequence[tuple[str, str, str]]:
    address = recipients.hash_of(message.address)[:32]
    out = "out" if message.channel == "mail" else f"out-{message.channel}"
    found = [("limit_of_recipient", most.per_recipient, f"{out}-to:{address}")]
    if message.tenant_id:
        key = f"{out}-of:{message.tenant_id}"
        found.append(("limit_of_workspace", most.per_workspace, key))
    if message.sender_id:
        found.append(("limit_of_sender", most.per_sender, f"{out}-by:{message.sender_id}"))
    return found


def _capped(asked: Asked) -> Verdict | None:
    """A day is one of who gets it."""
    message, topic, counted = asked.message, asked.topic, asked.channel.counted
    if not topic.is_optional or counted is None:
        return None
    kind = topic.kind.value
    group = kind if message.channel == "mail" else f"{message.channel} {kind}"
    most = counted().a_day[kind]
    whom = recipients.subject(person_id=message.person_id, to=message.address)
    day = asked.now.astimezone(asked.zone).date()
    if caps.take(whom, group=group, day=day, most=most, message_id=message.pk):
        return None
    if topic.over_the_cap is Capped.SKIP:
        return skip("capped")
    midnight = datetime.combine(day + timedelta(days=1), time(0), tzinfo=asked.zone)
    return Verdict(Do.HOLD, "capped", max(midnight, asked.now + timedelta(minutes=1)))


def _zone_of(message: Message) -> ZoneInfo:
    """UTC for who has not said where they are."""
    if message.person_id is None or not topics.get(message.topic).is_optional:
        return ZoneInfo("UTC")
    return reached.zone_of(Person.objects.filter(pk=message.person_id).first())


_FIRST: tuple[Gate, ...] = (_expired, _no_address, _unproved, _suppressed, _no_consent)
_LAST: tuple[Gate, ...] = (_pressure, _quiet_hours, _too_many, _capped)
