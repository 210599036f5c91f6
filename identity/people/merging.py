"""Two persons that are one human, and the way back.

A cookie, an `identify` or an `alias` never joins two: browsers are shared. A proved address does, and
staff, where at most one of the two has a login (two logins: `identity.proofs.merging`). Nothing is
moved, so that undoing it, whenever, gives exactly what was before.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from allauth.account.models import EmailAddress
from django.db import transaction
from django.utils import timezone

import events
from identity import event_types
from identity.models import Person, PersonMerge, User
from identity.people import attributes, subjects


class NotMerged(Exception):
    """These two are not joined, or not taken apart; the message says why."""


@transaction.atomic
def by_staff(
    one: UUID, other: UUID, *, by: User, reason: str, now: datetime | None = None
) -> PersonMerge:
    """Join two: who has a login is kept, else the one known for longer. Raises NotMerged."""
    if not reason.strip():
        raise NotMerged("Say why: whoever looks at this person later will ask.")
    return _merge(*_held(one, other), how=PersonMerge.How.STAFF, by=by, reason=reason, now=now)


@transaction.atomic
def by_proved_address(user: User) -> list[PersonMerge]:
    """Join to the user's person whoever without a login has proved one of the user's proved addresses."""
    proved = EmailAddress.objects.filter(user=user, verified=True).values("email")
    rows = Person.objects.filter(
        email__in=proved, user=None, merged_into=None, email_proved_at__isnull=False
    ).exclude(email="")
    made = []
    for person in rows.order_by("pk")[:100]:
        kept, merged = _held(user.person.pk, person.pk)
        made.append(_merge(kept, merged, how=PersonMerge.How.PROOF, by=None, reason="", now=None))
    return made


@transaction.atomic
def undo(made: PersonMerge, *, by: User | None, now: datetime | None = None) -> None:
    """Take two apart again, as they were. Raises NotMerged."""
    found = PersonMerge.objects.select_for_update().filter(pk=made.pk, undone_at=None).first()
    if found is None:
        raise NotMerged("This was undone before.")
    kept = subjects.roots([found.kept_id])[found.kept_id]
    Person.objects.filter(pk=found.merged_id).update(merged_into=None)
    found.undone_at, found.undone_by = now or timezone.now(), by
    found.save(update_fields=["undone_at", "undone_by"])
    attributes.refresh([kept, found.merged_id])
    _record(event_types.PERSONS_PARTED.name, found)


def of(person: Person) -> list[PersonMerge]:
    """What was joined to this person, or it to another, the newest first; undone ones, too."""
    ids = subjects.absorbed([person.pk])
    rows = PersonMerge.objects.filter(kept__in=ids) | PersonMerge.objects.filter(merged__in=ids)
    return list(rows.select_related("kept", "merged", "by", "undone_by").order_by("-at")[:100])


def _held(one: UUID, other: UUID) -> tuple[Person, Person]:
    """Both as they are today, their rows held: (kept, merged). Raises NotMerged."""
    today = subjects.roots([one, other])
    if len(today) < len({one, other}):
        raise NotMerged("One of the two is not there any more.")
    if today[one] == today[other]:
        raise NotMerged("These two are one person already.")
    rows = Person.objects.filter(pk__in=today.values()).order_by("pk")
    people = list(rows.select_for_update(no_key=True, of=["self"]))
    if len(people) != 2 or any(each.merged_into_id for each in people):  # changed since we looked
        raise NotMerged("One of the two has just changed. Look again.")
    first, second = sorted(people, key=lambda each: (each.user_id is None, each.created_at))
    if second.user_id is not None:
        raise NotMerged(
            "Both have a login. Its owner joins two accounts of their own, having shown both to be"
            " theirs."
        )
    return first, second


def _merge(
    kept: Person, merged: Person, *, how: PersonMerge.How, by: User | None, reason: str,
    now: datetime | None,
) -> PersonMerge:  # fmt: skip
    made = PersonMerge.objects.create(
        kept=kept, merged=merged, how=how, by=by, reason=reason.strip()[:300],
        at=now or timezone.now(),
    )  # fmt: skip
    Person.objects.filter(pk=merged.pk).update(merged_into=kept)
    attributes.refresh([kept.pk])
    _record(event_types.PERSONS_MERGED.name, made)
    return made


def _record(name: str, made: PersonMerge) -> None:
    """Whoever follows the log hears of it, with the merge itself."""
    events.record_with_row(
        name, person=made.kept, properties={"merged": str(made.merged_id), "how": made.how}
    )
