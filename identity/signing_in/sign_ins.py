"""Where somebody is signed in: noted when a session begins, seen now and then, ended from a list.

A row says only what the list shows. Whether a session is good is decided by the session itself, so an
old row harms nobody, and "sign out everywhere" also ends sessions that no row knows.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any

from allauth.idp.oidc.models import Token
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY, update_session_auth_hash
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import F
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from events import new_rows
from events.limits import client_address
from identity import cookies
from identity.models import DerivedSession, Grant, SignIn, User
from identity.oidc import clients

SEEN = "seen_at"  # in the session: seconds since the epoch
SEEN_EVERY = 60 * 60  # seconds; a write an hour, not a write a page
_OIDC_SIGN_IN = "oidc_sid"  # identity.oidc.views.SIGN_IN


@receiver(user_logged_in)
def note(request: HttpRequest | None, user: User, **_: Any) -> None:
    """A session has begun. It is written with the answer; the row waits for it in the list."""
    key = request.session.session_key if request is not None else None
    if request is None or not key:
        return
    request.session[SEEN] = time.time()
    new_rows.insert(SignIn(user=user, session_key=key, **_seen_from(request)))


def see(request: HttpRequest) -> None:
    """This session is in use; called with every answer, writes once an hour."""
    session = request.session
    if not session.accessed or SESSION_KEY not in session or not session.session_key:
        return
    if time.time() - session.get(SEEN, 0) < SEEN_EVERY or not request.user.is_authenticated:
        return
    session[SEEN] = time.time()
    SignIn.objects.update_or_create(
        session_key=session.session_key,
        defaults={"user": request.user, "seen_at": timezone.now(), **_seen_from(request)},
    )


def renamed(before: str, after: str) -> None:
    """A session goes on under another key, as it does when a password changes."""
    SignIn.objects.filter(session_key=before).update(session_key=after)
    DerivedSession.objects.filter(session_key=before).update(session_key=after)
    Grant.objects.filter(session_key=before).update(session_key=after)


def of(user: User, *, now: datetime | None = None) -> list[SignIn]:
    """Those that are good, the last one first. Forgets those that are not."""
    now = now or timezone.now()
    rows = list(SignIn.objects.filter(user=user).order_by("-seen_at", "-pk"))
    keys = [row.session_key for row in rows]
    good = Session.objects.filter(session_key__in=keys, expire_date__gt=now)
    mine = user.get_session_auth_hash()
    alive = {each.session_key for each in good if each.get_decoded().get(HASH_SESSION_KEY) == mine}
    # A session that begins this moment in another browser is written after its row.
    settled = SignIn.objects.filter(user=user, began_at__lt=now - timedelta(minutes=1))
    settled.exclude(session_key__in=alive).delete()
    return [row for row in rows if row.session_key in alive]


@transaction.atomic
def end(sign_in: SignIn) -> None:
    """Sign this browser out: its session, and what began with it on workspaces' own domains."""
    session = Session.objects.filter(session_key=sign_in.session_key).first()
    if session is not None:
        if sid := session.get_decoded().get(_OIDC_SIGN_IN):
            clients.end_sessions(sid=sid)
        session.delete()
    clients.end_sessions(session_key=sign_in.session_key)
    sign_in.delete()


@transaction.atomic
def end_all(user: User, *, request: HttpRequest | None = None) -> None:
    """Sign `user` out everywhere, programs that got a token from us included.

    The session of `request` goes on. Whatever holds an older session hash is nobody's from here on.
    """
    User.objects.filter(pk=user.pk).update(sign_in_generation=F("sign_in_generation") + 1)
    user.refresh_from_db(fields=["sign_in_generation"])
    Grant.objects.filter(user=user).delete()  # first: whoever is refreshing a token holds it
    Token.objects.filter(user=user).delete()  # codes are tokens, too
    derived = DerivedSession.objects.filter(user=user)
    keys = [
        *derived.values_list("session_key", flat=True),
        *SignIn.objects.filter(user=user).values_list("session_key", flat=True),
    ]
    mine = request.session.session_key if request is not None else None
    keys = [key for key in keys if key != mine]
    Session.objects.filter(session_key__in=keys).delete()
    derived.delete()
    SignIn.objects.filter(session_key__in=keys).delete()
    if request is not None:
        update_session_auth_hash(request, user)


def tidy(*, now: datetime | None = None) -> int:
    """Remove sessions whose time is over, and rows of those that are gone; returns how many rows."""
    Session.objects.filter(expire_date__lt=now or timezone.now()).delete()
    gone = SignIn.objects.exclude(session_key__in=Session.objects.values("session_key"))
    return gone.delete()[0]


def _seen_from(request: HttpRequest) -> dict[str, Any]:
    return {
        "host": cookies.foreign_host(request),
        "ip": client_address(request.META),
        "user_agent": request.META.get("HTTP_USER_AGENT", "")[:300].replace("\0", ""),
    }
