"""The client's side of the exchange, for clients that are this program: code in, claims out.

The code goes to the very token endpoint that others call, but by a call, not by a connection: a web
process whose threads all wait for an answer of this same web process would wait for ever.
"""

from __future__ import annotations

import base64
import hmac
import io
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from allauth.core.context import request_context
from allauth.idp.oidc.internal.tokens import decode_jwt_token
from allauth.idp.oidc.models import Token
from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.urls import reverse

from identity.models import User
from identity.oidc import clients, views
from identity.oidc.adapter import OIDCAdapter


class NotRedeemed(Exception):
    """The code, the verifier or what came for them was not right. The text is for the log."""


@dataclass(frozen=True)
class SignIn:
    """What a checked ID token says; `sid` is the site's sign-in behind it, "" if unknown."""

    user: User
    id_token: str
    sid: str


def redeem(*, client_id: str, code: str, verifier: str, redirect_uri: str, nonce: str) -> SignIn:
    """Change a code for a checked ID token (OpenID Connect Core 3.1.3). Raises NotRedeemed.

    The other tokens are nobody's here, so they end at once.
    """
    answer = _post(
        client_id,
        grant_type="authorization_code",
        code=code,
        code_verifier=verifier,
        redirect_uri=redirect_uri,
    )
    for name in ("access_token", "refresh_token"):
        Token.objects.by_value(str(answer.get(name, ""))).delete()
    id_token = str(answer.get("id_token", ""))
    claims = decode_jwt_token(id_token, client_id=client_id, verify_exp=True, verify_iss=True)
    if claims is None:
        raise NotRedeemed(str(answer.get("error", "no valid ID token")))
    if not hmac.compare_digest(str(claims.get("nonce", "")), nonce):
        raise NotRedeemed("another nonce")
    user = OIDCAdapter().get_user_by_sub(None, str(claims.get("sub", "")))
    if user is None:
        raise NotRedeemed("nobody's subject")
    return SignIn(user, id_token, str(claims.get("sid", "")))


def _post(client_id: str, **fields: str) -> dict[str, Any]:
    """The token endpoint's answer (RFC 6749, 4.1.3), with client_secret_basic."""
    body = urlencode(fields).encode()
    who = base64.b64encode(f"{client_id}:{clients.own_secret(client_id)}".encode()).decode()
    site = urlsplit(settings.SITE_URL)
    request = WSGIRequest(
        {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": reverse("idp:oidc:token", urlconf=settings.PUBLIC_SCHEMA_URLCONF),
            "SERVER_NAME": site.hostname,
            "SERVER_PORT": str(site.port or 443),
            "HTTP_HOST": site.netloc,
            "HTTP_AUTHORIZATION": f"Basic {who}",
            "CONTENT_TYPE": "application/x-www-form-urlencoded",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
            "wsgi.url_scheme": site.scheme,
        }
    )
    with request_context(request):
        answer: dict[str, Any] = json.loads(views.token(request).content)
    return answer
