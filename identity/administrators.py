"""The first administrator of an installation, who comes by a code that their mailbox shows.

Nobody types a password into a shell, where it stays in its history: a login without one is made, and
its rights count from the first sign-in with a mailed code, which proves the address.
"""

from __future__ import annotations

from allauth.account import app_settings
from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from allauth.core.internal.cryptokit import generate_user_code
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet

from identity.addresses import normal
from identity.models import User
from identity.proofs import claims, mailed_codes

_TEMPLATE = "account/email/administrator"


class ThereIsOne(Exception):
    """An administrator looks after this installation already: they give rights to others."""

    def __init__(self, emails: list[str]) -> None:
        self.emails = emails
        super().__init__(", ".join(emails))


def working() -> QuerySet[User]:
    """Administrators whose rights count: active, and their address is proved."""
    proved = EmailAddress.objects.filter(
        user=OuterRef("pk"), email=OuterRef("email"), verified=True
    )
    return User.objects.filter(Exists(proved), is_superuser=True, is_active=True)


@transaction.atomic
def begin(email: str) -> bool:
    """Make the first one, or mail the code again. False: the address was proved before, so the rights
    count at once and nothing is mailed. Raises NotAnAddress, ThereIsOne."""
    stored = normal(email)
    with connection.cursor() as cursor:  # two operators at once
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('first administrator', 16))")
    if emails := list(working().values_list("email", flat=True)[:5]):
        raise ThereIsOne(emails)
    if (owner := claims.proved(stored)) is not None:
        User.objects.filter(pk=owner.user_id).update(is_staff=True, is_superuser=True)
        return False
    begun = User.objects.filter(email=stored, is_superuser=True, is_active=True)
    if not begun.exists():
        user = User.objects.create_superuser(stored)
        EmailAddress.objects.create(user=user, email=stored, primary=True)
    new = generate_user_code(**app_settings.LOGIN_BY_CODE_FORMAT)
    code = mailed_codes.current(stored, new=new)
    get_adapter().send_mail(_TEMPLATE, stored, {"code": code})
    return True
