"""Who has proved an address, and who only says that it is theirs."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import connection
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, When

from identity.addresses import NotAnAddress, normal
from identity.models import User

MOST = 10  # sign-ups of one address that a page or a mail names, and a password is compared with


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


def candidates(email: str, *, most: int = MOST) -> list[User]:
    """Whom the holder of this mailbox may sign in as: the one who has proved it, else some of those whose
    main address it is and who have proved nothing (`_some`: anybody can sign up with it, how often ever).

    Who has proved another address, or has this one beside their main one, is none of them: they may
    have mistyped it.
    """
    if (owner := proved(email)) is not None:
        return [owner.user] if owner.user.is_active else []
    try:
        stored = normal(email)
    except NotAnAddress:
        return []
    return _some(_unproved(stored), most=most)


def is_closed(email: str) -> bool:
    """Whether the account of who has proved this address was closed by somebody who looks after us."""
    owner = proved(email)
    return owner is not None and not owner.user.is_active


def candidate(email: str, pk: UUID) -> User | None:
    """The one of all of them that has this key."""
    if (owner := proved(email)) is not None:
        return owner.user if owner.user.is_active and owner.user_id == pk else None
    try:
        return _unproved(normal(email)).filter(pk=pk).first()
    except NotAnAddress:
        return None


def with_password(email: str) -> list[User]:
    """With whose passwords one that was typed beside this address is compared: of who has proved it,
    else of some who say that it is theirs. Who may not sign in any more is among them."""
    if (owner := proved(email)) is not None:
        return [owner.user]
    try:
        stored = normal(email)
    except NotAnAddress:
        return []
    say_so = EmailAddress.objects.filter(email=stored, user=OuterRef("pk"))
    rows = User.objects.filter(Q(email=stored) | Q(Exists(say_so)))
    return _some(rows.exclude(password__startswith=UNUSABLE_PASSWORD_PREFIX), most=MOST)


def others(user: User, *, most: int = MOST) -> list[User]:
    """Sign-ups of others with an address that this user has proved: they never can prove it. Some of
    them; when those are decided about, it is the turn of the next."""
    return _some(_others(user), most=most)


def other(user: User, pk: UUID) -> User | None:
    """The one of all of them that has this key."""
    return _others(user).filter(pk=pk).first()


def row_of(user: User, email: str) -> EmailAddress:
    """The row that says whether the user has proved this address; made when it is missing."""
    row, _ = EmailAddress.objects.get_or_create(user=user, email=normal(email))
    row.user = user  # the very object: a proof changes what a session is made from
    return row


def _others(user: User) -> QuerySet[User]:
    mine = EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True)
    return _unproved(*mine).exclude(pk=user.pk)


def _some(rows: QuerySet[User], *, most: int) -> list[User]:
    """All of a few, the oldest first. Of many, half are those that somebody has come back to, then the
    newest; and half the oldest: whoever signs up by the hundred, before or after, pushes nobody out.
    """
    come_back = Q(last_login__gt=F("date_joined") + timedelta(minutes=1))
    found = list(
        rows.order_by(Case(When(come_back, then=0), default=1), "-date_joined", "pk")[:most]
    )
    if len(found) == most > 1:
        oldest = rows.order_by("date_joined", "pk")[: most // 2]
        found = list(dict.fromkeys([*found[: most - most // 2], *oldest, *found]))[:most]
    return sorted(found, key=lambda user: (user.date_joined, user.pk))


def _unproved(*stored: str) -> QuerySet[User]:
    have_proved = EmailAddress.objects.filter(verified=True, user=OuterRef("pk"))
    return User.objects.filter(email__in=stored, is_active=True).exclude(Exists(have_proved))
