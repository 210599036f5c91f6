"""The provider as another property of the company meets it: over HTTP, by the standard."""

from __future__ import annotations

import base64
import hashlib
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.utils import timezone

from identity.models import SigningKey
from identity.oidc import clients, keys
from identity.persons import person_of

FORUM = "https://forum.example.org/auth/callback"
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=")
SECRET = "forum-secret"


@pytest.fixture
def forum(db):
    return clients.save(
        "forum",
        name="Forum",
        secret=SECRET,
        redirect_uris=[FORUM],
        signed_out_uris=["https://forum.example.org/bye"],
    )


def asked(**changes: str) -> str:
    query = {
        "client_id": "forum",
        "redirect_uri": FORUM,
        "response_type": "code",
        "scope": "openid profile email",
        "state": "s1",
        "nonce": "n1",
        "code_challenge": CHALLENGE.decode(),
        "code_challenge_method": "S256",
        **changes,
    }
    return f"/identity/o/authorize?{urlencode({k: v for k, v in query.items() if v})}"


def sent_back(response) -> dict[str, str]:
    assert response.status_code == 302, response.content
    assert response["Location"].startswith(FORUM + "?")
    return {k: v[0] for k, v in parse_qs(urlsplit(response["Location"]).query).items()}


def exchange(client, code: str, *, secret: str = SECRET, **changes: str):
    return client.post(
        "/identity/o/api/token",
        {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": FORUM,
            "code_verifier": VERIFIER,
            **changes,
        },
        headers={"Authorization": "Basic " + base64.b64encode(f"forum:{secret}".encode()).decode()},
    )


def test_discovery_names_the_site_whatever_host_was_asked(client_for):
    found = client_for().get("/.well-known/openid-configuration").json()
    assert found["issuer"] == settings.SITE_URL
    assert found["jwks_uri"] == f"{settings.SITE_URL}/.well-known/jwks.json"
    assert found["response_types_supported"] == ["code"]


def test_a_person_signs_in_at_another_property(client_for, forum, people):
    browser = client_for(people.acme_member)
    back = sent_back(browser.get(asked()))
    assert back["state"] == "s1"
    tokens = exchange(client_for(), back["code"]).json()
    [key] = client_for().get("/.well-known/jwks.json").json()["keys"]
    claims = jwt.decode(
        tokens["id_token"],
        jwt.PyJWK(key),
        algorithms=["RS256"],
        audience="forum",
        issuer=settings.SITE_URL,
    )
    assert claims["sub"] == str(person_of(people.acme_member).pk)
    assert (claims["nonce"], claims["email"]) == ("n1", people.acme_member.email)
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    info = client_for().get("/identity/o/api/userinfo", headers=bearer).json()
    assert info["sub"] == claims["sub"]


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/",
        FORUM + "?x=1",
        FORUM + "#x",
        FORUM + "/",
        FORUM + "/../callback",
        "https://forum.example.org@evil.example/auth/callback",
        "https://someone@forum.example.org/auth/callback",
        "https://forum.example.org:444/auth/callback",
        "http://forum.example.org/auth/callback",
        "HTTPS://forum.example.org/auth/callback",
    ],
)
def test_an_address_that_is_not_exactly_registered_is_no_redirect(
    client_for, forum, people, address
):
    response = client_for(people.acme_member).get(asked(redirect_uri=address))
    assert response.status_code == 400
    assert "Location" not in response


def test_two_redirect_addresses_are_refused(client_for, forum, people):
    twice = asked() + "&" + urlencode({"redirect_uri": "https://evil.example/"})
    assert client_for(people.acme_member).get(twice).status_code == 400


@pytest.mark.parametrize("missing", [{"code_challenge": ""}, {"code_challenge_method": "plain"}])
def test_without_pkce_there_is_no_code(client_for, forum, people, missing):
    back = sent_back(client_for(people.acme_member).get(asked(**missing)))
    assert back == {"error": "invalid_request", "state": "s1"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"code_verifier": "w" * 64},
        {"redirect_uri": "https://evil.example/"},
        {"secret": "another"},
    ],
)
def test_a_code_is_worth_nothing_with_anything_wrong(client_for, forum, people, wrong):
    code = sent_back(client_for(people.acme_member).get(asked()))["code"]
    assert exchange(client_for(), code, **wrong).status_code in {400, 401}


def test_a_visitor_signs_in_first_and_the_form_may_lead_there(client_for, forum):
    browser = client_for()
    response = browser.get(asked())
    assert response["Location"].startswith("/login/?next=") or response["Location"].startswith(
        settings.LOGIN_URL
    )
    policy = browser.get(response["Location"]).headers["Content-Security-Policy"]
    [actions] = [part for part in policy.split(";") if "form-action" in part]
    assert "https://forum.example.org" in actions


def test_nobody_else_gets_that_policy(client_for, forum):
    client_for().get(asked())
    assert "forum.example.org" not in client_for().get("/login/")["Content-Security-Policy"]


