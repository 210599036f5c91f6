"""Closing one's own account. What others depend on is handed over or deleted first.

However a user is deleted, Django's `pre_delete` comes first: there the layers above give back what is
held (`tenants.accounts`: seats, keys, offers), and here the person is forgotten. The person stays as a
number without a name: events of workspaces keep counting what they counted, and nobody can tell any
more who it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import Any

from django.db import transaction
from django.db.models import ProtectedError
from django.db.models.signals import post_delete, pre_delete
from django.dispatch import receiver

import events
from identity.event_types import ACCOUNT_CLOSED
from identity.models import Person, User
from identity.people import forgetting, subjects
from identity.persons import person_of
from identity.security import letters
from identity.signals import account_closing_asked
from identity.signing_in import sign_ins


@dataclass(frozen=True)
class Obstacle:
    """What has to happen first: in words, and where it can be done."""

    words: str
    ways: tuple[tuple[str, str], ...] = ()  # (label, address)


class NotYet(Exception):
    """Something stands in the way; `obstacles` says what."""

    def __init__(self, obstacles: list[Obstacle]) -> None:
        super().__init__("; ".join(each.words for each in obstacles))
        self.obstacles = obstacles


def obstacles(user: User) -> list[Obstacle]:
    """What stands in the way of closing this account now."""
    answers: Any = account_closing_asked.send(sender=User, user=user)
    found: list[Obstacle] = list(chain.from_iterable(answer for _, answer in answers))
    others = User.objects.filter(is_superuser=True, is_active=True).exclude(pk=user.pk)
    if user.is_superuser and not others.exists():
        words = "You are the only administrator of this installation. Make somebody else one first."
        found.append(Obstacle(words))
    return found


@transaction.atomic
def close(user: User) -> None:
    """End the account for good and mail a confirmation. Raises NotYet."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if found := obstacles(user):
        raise NotYet(found)
    addresses = letters.proved_addresses(user) or [user.email]
    events.record_with_row(ACCOUNT_CLOSED.name, person=person_of(user))
    try:
        user.delete()
    except ProtectedError as error:  # since we looked, the other owner has gone
        raise NotYet([Obstacle(str(error.args[0]))]) from error
    letters.say_goodbye(addresses)


@receiver(pre_delete, sender=User)
def sign_out_who_goes(instance: User, **_: Any) -> None:
    """Everywhere; and remember whom to forget, because what is given back still names the person."""
    sign_ins.end_all(instance)
    instance._leaves = list(Person.objects.filter(user=instance))  # type: ignore[attr-defined]


@receiver(post_delete, sender=User)
def forget_who_it_was(instance: User, **_: Any) -> None:
    for person in getattr(instance, "_leaves", ()):
        forgetting.forget(subjects.human(person.pk))
