"""Who may send people here to sign in: clients with exact addresses.

Ours are confidential. A secret is shown once and kept as a hash; that of a client which is this very
program is made from SECRET_KEY whenever it is needed, and stands nowhere.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from typing import Any

from allauth.idp.oidc.models import Client
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction

from identity.models import DerivedSession, Grant

SCOPES = ("openid", "profile", "email")


def known(scopes: str) -> list[str]:
    """Those of a `scope` parameter that mean something here; others are ignored (Core 3.1.2.1)."""
    return [scope for scope in dict.fromkeys(scopes.split()) if scope in SCOPES]


def own_secret(client_id: str) -> str:
    """The secret of a client that is part of this program."""
    text = f"oidc-client:{client_id}".encode()
    return hmac.new(settings.SECRET_KEY.encode(), text, hashlib.sha256).hexdigest()


def save(
    client_id: str,
    *,
    name: str,
    secret: str,
    redirect_uris: Sequence[str],
    signed_out_uris: Sequence[str],
    scopes: Sequence[str] = SCOPES,
    first_party: bool = True,
    may_refresh: bool = True,
) -> Client:
    """Make the client, or give it these addresses. `first_party` ones need no consent page."""
    client = Client.objects.filter(pk=client_id).first() or Client(id=client_id)
    client.name, client.type, client.skip_consent = name[:100], "confidential", first_party
    client.set_secret(secret)
    client.set_scopes(list(scopes))
    refresh = [Client.GrantType.REFRESH_TOKEN] if may_refresh else []
    client.set_grant_types([Client.GrantType.AUTHORIZATION_CODE, *refresh])
    client.set_redirect_uris(list(redirect_uris))
    client.set_post_logout_redirect_uris(list(signed_out_uris))
    client.save()
    return client


@transaction.atomic
def retire(client_id: str) -> None:
    """The client is gone: its tokens, and every session that began with one."""
    Client.objects.filter(pk=client_id).delete()
    Grant.objects.filter(client_id=client_id).delete()
    end_sessions(client_id=client_id)


def end_sessions(**which: Any) -> int:
    """Sign out, at clients of this program, those sign-ins (`client_id`, `sid`, `session_key` or
    `user`)."""
    rows = DerivedSession.objects.filter(**which)
    Session.objects.filter(session_key__in=rows.values("session_key")).delete()
    ended, _ = rows.delete()
    return ended
