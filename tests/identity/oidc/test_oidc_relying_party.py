"""A relying party by somebody else (Authlib), against the provider over HTTP, as a program meets it."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from socketserver import ThreadingMixIn
from types import SimpleNamespace
from urllib.parse import urljoin, urlsplit
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import httpx2 as httpx
import pytest
from allauth.idp.oidc.models import Client as Property
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from joserfc import jwt
from joserfc.jwk import KeySet

from identity.models import User
from identity.persons import person_of

BACK, BYE = "http://127.0.0.1:9999/callback", "http://127.0.0.1:9999/bye"


class _Threads(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *args: object) -> None: ...


@pytest.fixture
def port(committed) -> Iterator[int]:
    from plg_site.wsgi import application

    server = make_server("127.0.0.1", 0, application, _Threads, _Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(params=["ours", "asks"])
def registered(committed, request, capsys) -> Iterator[SimpleNamespace]:
    """One of the company's own, and one that has to ask, by the documented command."""
    asks = request.param == "asks"
    name = f"Relying {request.param}"
    call_command("register_property", name, redirect=[BACK], signed_out=[BYE], ask=asks)
    said = dict(re.findall(r"(client_\w+):\s+(\S+)", capsys.readouterr().out))
    yield SimpleNamespace(**said, asks=asks)
    Property.objects.filter(pk=said["client_id"]).delete()
    connection.close()


class Through(httpx.BaseTransport):
    """To the server of this test, by the names of the site."""

    def __init__(self, port: int) -> None:
        self.port, self.inner = port, httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        there = request.url.copy_with(host="127.0.0.1", port=self.port)
        sent = httpx.Request(request.method, there, headers=request.headers, stream=request.stream)
        return self.inner.handle_request(sent)


@pytest.fixture
def party(port, registered, browser) -> Iterator[OAuth2Client]:
    with OAuth2Client(
        registered.client_id,
        registered.client_secret,
        redirect_uri=BACK,
        scope="openid profile email offline_access",
        code_challenge_method="S256",
        transport=Through(port),
    ) as made:
        made.metadata |= browser.get("/.well-known/openid-configuration").json()
        yield made


@pytest.fixture
def browser(port) -> Iterator[httpx.Client]:
    with httpx.Client(transport=Through(port), base_url=settings.SITE_URL) as made:
        yield made


def fields(page: httpx.Response) -> dict[str, str]:
    inputs = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text)
    return {name: value.replace("&amp;", "&").replace("&quot;", '"') for name, value in inputs}


def open_(browser: httpx.Client, url: str) -> httpx.Response:
    """Follow redirects as far as our own pages go; then sign in, and say yes, where asked."""
    page = browser.get(url)
    for _ in range(8):
        if page.status_code == 302:
            there = urljoin(str(page.request.url), page.headers["Location"])
            if urlsplit(there).port == 9999:
                return page
            page = browser.get(there)
        elif 'name="login"' in page.text:
            given = {"login": "member@acme.example", "password": "correct horse"}
            page = browser.post(f"{settings.SITE_URL}/login/", data={**fields(page), **given})
        elif 'name="action"' in page.text:
            given = {"action": "grant", "scopes": ["openid", "profile", "email"]}
            there = f"{settings.SITE_URL}/identity/o/authorize"
            page = browser.post(there, data={**fields(page), **given})
        else:
            break
    raise AssertionError(f"{page.status_code} {page.request.url}: {page.text[:300]}")


VERIFIER = "another verifier of forty-three or more characters"


def ask(party, browser, **more: str) -> str:
    """The address that the property is called back at."""
    url, _ = party.create_authorization_url(
        party.metadata["authorization_endpoint"], nonce="n-1", code_verifier=VERIFIER, **more
    )
    return open_(browser, url).headers["Location"]


def fetch(party, back: str) -> dict:
    return party.fetch_token(
        party.metadata["token_endpoint"],
        grant_type="authorization_code",
        authorization_response=back,
        code_verifier=VERIFIER,
    )


def checked(party, browser, token: dict, **options) -> CodeIDToken:
    keys = KeySet.import_key_set(browser.get(party.metadata["jwks_uri"]).json())
    found = jwt.decode(token["id_token"], keys, algorithms=["RS256"])
    said = CodeIDToken(
        found.claims,
        found.header,
        {
            "iss": {"essential": True, "value": party.metadata["issuer"]},
            "aud": {"essential": True, "value": party.client_id},
        },
        {"nonce": "n-1", "client_id": party.client_id, **options},
    )
    said.validate()
    return said


def test_a_person_signs_in_and_the_property_knows_whom_it_has(party, browser, committed):
    token = fetch(party, ask(party, browser, max_age="600"))
    said = checked(party, browser, token, max_age=600)
    member = User.objects.get(email="member@acme.example")
    assert said["sub"] == str(person_of(member).pk)
    info = party.get(party.metadata["userinfo_endpoint"]).json()
    assert (info["sub"], info["email"], info["email_verified"]) == (said["sub"], member.email, True)
    assert info["name"] == "Acme Member"


def test_its_token_is_refreshed_until_the_person_signs_out(party, browser):
    first = fetch(party, ask(party, browser))
    second = dict(party.refresh_token(party.metadata["token_endpoint"]))
    assert second["access_token"] != first["access_token"]
    assert party.get(party.metadata["userinfo_endpoint"]).status_code == 200
    page = browser.get(f"{settings.SITE_URL}/logout/")
    browser.post(f"{settings.SITE_URL}/logout/", data=fields(page))
    with pytest.raises(OAuthError) as refused:
        party.refresh_token(party.metadata["token_endpoint"], second["refresh_token"])
    assert refused.value.error == "invalid_grant"
    party.token = second
    assert party.get(party.metadata["userinfo_endpoint"]).status_code == 401


def test_it_signs_in_silently_once_that_is_right(party, browser, registered):
    assert "error=login_required" in ask(party, browser, prompt="none")
    fetch(party, ask(party, browser))
    assert checked(party, browser, fetch(party, ask(party, browser, prompt="none")))["sub"]


def test_it_revokes_its_tokens(party, browser):
    token = fetch(party, ask(party, browser))
    party.revoke_token(party.metadata["revocation_endpoint"], token["refresh_token"])
    party.token = token
    assert party.get(party.metadata["userinfo_endpoint"]).status_code == 401


def test_it_signs_the_person_out_when_they_say_so(party, browser):
    token = fetch(party, ask(party, browser))
    query = {
        "id_token_hint": token["id_token"],
        "post_logout_redirect_uri": BYE,
        "state": "s-2",
    }
    page = browser.get(party.metadata["end_session_endpoint"], params=query)
    assert "Sign out?" in page.text
    form = {**fields(page), **query, "action": "logout"}
    answer = browser.post(party.metadata["end_session_endpoint"], data=form)
    assert answer.headers["Location"] == f"{BYE}?state=s-2"
    assert browser.get(f"{settings.SITE_URL}/workspaces/").status_code == 302
