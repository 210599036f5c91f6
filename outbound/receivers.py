"""What this app does about news from below: a person goes, two become one, somebody asks for their data."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from allauth.account.models import EmailAddress
from django.db.models import Q
from django.db.models.signals import post_delete, pre_delete
from django.dispatch import receiver

from identity.models import Person, User
from identity.persons import person_of
from identity.signals import own_data_asked, person_data_asked, person_forgotten, users_merged
from outbound import erasing, recipients
from outbound.bell import feed
from outbound.consents import consent
from outbound.models import ConsentChange, Message, Notification
from outbound.providers import provider_events  # noqa: F401 (connects itself)

MOST = 1_000  # of the newest messages


@receiver(pre_delete, sender=User)
def note_where_they_read(instance: User, **_: Any) -> None:
    """Their addresses are gone when they are."""
    proved = EmailAddress.objects.filter(user=instance).values_list("email", flat=True)
    instance._read_at = [instance.email, *proved]  # type: ignore[attr-defined]


@receiver(post_delete, sender=User)
def forget_who_closed(instance: User, **_: Any) -> None:
    erasing.addresses(getattr(instance, "_read_at", ()))
    for person in getattr(instance, "_leaves", ()):  # identity.account.closing
        erasing.person(person.pk)


@receiver(post_delete, sender=Person)
def forget_who_went(instance: Person, **_: Any) -> None:
    erasing.person(instance.pk)


@receiver(person_forgotten)
def forget_who_asked(person_id: UUID, **_: Any) -> None:
    erasing.person(person_id)


@receiver(person_data_asked)
def data_of_person(person: Person, **_: Any) -> dict[str, Any]:
    """Of somebody without a login; of the others it is in their own data."""
    return {} if person.user_id else _told(person, Q(person_id=person.pk))


@receiver(users_merged)
def join(kept: User, merged: User, **_: Any) -> list[str]:
    feed.join(kept=person_of(kept).pk, merged=person_of(merged).pk)
    return consent.join(kept=person_of(kept).pk, merged=person_of(merged).pk)


@receiver(own_data_asked)
def own_data(user: User, **_: Any) -> dict[str, Any]:
    person = Person.objects.filter(user=user).first()
    if person is None:
        return {"messages": [], "notifications": [], "message_choices": []}
    proved = EmailAddress.objects.filter(user=user, verified=True).values("email")
    theirs = Q(person_id=person.pk) | Q(person_id=None, tenant_id=None, address__in=proved)
    return _told(person, theirs)


def _told(person: Person, theirs: Q) -> dict[str, Any]:
    """What was sent to a person (`theirs`: which messages are), and what they chose."""
    sent = Message.objects.filter(theirs).order_by("-created_at")
    said = ConsentChange.objects.filter(recipient=recipients.person(person.pk)).order_by("at")
    columns = ("created_at", "channel", "topic", "address", "subject", "state", "reason", "sent_at")
    arrived = Notification.objects.filter(person_id=person.pk).order_by("-created_at")
    seen = ("created_at", "title", "text", "path", "expires_at", "read_at", "dismissed_at")
    return {
        "messages": list(sent.values(*columns)[:MOST]),
        "notifications": list(arrived.values(*seen)[:MOST]),
        "message_choices": list(
            said.values("at", "topic", "channel", "given", "source", "text_shown")
        ),
    }
