"""Joining two sign-ups of one human, and taking them apart again.

A sign-up with an address that is in use goes through like any other, so nobody learns that it is in use,
and makes a user of its own. Only such a one, which has proved nothing, is ever joined into another; who
asks for it has shown both sides to be theirs. Nobody is deleted: for some days it can be undone.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from allauth.account.adapter import get_adapter
from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from identity.models import Merge, PersonAlias, User
from identity.persons import person_of
from identity.proofs import beginnings, claims
from identity.signals import merge_undone, users_merged
from identity.signing_in import credentials

log = structlog.get_logger()
UNDO = timedelta(days=30)


class NotJoined(Exception):
    """These two are not joined (or taken apart); the message says why, for the person."""


def refusal(*, kept: User, merged: User) -> str:
    """Why these two may not be joined, in words; "" if they may."""
    if kept.pk == merged.pk or not kept.is_active or not merged.is_active:
        return "There is nothing to join any more."
    if claims.has_proved(merged):
        return "Both accounts have a verified address. Two such accounts are not joined."
    if not claims.has_proved(kept):
        return "Verify the address of your account first."
    if any(has_rights(user) for user in (kept, merged)):
        return "Accounts of people who look after this website are not joined."
    return ""


@transaction.atomic
def merge(*, kept: User, merged: User) -> Merge:
    """What `merged` has begun is `kept`'s from now on, and nobody signs in as `merged` any more.

    The caller has asked whether this person may. Raises NotJoined. Mails both addresses.
    """
    held = locked(kept, merged)
    kept, merged = held[kept.pk], held[merged.pk]
    if why := refusal(kept=kept, merged=merged):
        raise NotJoined(why)
    names = beginnings.of(merged)
    aliases = PersonAlias.objects.filter(person__user=merged)
    moved: dict[str, object] = {__name__: [str(pk) for pk in aliases.values_list("pk", flat=True)]}
    aliases.update(person=person_of(kept))
    answers = users_merged.send(sender=User, kept=kept, merged=merged)
    moved |= {receiver.__module__: answer for receiver, answer in answers}
    merged.is_active = False
    merged.save(update_fields=["is_active"])
    credentials.end_given_out(merged)
    made = Merge.objects.create(kept=kept, merged=merged, moved=moved)
    _tell("joined", made, things=names.things)
    return made


@transaction.atomic
def undo(made: Merge, *, by: User, now: datetime | None = None) -> None:
    """Take the two apart again, as they were. Raises NotJoined."""
    found = Merge.objects.select_for_update().filter(pk=made.pk, kept=by).first()
    if found is None or found.at + UNDO <= (now or timezone.now()):
        raise NotJoined("This can no longer be undone.")
    held = locked(by, found.merged)
    kept, merged = held[by.pk], held[found.merged_id]
    merged.is_active = True
    merged.save(update_fields=["is_active"])
    aliases = PersonAlias.objects.filter(pk__in=found.moved.get(__name__, []))
    aliases.filter(person__user=kept).update(person=person_of(merged))
    merge_undone.send(sender=User, kept=kept, merged=merged, moved=found.moved)
    _tell("taken_apart", found, things=beginnings.of(merged).things)
    found.delete()


def open_merges(user: User, *, now: datetime | None = None) -> list[Merge]:
    """What this person can still undo."""
    since = (now or timezone.now()) - UNDO
    return list(Merge.objects.filter(kept=user, at__gt=since).select_related("merged"))


def forget_expired(
    *, failed: Callable[[object, Exception], object], now: datetime | None = None
) -> int:
    """Delete sign-ups whose joining can no longer be undone; returns how many went.

    `failed(key, error)` is told of each that could not be, which ends nothing for the others.
    """
    over = Merge.objects.filter(at__lte=(now or timezone.now()) - UNDO).select_related("merged")
    gone = 0
    for made in over:
        try:
            with transaction.atomic():
                made.merged.delete()
                gone += 1
        except Exception as error:
            failed(made.pk, error)
    return gone


def locked(*users: User) -> dict[object, User]:
    """Their rows, held until the commit, in one order for all."""
    rows = User.objects.filter(pk__in=[user.pk for user in users])
    return {user.pk: user for user in rows.select_for_update().order_by("pk")}


def has_rights(user: User) -> bool:
    """Whether this account looks after the website or the installation."""
    return user.is_staff or user.is_superuser or user.groups.exists()


def _tell(what: str, made: Merge, *, things: tuple[str, ...]) -> None:
    """Mail both addresses: one of the two may not have wanted it."""
    assert made.kept is not None  # noqa: S101 - it was locked a moment ago
    page = reverse("account_begun", urlconf=settings.PUBLIC_SCHEMA_URLCONF)
    context = {
        "made": made,
        "things": things,
        "days": UNDO.days,
        "begun_url": settings.SITE_URL + page,
    }
    for email in {made.kept.email, made.merged.email}:
        get_adapter().send_mail(f"account/email/accounts_{what}", email, context)
