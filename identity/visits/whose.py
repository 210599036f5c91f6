"""Whose a visit is, found out after the answer has left: a page of the website asks no database.

The event takes along the session, sealed; whoever stores it asks here, for many at once. The same holds
as for a request: the session is there, not over, of this host, and signed in as somebody who may be.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from events import later
from identity import cookies, sealing
from identity.models import User
from identity.persons import person_of
from identity.sessions import began_on

_ABOUT = "session of a visit"


def asked(request: HttpRequest) -> dict[str, str]:
    """What an event's context takes along, so that its person is found later; {} for a visitor."""
    key, _ = cookies.value_of(request, settings.SESSION_COOKIE_NAME)
    if not key or len(key) > 64 or cookies.foreign_host(request):
        return {}
    return {later.SESSION: sealing.seal(key, about=_ABOUT)}


def persons(sealed: Collection[str]) -> Mapping[str, UUID]:
    """The persons of those that are signed in."""
    keys = {word: key for word in sealed if (key := _opened(word))}
    rows = Session.objects.filter(
        session_key__in=set(keys.values()), expire_date__gt=timezone.now()
    )
    said = {row.session_key: row.get_decoded() for row in rows}
    ids = [data[SESSION_KEY] for data in said.values() if SESSION_KEY in data]
    users = {
        str(user.pk): user for user in User.objects.filter(pk__in=ids).select_related("person")
    }
    found = {
        key: person_of(user).pk
        for key, data in said.items()
        if (user := users.get(data.get(SESSION_KEY, ""))) and _is_good(data, user)
    }
    return {word: found[key] for word, key in keys.items() if key in found}


def _is_good(data: Mapping[str, Any], user: User) -> bool:
    """As django.contrib.auth.get_user judges."""
    if began_on(data) or not user.is_active:
        return False
    if data.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return False
    mine = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    return any(constant_time_compare(data.get(HASH_SESSION_KEY, ""), each) for each in mine)


def _opened(word: str) -> str:
    try:
        return sealing.open_sealed(word, about=_ABOUT)
    except sealing.NotOpened:
        return ""
