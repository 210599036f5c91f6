"""The provider's endpoints. allauth answers; in front of it stand rules that are stricter than its own.

- Redirect addresses are compared as texts (OpenID Connect Core 3.1.2.1); allauth lets a query be added.
- PKCE with S256 is asked of every client (RFC 9700, 2.1.1), not of public ones only.
- A code is used once, also when two requests bring it at the same moment.
- There is no device flow, and no client registers itself.
"""

from __future__ import annotations

from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import uuid4

from allauth.idp.oidc import app_settings, views
from allauth.idp.oidc.models import Client
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from identity.oidc import codes, policy
from identity.oidc.signals import NotForThem, authorization_requested

SIGN_IN = "oidc_sid"  # in the site's session: a name for this sign-in that is no secret
ONCE = ("client_id", "redirect_uri", "response_type", "state", "nonce", "code_challenge")


@require_safe
def configuration(request: HttpRequest) -> JsonResponse:
    """OpenID Connect Discovery 1.0: what there is, and nothing that there is not."""
    here = settings.SITE_URL
    methods = [method for method in app_settings.AUTH_METHODS if method != "none"]
    response = JsonResponse(
        {
            "issuer": here,
            "authorization_endpoint": here + reverse("idp:oidc:authorization"),
            "token_endpoint": here + reverse("idp:oidc:token"),
            "userinfo_endpoint": here + reverse("idp:oidc:userinfo"),
            "revocation_endpoint": here + reverse("idp:oidc:revoke"),
            "end_session_endpoint": here + reverse("idp:oidc:logout"),
            "jwks_uri": here + reverse("idp:oidc:jwks"),
            "scopes_supported": ["openid", "profile", "email"],
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": methods,
        }
    )
    response["Access-Control-Allow-Origin"] = "*"
    return response


@csrf_exempt  # allauth's own view asks for the token when the consent form is posted
@never_cache
@require_http_methods(["GET", "POST"])
def authorize(request: HttpRequest) -> HttpResponse:
    """Ask whether this person may go back to the client with a code."""
    if request.method == "POST" and "request" in request.POST:
        return _with_sign_in(request, views.authorization(request))
    asked = request.POST if request.method == "POST" else request.GET
    twice = [name for name in ONCE if len(asked.getlist(name)) > 1]
    client = Client.objects.filter(pk=asked.get("client_id", "")).first()
    back = asked.get("redirect_uri", "")
    if twice or client is None or back not in client.get_redirect_uris():
        # Never a redirect: whoever made this address may own where it leads.
        return render(request, "idp/oidc/refused.html", status=400)
    if asked.get("code_challenge_method") != "S256" or not asked.get("code_challenge"):
        return _back(back, "invalid_request", asked.get("state", ""))
    if request.user.is_authenticated:
        try:
            authorization_requested.send(sender=Client, client=client, user=request.user)
        except NotForThem:
            return _back(back, "access_denied", asked.get("state", ""))
    elif asked.get("prompt") != "none":
        policy.expect(request, back)
    response = views.authorization(request)
    policy.allow(response, back)
    return _with_sign_in(request, response)


@csrf_exempt
@require_POST
def token(request: HttpRequest) -> HttpResponse:
    """Change a code, once, for tokens."""
    if request.POST.get("grant_type") == Client.GrantType.AUTHORIZATION_CODE:
        sid = codes.take(request.POST.get("code", ""))
        if sid is None:
            return JsonResponse({"error": "invalid_grant"}, status=400)
        request.oidc_sid = sid  # type: ignore[attr-defined]  # for the adapter's ID token
    return views.token(request)


def _with_sign_in(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Note for which sign-in of the site a code was given, so that both can end together."""
    code = parse_qs(urlsplit(response.get("Location", "")).query).get("code", [""])[0]
    if code and request.user.is_authenticated:
        if SIGN_IN not in request.session:
            request.session[SIGN_IN] = str(uuid4())
        codes.give(code, request.session[SIGN_IN], request.user)
    return response


def _back(redirect_uri: str, error: str, state: str) -> HttpResponse:
    query = urlencode({"error": error, **({"state": state} if state else {})})
    separator = "&" if urlsplit(redirect_uri).query else "?"
    return HttpResponseRedirect(f"{redirect_uri}{separator}{query}")
