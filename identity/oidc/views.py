"""The provider's endpoints. allauth answers; in front of it stand rules that are stricter than its own.

- Redirect addresses are compared as texts (OpenID Connect Core 3.1.2.1); allauth lets a query be added.
- PKCE with S256 is asked of every client (RFC 9700, 2.1.1), not of public ones only.
- What was given ends with the session it came from (`grants`).
- Nobody is signed out by a link. There is no device flow, and no client registers itself.
"""

from __future__ import annotations

from typing import cast
from urllib.parse import parse_qs, urlencode, urlsplit

from allauth.account.adapter import get_adapter
from allauth.core.internal.httpkit import add_query_params
from allauth.idp.oidc import views
from allauth.idp.oidc.internal.tokens import decode_jwt_token
from allauth.idp.oidc.models import Client, Token
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from identity.oidc import asked, clients, discovery, grants, policy
from identity.oidc.signals import NotForThem, authorization_requested
from identity.requests import UserRequest
from identity.security import recent


@require_safe
def configuration(request: HttpRequest) -> JsonResponse:
    """What other programs need to know to send people here."""
    return JsonResponse(discovery.document(), headers={"Access-Control-Allow-Origin": "*"})


@csrf_exempt  # allauth's own view asks for the token when the consent form is posted
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def authorize(request: HttpRequest) -> HttpResponse:
    """Ask whether this person may go back to the client with a code."""
    if request.method == "POST":
        if "request" in request.POST and "client_id" not in request.POST:
            return _with_grant(request, views.authorization(request))
        # As a link, so that the cookies of the site come along.
        there = reverse("idp:oidc:authorization")
        return HttpResponseRedirect(f"{there}?{request.POST.urlencode()}")
    try:
        return _authorize(request, asked.read(request.GET))
    except asked.NobodyToAnswer:
        # Never a redirect: whoever made this address may own where it leads.
        return render(request, "idp/oidc/refused.html", status=400)
    except asked.Refused as refused:
        return _back(refused)


def _authorize(request: HttpRequest, question: asked.Asked) -> HttpResponse:
    back = question.redirect_uri
    if not request.user.is_authenticated:
        if question.is_silent:
            raise question.refused("login_required")
        question.said_again()  # they are about to sign in anyway
        policy.expect(request, back)
    else:
        try:
            authorization_requested.send(sender=Client, client=question.client, user=request.user)
        except NotForThem:
            raise question.refused("access_denied") from None
        if question.wants_sign_in_again(cast(UserRequest, request)):
            return _ask_again(request, question)
    if question.is_silent and question.client.skip_consent:
        question.said_silently()
    question.give_to(request)
    response = views.authorization(request)
    policy.allow(response, back)
    return _with_grant(request, response)


def _ask_again(request: HttpRequest, question: asked.Asked) -> HttpResponse:
    """To the page that asks for the password once more (or another proof), and back here."""
    if question.is_silent or not recent.can_be_asked(request.user):
        raise question.refused("login_required")
    ways = get_adapter().get_reauthentication_methods(request.user)
    policy.expect(request, question.redirect_uri)
    question.said_again()
    question.give_to(request)
    there = {REDIRECT_FIELD_NAME: request.get_full_path()}
    return HttpResponseRedirect(add_query_params(ways[0]["url"], there))


@csrf_exempt
@require_POST
def token(request: HttpRequest) -> HttpResponse:
    """Change a code, once, or a refresh token for tokens. What nobody gave costs no password hash."""
    kind = request.POST.get("grant_type", "")
    names = {
        Client.GrantType.AUTHORIZATION_CODE: "code",
        Client.GrantType.REFRESH_TOKEN: "refresh_token",
    }
    value = request.POST.get(names.get(kind, ""), "")
    if kind not in names:
        return views.token(request)
    with transaction.atomic():
        grants.one_by_one(value)
        if not grants.is_good(value):
            return JsonResponse({"error": "invalid_grant"}, status=400)
        return _exchanged(request, kind, value)


def _exchanged(request: HttpRequest, kind: str, value: str) -> HttpResponse:
    if "scope" in request.POST:  # clients repeat what they asked for, with what was ignored then
        said = request.POST.copy()
        said["scope"] = " ".join(clients.known(request.POST["scope"]))
        request.POST = said  # type: ignore[assignment]
    used = Token.objects.by_value(value).get()
    response = views.token(request)
    if response.status_code != 200:
        return response
    if kind == Client.GrantType.AUTHORIZATION_CODE:
        grants.remember_used(value)
    else:
        grants.remember_rotated(used)
    return response


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def user_info(request: HttpRequest) -> HttpResponse:
    """Whom an access token speaks of, as long as that sign-in goes on (`OIDCAdapter.get_claims`)."""
    return views.user_info(request)


@csrf_exempt  # allauth's own view asks for the token where a person is asked
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def logout(request: HttpRequest) -> HttpResponse:
    """RP-Initiated Logout 1.0: the person is asked, and goes back to an address that is registered."""
    said = request.POST if request.method == "POST" else request.GET
    back = said.get("post_logout_redirect_uri", "")
    if back and back not in _signed_out_addresses(
        said.get("client_id", ""), said.get("id_token_hint", "")
    ):
        return render(request, "idp/oidc/refused.html", status=400)
    response = views.logout(request)
    if back:
        policy.allow(response, back)
    return response


def _signed_out_addresses(client_id: str, id_token: str) -> list[str]:
    """Those of the client that is named, by its id, by a token of ours, or by both alike."""
    claims = decode_jwt_token(id_token, verify_exp=False, verify_iss=True) or {}
    names = {name for name in (client_id, claims.get("aud")) if name}
    if len(names) != 1 or "\0" in client_id:
        return []
    client = Client.objects.filter(pk=names.pop()).first()
    return client.get_post_logout_redirect_uris() if client else []


def _with_grant(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Note for which sign-in of the site a code was given, so that both can end together."""
    code = parse_qs(urlsplit(response.get("Location", "")).query).get("code", [""])[0]
    if code and request.user.is_authenticated:
        grants.begin(cast(UserRequest, request), code)
    return response


def _back(refused: asked.Refused) -> HttpResponse:
    query = urlencode(
        {"error": refused.code, **({"state": refused.state} if refused.state else {})}
    )
    separator = "&" if urlsplit(refused.to).query else "?"
    return HttpResponseRedirect(f"{refused.to}{separator}{query}")
