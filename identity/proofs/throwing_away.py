"""Throwing away a sign-up that somebody else began with an address of one's own.

It moves nothing to anybody: so it needs no room, and whoever proved the address may always do it, the
staff among them. What was thrown away counts for nobody; for as long as a joining it can be undone.
"""

from __future__ import annotations

from datetime import datetime

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from identity.models import Merge, User
from identity.proofs import beginnings, claims, merging
from identity.signals import begun_discarded, discard_undone
from identity.signing_in import credentials


def refusal(*, by: User, thrown: User) -> str:
    """Why this sign-up is not this person's to throw away, in words; "" if it is."""
    if by.pk == thrown.pk or not by.is_active or not thrown.is_active:
        return "There is nothing to throw away any more."
    if claims.has_proved(thrown):
        return "That account has a verified address of its own. It belongs to somebody."
    if not claims.has_proved(by):
        return "Verify the address of your account first."
    if merging.has_rights(thrown):
        return "Accounts of people who look after this website are not thrown away."
    return ""


@transaction.atomic
def throw_away(thrown: User, *, by: User) -> Merge:
    """Nobody signs in to it any more, and what it began goes. Mails both addresses.

    The caller has asked whether this person may. Raises NotJoined.
    """
    held = merging.locked(by, thrown)
    by, thrown = held[by.pk], held[thrown.pk]
    if why := refusal(by=by, thrown=thrown):
        raise merging.NotJoined(why)
    things = beginnings.of(thrown).things
    thrown.is_active = False
    thrown.save(update_fields=["is_active"])
    credentials.end_given_out(thrown)
    answers = begun_discarded.send(sender=User, user=thrown)
    went = {receiver.__module__: answer for receiver, answer in answers}
    made = Merge.objects.create(kept=by, merged=thrown, moved={Merge.THROWN_AWAY: went})
    page = reverse("account_begun", urlconf=settings.PUBLIC_SCHEMA_URLCONF)
    context = {
        "made": made,
        "things": things,
        "days": merging.UNDO.days,
        "begun_url": settings.SITE_URL + page,
    }
    for email in {by.email, thrown.email}:
        get_adapter().send_mail("account/email/sign_up_thrown_away", email, context)
    return made


@transaction.atomic
def bring_back(made: Merge, *, by: User, now: datetime | None = None) -> None:
    """It is a sign-up of its own again, with what it had begun. Raises NotJoined."""
    found = Merge.objects.select_for_update().filter(pk=made.pk, kept=by).first()
    if found is None or found.at + merging.UNDO <= (now or timezone.now()):
        raise merging.NotJoined("This can no longer be undone.")
    thrown = merging.locked(found.merged)[found.merged_id]
    thrown.is_active = True
    thrown.save(update_fields=["is_active"])
    discard_undone.send(sender=User, user=thrown, by=by, went=found.moved[Merge.THROWN_AWAY])
    found.delete()
