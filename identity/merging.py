"""Two sign-ups with one address become one user, as soon as the address is proved.

A sign-up with an address that is in use goes through like any other (so nobody learns that it is in
use) and makes a user of its own, unverified. Whoever opens the verification mail owns the mailbox,
so what was started under the second user belongs to the first.
"""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.contrib.auth import login
from django.db import transaction
from django.http import HttpRequest

from identity.models import Person, PersonAlias, User
from identity.persons import person_of
from identity.signals import users_merged


def verified_owner(address: EmailAddress) -> User | None:
    """The other user who has proved this address, if there is one."""
    other = (
        EmailAddress.objects.filter(email__iexact=address.email, verified=True)
        .exclude(user_id=address.user_id)
        .select_related("user")
        .first()
    )
    return other.user if other else None


@transaction.atomic
def merge(*, kept: User, merged: User) -> None:
    """Move aliases and, through `users_merged`, memberships to `kept`; retire `merged`."""
    PersonAlias.objects.filter(person__user=merged).update(person=person_of(kept))
    users_merged.send(sender=User, kept=kept, merged=merged)
    Person.objects.filter(user=merged).update(user=None)
    merged.delete()


def switch_sign_in(request: HttpRequest, user: User) -> None:
    """Go on as `user`; the session of the retired user ends."""
    request.session.flush()
    login(request, user, backend="allauth.account.auth_backends.AuthenticationBackend")
