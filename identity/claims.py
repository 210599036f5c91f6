"""Who has proved an address, and who only says that it is theirs."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.db import connection
from django.db.models import Exists, OuterRef

from identity.addresses import NotAnAddress, normal
from identity.models import User


def proved(email: str) -> EmailAddress | None:
    """The row of whoever has proved that this address is theirs (one at most), with the user."""
    try:
        stored = normal(email)
    except NotAnAddress:
        return None
    rows = EmailAddress.objects.filter(email=stored, verified=True).select_related("user")
    return rows.first()


def prove_one_by_one(email: str) -> None:
    """Whoever proves this address from here on comes after the current transaction. It is held before
    anything else: users, workspaces, memberships."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 15))", [normal(email)])


def has_proved(user: User) -> bool:
    """Whether this user has proved any address."""
    return EmailAddress.objects.filter(user=user, verified=True).exists()


def candidates(email: str) -> list[User]:
    """Whom the holder of this mailbox may sign in as: the one who has proved it, else all whose main
    address it is and who have proved nothing, the oldest first.

    Who has proved another address, or has this one beside their main one, is none of them: they may
    have mistyped it.
    """
    if (owner := proved(email)) is not None:
        return [owner.user] if owner.user.is_active else []
    try:
        stored = normal(email)
    except NotAnAddress:
        return []
    return list(_unproved(stored).order_by("date_joined", "pk"))


def others(user: User, *, most: int = 20) -> list[User]:
    """Sign-ups of others with an address that this user has proved: they never can prove it."""
    mine = EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True)
    rows = _unproved(*mine).exclude(pk=user.pk)
    return list(rows.order_by("date_joined", "pk")[:most])


def row_of(user: User, email: str) -> EmailAddress:
    """The row that says whether the user has proved this address; made when it is missing."""
    row, _ = EmailAddress.objects.get_or_create(user=user, email=normal(email))
    row.user = user  # the very object: a proof changes what a session is made from
    return row


def _unproved(*stored: str):  # type: ignore[no-untyped-def]
    have_proved = EmailAddress.objects.filter(verified=True, user=OuterRef("pk"))
    return User.objects.filter(email__in=stored, is_active=True).exclude(Exists(have_proved))