def test_who_is_not_ours_asks_the_person(client_for, forum, people):
    forum.skip_consent = False
    forum.save()
    browser = client_for(people.acme_member, enforce_csrf_checks=True)
    page = browser.get(asked())
    assert page.status_code == 200
    assert "Forum" in page.content.decode()
    assert "https://forum.example.org" in page["Content-Security-Policy"]
    form = page.context["form"]
    fields = {"request": form.initial["request"], "action": "grant", "scopes": ["openid"]}
    assert browser.post("/identity/o/authorize", fields).status_code == 403
    fields["csrfmiddlewaretoken"] = str(page.context["csrf_token"])
    response = browser.post("/identity/o/authorize", fields, headers={"Origin": settings.SITE_URL})
    assert sent_back(response)["code"]


def test_signing_out_needs_a_click_whatever_the_link_brings(client_for, forum, people):
    browser = client_for(people.acme_member, enforce_csrf_checks=True)
    tokens = exchange(client_for(), sent_back(browser.get(asked()))["code"]).json()
    said = {
        "id_token_hint": tokens["id_token"],
        "post_logout_redirect_uri": "https://forum.example.org/bye",
        "state": "s2",
    }
    page = browser.get(f"/identity/o/logout?{urlencode(said)}")
    assert "Sign out?" in page.content.decode()
    assert "https://forum.example.org" in page["Content-Security-Policy"]
    assert browser.post("/identity/o/logout", said).status_code == 200, "another site's form: asked"
    assert browser.get("/workspaces/").status_code == 200
    form = {**said, "action": "logout", "csrfmiddlewaretoken": str(page.context["csrf_token"])}
    response = browser.post("/identity/o/logout", form, headers={"Origin": settings.SITE_URL})
    assert response["Location"] == "https://forum.example.org/bye?state=s2"
    assert browser.get("/workspaces/").status_code == 302


@pytest.mark.parametrize(
    "address", ["https://forum.example.org/bye?x=1", "https://forum.example.org/"]
)
def test_signing_out_leads_to_the_registered_address_and_no_other(client_for, forum, address):
    query = urlencode({"client_id": "forum", "post_logout_redirect_uri": address})
    assert client_for().get(f"/identity/o/logout?{query}").status_code == 400


def test_signing_out_leads_to_no_stranger(client_for, forum, people):
    query = urlencode({"client_id": "forum", "post_logout_redirect_uri": "https://evil.example/"})
    response = client_for(people.acme_member).get(f"/identity/o/logout?{query}")
    assert "Location" not in response


def test_a_new_key_is_published_before_it_signs(db):
    [first] = keys.usable()
    keys.rotate()
    assert len(keys.usable()) == 2
    from identity.oidc.adapter import OIDCAdapter

    assert OIDCAdapter().get_signing_key().pem == first.pem
    later = timezone.now() + keys.PUBLISHED_BEFORE + keys.KEPT_AFTER
    [left] = keys.usable(now=later)
    assert left.pem != first.pem


def test_a_key_in_the_database_is_sealed(db, settings):
    keys.usable()
    row = SigningKey.objects.get()
    assert "PRIVATE" not in row.sealed
    settings.SECRET_KEY = "another one"
    assert len(keys.usable()) == 1, "a new one is made"
    assert SigningKey.objects.count() == 2


def test_discovery_says_what_holds(client_for):
    found = client_for().get("/.well-known/openid-configuration").json()
    assert found["request_parameter_supported"] is False
    assert found["request_uri_parameter_supported"] is False
    assert found["claims_parameter_supported"] is False
    assert found["token_endpoint_auth_methods_supported"] == [
        "client_secret_basic",
        "client_secret_post",
    ]
    assert set(found["prompt_values_supported"]) == {"none", "login"}


@pytest.mark.parametrize(
    "address",
    [
        "https://*.example/cb",
        "https://shop.example/cb#x",
        "https://me@shop.example/cb",
        "https://shop.example\\@evil.example/",
        "https://shop.example/a\nhttps://evil.example/",
        "https:///cb",
        "http://shop.example/cb",
        "http://127.0.0.1.evil.example:80/cb",
        "http://[x/",
        "http://localhost/cb",
        "myapp://cb",
    ],
)
def test_a_property_is_registered_with_whole_addresses(db, address):
    with pytest.raises(CommandError):
        call_command("register_property", "Other", redirect=[address], loopback=True)
    with pytest.raises(CommandError):
        call_command("register_property", "Other", redirect=["https://a.b/"], signed_out=[address])


def test_who_tries_the_provider_may_use_http_on_their_own_machine(db, settings, capsys):
    here = [f"--redirect=http://{host}:9999/cb" for host in ("127.0.0.1", "localhost", "[::1]")]
    call_command("register_property", "My Shop", *here)
    assert "my-shop" in capsys.readouterr().out
    settings.PUBLIC_SCHEME = "https"
    with pytest.raises(CommandError, match="--loopback"):
        call_command("register_property", "My Shop", *here)
    call_command("register_property", "My Shop", *here, loopback=True)


def test_a_code_that_nobody_gave_costs_no_hash(client_for, forum, monkeypatch):
    from allauth.idp.oidc.models import Client

    def never(*_: object) -> bool:
        raise AssertionError("a secret was hashed")

    monkeypatch.setattr(Client, "check_secret", never)
    assert exchange(client_for(), "made-up").json() == {"error": "invalid_grant"}
