"""What happens when somebody proves that an address is theirs, by whichever way.

A mailed link, a sign-in code and a new password all end in allauth's `email_confirmed`, and the one
receiver below. The rule: what was given out before the first proof of an address survives only if the
proof comes from a browser that is signed in as that user. Whoever signed up with somebody else's
address cannot be that.
"""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.models import EmailAddress
from allauth.account.signals import email_confirmed
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

import events
from identity.event_types import EMAIL_VERIFIED
from identity.models import User
from identity.persons import person_of
from identity.proofs import beginnings, claims
from identity.signing_in import credentials

LATELY = 15 * 60  # seconds in which a proof is "at this moment"
_PROVED = "proved_address"  # in the session: [address, seconds since 1970]
_BY_MAIL = {"code", "password_reset"}  # allauth's names of ways to sign in that take a mailbox


def may_prove(request: HttpRequest, address: EmailAddress) -> bool:
    """A further address of an account is proved by who is signed in there, and nobody else.

    Somebody may have been added by mistake, and would get an account; or have been added by somebody
    else at the account's open computer.
    """
    is_main = address.email == address.user.email
    is_only_claim = is_main and not claims.has_proved(address.user)
    return is_only_claim or is_signed_in_as(request, address.user)


def is_signed_in_as(request: HttpRequest, user: User) -> bool:
    """Whether this browser is."""
    return bool(request.user.is_authenticated and request.user.pk == user.pk)


@transaction.atomic
def prove(request: HttpRequest, user: User, email: str) -> bool:
    """The mailbox's holder is here, and goes on as this user. False: it is somebody else's."""
    row = claims.row_of(user, email)
    return row.verified or get_adapter().confirm_email(request, row)


def begin_proved(request: HttpRequest, user: User) -> None:
    """This user was made just now, by a link in a mail to the address, which is proved with it."""
    note(request, user.email)
    if claims.others(user, most=1):
        beginnings.ask_about_others(user)


def note(request: HttpRequest, email: str) -> None:
    """This browser's person has just shown that the mailbox is theirs."""
    request.session[_PROVED] = [email, timezone.now().timestamp()]


def is_proved_now(request: HttpRequest, email: str) -> bool:
    """Whether this browser's person has shown within `LATELY` that the mailbox is theirs."""
    since = timezone.now().timestamp() - LATELY
    noted, at = request.session.get(_PROVED) or ("", 0)
    return (noted == email and at > since) or any(
        record["method"] in _BY_MAIL and record.get("email") == email and record["at"] > since
        for record in get_authentication_records(request, request.user)
    )


@receiver(email_confirmed)
def on_proof(request: HttpRequest, email_address: EmailAddress, **_: Any) -> None:
    """Runs in the transaction of the proof; see above for the rule."""
    user = email_address.user
    if user.email != email_address.email and not user.has_verified_email:
        email_address.set_as_primary()  # mail goes where somebody reads it
    is_first = not (
        EmailAddress.objects.filter(user=user, verified=True).exclude(pk=email_address.pk).exists()
    )
    note(request, email_address.email)
    events.record_with_row(EMAIL_VERIFIED.name, person=person_of(user))
    if is_first and not is_signed_in_as(request, user):
        credentials.end(user)
        beginnings.have_ended(user)
    if claims.others(user, most=1):
        beginnings.ask_about_others(user)
