"""Which mails somebody may say no to, and who has. Upper layers register their kinds in `ready`."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db import transaction

from identity.models import MailChoice, User


@dataclass(frozen=True)
class Kind:
    """A kind of mail: `key` is stored, `label` and `text` stand on the page."""

    key: str
    label: str
    text: str


_kinds: dict[str, Kind] = {}


def register(*kinds: Kind) -> None:
    """Offer these on the page, in the order of registration."""
    for kind in kinds:
        _kinds[kind.key] = kind


def kinds() -> list[Kind]:
    return list(_kinds.values())


def refused_by(user: User) -> set[str]:
    """The keys of the kinds that this person does not want."""
    return set(MailChoice.objects.filter(user=user).values_list("kind", flat=True))


def who_want(kind: str, people: Iterable[User]) -> list[User]:
    """Those of `people` who have not said no to this kind, in the same order."""
    people = list(people)
    rows = MailChoice.objects.filter(kind=kind, user__in=people)
    refused = set(rows.values_list("user_id", flat=True))
    return [user for user in people if user.pk not in refused]


@transaction.atomic
def choose(user: User, *, wanted: Collection[str]) -> None:
    """From here on `user` gets these of the known kinds, and none of the others."""
    unwanted = {kind.key for kind in kinds()} - set(wanted)
    MailChoice.objects.filter(user=user).exclude(kind__in=unwanted).delete()
    MailChoice.objects.bulk_create(
        [MailChoice(user=user, kind=kind) for kind in sorted(unwanted)], ignore_conflicts=True
    )
