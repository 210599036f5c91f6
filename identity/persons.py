"""From a request to the person behind it, and from a browser's history to a known person."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

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
    with transaction.atomic(savepoint=False):
        if PersonAlias.objects.bind(anonymous_id, person):
            events.record_with_row(
                PERSON_IDENTIFIED.name,
                person=person,
                anonymous_id=anonymous_id,
                properties={"anonymous_id": str(anonymous_id)},
            )
    return person
