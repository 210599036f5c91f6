"""What clients were given (code, access token, refresh token) ends with the sign-in it came from.

allauth names each permission that a person gives (its grant id) in the code and in every token that
follows from it; `Grant` says from which session of the site that came. Whether the session is still
somebody's is asked whenever a code or token is shown, so it does not matter how it ended: by
signing out, by its age, by another password, or because somebody deleted it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import uuid4

from allauth.idp.oidc.internal.oauthlib.utils import get_validator_context
from allauth.idp.oidc.models import Token
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from identity import signed_in_at
from identity.models import Grant, User
from identity.requests import UserRequest

SIGN_IN = "oidc_sid"  # in the site's session: a name for this sign-in that is no secret
_REUSE_NOTICED = timedelta(days=1)  # how long a used code is remembered
_CODE_LIVES = timedelta(minutes=5)  # longer than a code does
_AT_ONCE = 1_000
_USED_UP = "ur"  # a type of tokens that allauth never looks for: a refresh token of before


def begin(request: UserRequest, code: str) -> None:
    """This code was given to a client, for the sign-in of `request`."""
    token = Token.objects.by_value(code).filter(type=Token.Type.AUTHORIZATION_CODE).first()
    if token is None:
        return
    if SIGN_IN not in request.session:
        request.session[SIGN_IN] = str(uuid4())
    Grant.objects.create(
        id=token.get_grant_id(),
        client_id=token.client_id,
        user=request.user,
        session_key=request.session.session_key or "",
        sid=request.session[SIGN_IN],
        signed_in_at=signed_in_at.of(request),
    )


def is_good(value: str) -> bool:
    """Whether this code or token exists and the sign-in behind it goes on. If it is over, all that
    came of it ends here; so it does when a refresh token is used that was used up (RFC 9700, 4.14.2):
    one of the two who have it has stolen it."""
    token = Token.objects.valid().by_value(value).first() if value else None
    return token is not None and speaks(token)


def speaks(token: Token) -> bool:
    """The same, of a row that was found."""
    grant = Grant.objects.filter(pk=token.get_grant_id() or "").select_related("user").first()
    if grant is not None and token.type != _USED_UP and _goes_on(grant):
        return True
    if grant is not None:
        end([grant])
    token.delete()
    return False


def one_by_one(value: str) -> None:
    """Who uses what came of the same permission from here on comes after the current transaction."""
    token = Token.objects.by_value(value).first() if value else None
    if token is not None:
        list(Grant.objects.select_for_update().filter(pk=token.get_grant_id() or ""))


def remember_rotated(used: Token) -> None:
    """Keep a refresh token that was changed for another as long as it would have lived."""
    Token.objects.create(
        type=_USED_UP,
        hash=used.hash,
        client_id=used.client_id,
        user_id=used.user_id,
        data={"grant_id": used.get_grant_id()},
        expires_at=used.expires_at,
    )


def remember_used(code: str) -> None:
    """Keep a used code for a day, so that whoever uses it again ends what it gave (RFC 6749, 10.5)."""
    used = Token.objects.by_value(code).filter(type=Token.Type.AUTHORIZATION_CODE)
    used.update(expires_at=timezone.now() + _REUSE_NOTICED)


def of_this_answer() -> Grant | None:
    """The grant that the token endpoint is answering for."""
    context = get_validator_context()
    refreshed = context.refresh_token.get_grant_id() if context.refresh_token else None
    return Grant.objects.filter(pk=context.grant_id or refreshed or "").first()


@transaction.atomic
def end(grants: Iterable[Grant]) -> None:
    """Take back what these gave."""
    for grant in grants:
        Grant.objects.filter(pk=grant.pk).delete()  # first: whoever is using it holds it
        tokens = Token.objects.filter(client_id=grant.client_id, user_id=grant.user_id)
        tokens.filter(data__grant_id=grant.pk).delete()


def end_site_session(sid: str) -> None:
    """End the site's own session of this sign-in, wherever its browser is."""
    keys = Grant.objects.filter(sid=sid).values_list("session_key", flat=True)
    Session.objects.filter(session_key__in=list(keys)).delete()


def ends_at(sid: str) -> datetime | None:
    """When the site's session of this sign-in ends by itself; None for an unknown one."""
    keys = Grant.objects.filter(sid=sid).values_list("session_key", flat=True)
    rows = Session.objects.filter(session_key__in=list(keys)).order_by("-expire_date")
    return rows.values_list("expire_date", flat=True).first()


def forget_ended() -> int:
    """Delete expired codes and tokens, and grants whose session is gone. How many of the latter."""
    now = timezone.now()
    Token.objects.expired().delete()
    live = Session.objects.filter(expire_date__gt=now).values("session_key")
    old = Grant.objects.filter(created_at__lt=now - _CODE_LIVES).exclude(session_key__in=live)
    found = list(old.order_by("created_at")[:_AT_ONCE])
    end(found)
    return len(found)


def _goes_on(grant: Grant) -> bool:
    """The session is there, in time, and of this user with the password that they have now."""
    now, user = timezone.now(), grant.user
    row = Session.objects.filter(session_key=grant.session_key, expire_date__gt=now).first()
    if row is None or not user.is_active:
        return False
    said = row.get_decoded()
    return said.get(SESSION_KEY) == str(user.pk) and _is_hash_of(user, said.get(HASH_SESSION_KEY))


def _is_hash_of(user: User, said: str | None) -> bool:
    hashes = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    return any(constant_time_compare(said or "", known) for known in hashes)
