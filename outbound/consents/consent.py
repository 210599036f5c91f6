"""Who wants what: every yes and no is kept with where it was said and the words that were shown.

The present state is a row beside it. Where a person has several answers (as a person, and as an
address from before), one "no" is enough.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from identity.models import Person, User
from outbound import recipients, topics
from outbound.models import Consent, ConsentChange
from outbound.topics import Topic

EVERYTHING = "*"  # all that somebody may say no to, also what comes later


@transaction.atomic
def change(
    recipient: str, *, topic: str, given: bool, source: str, text: str = "", channel: str = "mail",
    now: datetime | None = None,
) -> None:  # fmt: skip
    """Somebody (`outbound.recipients`) says yes or no, having read `text`, at `source`."""
    now = now or timezone.now()
    said: dict[str, Any] = {
        "recipient": recipient, "topic": topic, "channel": channel, "given": given, "at": now,
    }  # fmt: skip
    ConsentChange.objects.create(**said, source=source, text_shown=text)
    Consent.objects.bulk_create(
        [Consent(**said)],
        update_conflicts=True,
        unique_fields=["recipient", "topic", "channel"],
        update_fields=["given", "at"],
    )


@transaction.atomic
def withdraw_everything(recipient: str, *, source: str, now: datetime | None = None) -> None:
    """No to all that one may say no to, and to what is new."""
    for key in (EVERYTHING, *(topic.key for topic in topics.optional())):
        change(recipient, topic=key, given=False, source=source, now=now)


def allows(
    topic: Topic, *, person_id: UUID | None, address: str, channel: str = "mail",
    unasked: bool = True,
) -> bool:  # fmt: skip
    """Whether a message of this topic may go to this person at this address by this channel.

    `unasked` False: the channel needs a yes to whatever is optional.
    """
    if not topic.is_optional:
        return True
    whose = [recipients.address(address)]
    if person_id:
        whose.append(recipients.person(person_id))
    about = [topic.key, EVERYTHING]
    rows = Consent.objects.filter(recipient__in=whose, topic__in=about, channel=channel)
    return _answer(topic, list(rows), unasked=unasked)


def _answer(topic: Topic, rows: Collection[Consent], *, unasked: bool = True) -> bool:
    exact = [row.given for row in rows if row.topic == topic.key]
    if exact:
        return all(exact)
    if any(not row.given for row in rows):
        return False
    return unasked and topic.comes_unasked


def wanted_by(user: User, *, channel: str = "mail", unasked: bool = True) -> set[str]:
    """The keys of the optional topics that this person gets by this channel (`unasked` as above)."""
    person_id = Person.objects.filter(user=user).values_list("pk", flat=True).first()
    whose = [recipients.address(user.email)]
    if person_id:
        whose.append(recipients.person(person_id))
    rows = list(Consent.objects.filter(recipient__in=whose, channel=channel))
    found = set()
    for topic in topics.optional():
        about = [row for row in rows if row.topic in (topic.key, EVERYTHING)]
        if channel in topic.channels and _answer(topic, about, unasked=unasked):
            found.add(topic.key)
    return found


def who_want(
    topic_key: str, people: Iterable[User], *, by: Collection[str] = ("mail",)
) -> list[User]:
    """Those of `people` who get this topic by one of these channels at least, in the same order."""
    return [user for user in people if any(topic_key in wanted_by(user, channel=one) for one in by)]


@transaction.atomic
def choose(
    user: User, *, wanted: Collection[str], source: str, channel: str = "mail",
    unasked: bool = True, now: datetime | None = None,
) -> None:  # fmt: skip
    """From here on this person gets these of the optional topics by this channel, and no others."""
    from identity.persons import person_of

    before = wanted_by(user, channel=channel, unasked=unasked)
    whom = recipients.person(person_of(user).pk)
    of_address = Consent.objects.filter(recipient=recipients.address(user.email), channel=channel)
    for topic in topics.optional():
        given = topic.key in wanted
        if channel not in topic.channels or given == (topic.key in before):
            continue
        text = f"{topic.label}: {topic.text}"
        change(
            whom, topic=topic.key, given=given, source=source, text=text, channel=channel, now=now
        )
        if given:  # an older "no" of the bare address would win
            of_address.filter(topic__in=[topic.key, EVERYTHING], given=False).delete()


@transaction.atomic
def join(*, kept: UUID, merged: UUID, now: datetime | None = None) -> list[str]:
    """Two persons are one: each "no" of the one who goes holds. Returns the topics."""
    refused = Consent.objects.filter(recipient=recipients.person(merged), given=False)
    pairs = list(refused.values_list("topic", "channel"))
    for key, channel in pairs:
        change(
            recipients.person(kept), topic=key, given=False, source="accounts joined",
            channel=channel, now=now,
        )  # fmt: skip
    return [key for key, _ in pairs]
