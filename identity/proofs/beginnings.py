"""What was begun with an address before anybody had proved it, and what becomes of it then.

Anybody can sign up with anybody's address. Who proves it later must not share the account with whoever
did, and must not find somebody else's things in it without a word.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from allauth.account.models import EmailAddress
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from events import new_rows
from events.limits import client_address
from identity.models import Beginning, User
from identity.proofs import claims
from identity.signals import begun_asked, begun_by_another, begun_discarded

_NAME_LENGTH = 60
_NOTED = "_beginning"  # of a request


@dataclass(frozen=True)
class Begun:
    """One sign-up: who it says to be, since when, from where ("" unknown), and the names of what it
    has begun. Names were typed by whoever signed up."""

    user: User
    name: str
    email: str
    at: datetime
    client_address: str
    things: tuple[str, ...]


def note(user: User, *, request: HttpRequest, begins: str) -> Beginning:
    """Remember where this sign-up comes from; `begins` is the name of what is begun with it."""
    noted = Beginning(user=user, email=user.email, client_address=client_address(request.META))
    new_rows.insert(noted)
    noted.things = (begins,)
    setattr(request, _NOTED, noted)
    return noted


def is_new(request: HttpRequest) -> bool:
    """Whether this request makes an account, which has nothing yet but what it is given here."""
    return hasattr(request, _NOTED)


def just_noted(request: HttpRequest, whose: User | EmailAddress) -> Beginning | None:
    """The beginning of a user, or of the user of an address, if it is this very request's."""
    noted: Beginning | None = getattr(request, _NOTED, None)
    whom = whose.user_id if isinstance(whose, EmailAddress) else whose.pk
    return noted if noted is not None and noted.user_id == whom else None


def of(user: User, *, noted: Beginning | None = None) -> Begun:
    """What this user has begun; `noted` where that is known already."""
    found = noted or Beginning.objects.filter(user=user).first()
    if noted is not None and noted.things:
        things = noted.things
    else:
        answers = begun_asked.send(sender=User, user=user)
        things = tuple(name for _, names in answers for name in names or ())
    return Begun(
        user=user,
        name=user.name,
        email=found.email if found else user.email,
        at=found.at if found else user.date_joined,
        client_address=(found.client_address or "") if found else "",
        things=things,
    )


def for_mail(email: str, *, only: User | None = None) -> list[Begun]:
    """What a mail to an address that nobody has proved tells about it (or about one sign-up of it),
    with names made harmless."""
    found = [only] if only else claims.candidates(email, most=5)
    if not found or claims.has_proved(found[0]):
        return []
    return [harmless(of(user)) for user in found]


def harmless(begun: Begun) -> Begun:
    """A stranger typed these names: in a mail they are one short line without an address in it."""
    things = tuple(_plain(name) for name in begun.things[:5])
    return Begun(
        begun.user, _plain(begun.name), begun.email, begun.at, begun.client_address, things
    )


@transaction.atomic
def have_ended(user: User, *, now: datetime | None = None) -> None:
    """Somebody else than who had begun has proved the address: ask them what they keep."""
    begun_by_another.send(sender=User, user=user)
    _put(user, ended_at=now or timezone.now(), to_ask=bool(of(user).things))


def ask_about_others(user: User) -> None:
    """Others have signed up with the address that this user has just proved."""
    _put(user, to_ask=True)


def is_to_ask(user: User) -> bool:
    """Whether the person has yet to be shown what was begun with their address."""
    return Beginning.objects.filter(user=user, to_ask=True).exists()


def is_own_to_ask(user: User) -> bool:
    """Whether that is, or includes, what stands in the user's own account."""
    return Beginning.objects.filter(user=user, to_ask=True).exclude(ended_at=None).exists()


def answered(user: User) -> None:
    """They have been asked."""
    Beginning.objects.filter(user=user).update(to_ask=False)


@transaction.atomic
def discard(user: User) -> None:
    """Throw away what the user had begun; the account itself stays, empty."""
    begun_discarded.send(sender=User, user=user)
    user.name = ""
    user.save(update_fields=["name"])
    answered(user)


def _put(user: User, **values: object) -> None:
    known = {"email": user.email, "at": user.date_joined}
    Beginning.objects.update_or_create(
        user=user, defaults=values, create_defaults={**known, **values}
    )


def _plain(name: str) -> str:
    """Letters, digits and a few signs; no full stop before a letter, so that nothing becomes a link."""
    kept = "".join(sign if sign.isalnum() or sign in " -'&,." else " " for sign in name)
    return " ".join(re.sub(r"\.(?=\S)", ". ", kept).split())[:_NAME_LENGTH]
