"""From a request to the person behind it, and from a browser's history to a known person."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth.signals import user_logged_in
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest

import events
from events import new_rows
from identity.event_types import PERSON_IDENTIFIED
from identity.models import Person, PersonAlias, User


def person_of(user: User) -> Person:
    """The person of a user; made on first use."""
    try:
        return user.person
    except Person.DoesNotExist:
        person, _ = Person.objects.get_or_create(
            user=user, defaults={"email": user.email, "name": user.name}
        )
        return person


def begin(user: User) -> Person:
    """The person of a user who was made just now, in the same transaction."""
    person = Person(user=user, email=user.email, name=user.name)
    new_rows.insert(person)
    return person


def identify(user: User, *, anonymous_id: UUID | None) -> Person:
    """Bind what this browser did before to the user's person, once. Returns the person.

    The event is a row beside that of the binding: neither is without the other.
    """
    person = person_of(user)
    if anonymous_id is None:
        return person
    user.bound_browser = anonymous_id  # so that the sign-in of the same request does not ask again
    with transaction.atomic(savepoint=False):
        if PersonAlias.objects.bind(anonymous_id, person):
            events.record_with_row(
                PERSON_IDENTIFIED.name,
                person=person,
                anonymous_id=anonymous_id,
                properties={"anonymous_id": str(anonymous_id)},
            )
    return person


@receiver(user_logged_in)
def join_history(request: HttpRequest | None, user: User, **_: Any) -> None:
    """Whoever signs in did what this browser did, unless it is somebody's already."""
    anonymous_id = getattr(request, "anonymous_id", None)
    if anonymous_id is not None and user.bound_browser != anonymous_id:
        identify(user, anonymous_id=anonymous_id)
