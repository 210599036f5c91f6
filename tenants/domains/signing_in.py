"""Signing in on a workspace's own domain: the client's half of OpenID Connect (code, PKCE, nonce).

What a sign-in needs to remember waits in a signed cookie of the domain, for ten minutes; the state in
it is accepted once. Nothing is stored for visitors who never come back.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import asdict, dataclass
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, login, logout
from django.core import signing
from django.core.cache import cache
from django.db import transaction
from django.http import HttpResponse
from django.urls import reverse

from identity import cookies, oidc, signing_in, standing
from identity.models import DerivedSession
from identity.persons import identify
from tenants.domains import service
from tenants.domains.models import CustomDomain, State
from tenants.hosts.members_only import is_for_members
from tenants.requests import HostRequest

COOKIE = "plg_sign_in"
SECONDS = 10 * 60
HERE = "here"  # stands for the domain, whatever its name
_SALT = "tenants.domains.signing_in"
_ID_TOKEN = "oidc_id_token"  # noqa: S105 - a key of the session
_BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


class NotSignedIn(Exception):
    """What came back from sign-in is not the answer to what this browser asked. For the log."""


@dataclass(frozen=True)
class Begun:
    """A sign-in that has left for the provider."""

    host: str
    state: str
    nonce: str
    verifier: str
    back: str  # path and query on this host


def claim_of(request: HostRequest) -> CustomDomain | None:
    """The domain that the request came to, if it is one that is served."""
    host = cookies.foreign_host(request)
    if not host or request.tenant is None:
        return None
    claims = CustomDomain.objects.for_tenant(request.tenant)
    return claims.filter(name=host, state__in=[State.SERVED, State.LOST]).first()


def claim_of_client(client_id: str) -> CustomDomain | None:
    """The served domain of a client at our provider."""
    try:
        key = UUID(client_id.removeprefix("domain-"))
    except ValueError:
        return None
    claims = CustomDomain.objects.select_related("tenant")
    return claims.filter(pk=key, state__in=[State.SERVED, State.LOST]).first()


def begin(request: HostRequest, claim: CustomDomain, *, back: str) -> HttpResponse:
    """Send the browser to the provider; `back` is where it wants to be afterwards, on this host."""
    begun = Begun(
        host=claim.name,
        state=secrets.token_urlsafe(24),
        nonce=secrets.token_urlsafe(24),
        verifier=secrets.token_urlsafe(48),
        back=safe_path(back),
    )
    digest = hashlib.sha256(begun.verifier.encode()).digest()
    query = {
        "client_id": claim.client_id,
        "redirect_uri": service.address(claim.name, service.CALLBACK),
        "response_type": "code",
        "scope": "openid",
        "state": begun.state,
        "nonce": begun.nonce,
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    path = reverse("idp:oidc:authorization", urlconf=settings.PUBLIC_SCHEMA_URLCONF)
    response = _to(f"{settings.SITE_URL}{path}?{urlencode(query)}")
    response.set_cookie(
        COOKIE,
        signing.dumps(asdict(begun), salt=_SALT, compress=True),
        max_age=SECONDS,
        path=reverse("domains:sign_in"),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


def finish(request: HostRequest, claim: CustomDomain) -> HttpResponse:
    """Check what came back and sign in on this host. Raises NotSignedIn, also for a second try."""
    begun = _begun(request, claim)
    if not request.GET.get("code"):
        raise NotSignedIn(request.GET.get("error", "no code")[:80])
    try:
        found = oidc.redeem(
            client_id=claim.client_id,
            code=request.GET["code"],
            verifier=begun.verifier,
            redirect_uri=service.address(claim.name, service.CALLBACK),
            nonce=begun.nonce,
        )
    except oidc.NotRedeemed as error:
        raise NotSignedIn(str(error)) from error
    with transaction.atomic():
        _sign_in(request, claim, found)
    return forget(_to(begun.back))


def _sign_in(request: HostRequest, claim: CustomDomain, found: oidc.SignIn) -> None:
    """A session here, while the site's goes on. Raises NotSignedIn."""
    standing.hold(found.user)
    ends = oidc.grant_ends_at(found.sid)
    if found.sid and ends is None:
        raise NotSignedIn("the sign-in has ended since")
    if before := request.session.session_key:  # who signs in again, or somebody else: a new session
        oidc.end_client_sessions(session_key=before)
    request.session.flush()
    login(request, found.user, backend=_BACKEND)
    identify(found.user, anonymous_id=request.anonymous_id)
    request.session[_ID_TOKEN] = found.id_token
    if ends:
        request.session.set_expiry(ends)  # no longer than the site's own
    request.session.save()
    DerivedSession.objects.create(
        session_key=request.session.session_key or "",
        sid=found.sid,
        client_id=claim.client_id,
        user=found.user,
    )


def sign_out(request: HostRequest, claim: CustomDomain) -> HttpResponse:
    """Sign out here and of the site, then go there (RP-Initiated Logout 1.0) and come back to say so.

    The site's session is ended from here: by the form that was posted, not by the redirect.
    """
    hint = request.session.get(_ID_TOKEN, "")
    if request.session.get(BACKEND_SESSION_KEY):
        mine = DerivedSession.objects.filter(session_key=request.session.session_key or "").first()
        if mine is not None:
            oidc.end_site_session(mine.sid)
            oidc.end_client_sessions(session_key=mine.session_key)
    logout(request)
    query = {
        "client_id": claim.client_id,
        "post_logout_redirect_uri": service.address(claim.name, service.SIGNED_OUT),
        **({"id_token_hint": hint} if hint else {}),
    }
    path = reverse("idp:oidc:logout", urlconf=settings.PUBLIC_SCHEMA_URLCONF)
    return _to(f"{settings.SITE_URL}{path}?{urlencode(query)}")


def forget(response: HttpResponse) -> HttpResponse:
    """The sign-in is over, well or not: its cookie goes."""
    response.delete_cookie(COOKIE, path=reverse("domains:sign_in"), samesite="Lax")
    return response


def safe_path(back: str) -> str:
    """A page for members on the same host, or "/": never a short link, which leads anywhere."""
    target = signing_in.read_target(back, here=HERE)
    inside = target is not None and target.host == HERE and is_for_members(target.path)
    return back if inside and len(back) <= 1000 else "/"


def _begun(request: HostRequest, claim: CustomDomain) -> Begun:
    try:
        begun = Begun(**signing.loads(request.COOKIES.get(COOKIE, ""), salt=_SALT, max_age=SECONDS))
    except (signing.BadSignature, TypeError) as error:
        raise NotSignedIn("no sign-in was begun in this browser") from error
    if begun.host != claim.name:
        raise NotSignedIn("begun on another domain")
    if not hmac.compare_digest(begun.state, request.GET.get("state", "")):
        raise NotSignedIn("another state")
    if not cache.add(f"sign-in-state:{begun.state}", 1, SECONDS):
        raise NotSignedIn("the state was used before")
    return begun


def _to(url: str) -> HttpResponse:
    return HttpResponse(status=302, headers={"Location": url, "Cache-Control": "no-store"})
