"""Who may be where: the routes come from the resolver, so a new one is covered at once."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.test import Client
from django.urls import get_resolver
from django.urls.resolvers import URLPattern, URLResolver

# What answers everybody: signing out, what the API is like, and what browsers and researchers look for.
OPEN = {
    "logout/",
    "api/v1/openapi.json",
    "api/openapi.json",
    "favicon.ico",
    ".well-known/security.txt",
    ".well-known/change-password",
}
SAMPLES = {"int": "1", "uuid": "00000000-0000-7000-8000-000000000000", "slug": "x", "str": "x"}


def routes(patterns=None, prefix: str = "") -> list[str]:
    """Every path of a workspace host, with sample values in place of parameters."""
    found = []
    for pattern in patterns or get_resolver(settings.ROOT_URLCONF).url_patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            found += routes(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern):
            found.append(
                re.sub(r"<(?:(\w+):)?\w+>", lambda m: SAMPLES.get(m.group(1) or "str", "x"), path)
            )
    return sorted(set(found))


@pytest.mark.parametrize("path", routes())
@pytest.mark.parametrize("method", ["get", "post"])
def test_an_outsider_gets_nothing(client_for, outsider, acme, path, method):
    response = getattr(client_for(outsider, acme), method)(f"/{path}")
    if path in OPEN:
        return
    assert response.status_code in {401, 403, 404, 405}, f"{method} /{path}"


@pytest.mark.parametrize("path", ["", "usage/", "billing/", "members/", "api-keys/", "settings/"])
def test_a_visitor_is_sent_to_sign_in_and_back(client_for, acme, path):
    response = client_for(None, acme).get(f"/{path}")
    assert response.status_code == 302
    assert response["Location"].startswith(settings.LOGIN_URL + "?next=http")
    assert "acme." in response["Location"]


def test_an_htmx_request_of_a_visitor_leads_the_whole_page_to_sign_in(client_for, acme):
    response = client_for(None, acme).get("/usage/", headers={"HX-Request": "true"})
    assert (response.status_code, response["HX-Redirect"]) == (401, settings.LOGIN_URL)


@pytest.mark.parametrize("path", ["", "links/", "files/", "usage/", "billing/", "members/"])
def test_a_member_may_look(client_for, people, acme, path):
    assert client_for(people.acme_member, acme).get(f"/{path}").status_code == 200


@pytest.mark.parametrize("path", ["api-keys/", "settings/"])
def test_a_member_may_not_manage(client_for, people, acme, path):
    response = client_for(people.acme_member, acme).get(f"/{path}")
    assert response.status_code == 403
    assert "Ask an owner or admin" in response.content.decode()


def test_the_owner_of_one_workspace_is_an_outsider_in_another(client_for, people, globex):
    assert client_for(people.acme_owner, globex).get("/").status_code == 404


def test_an_unknown_host_is_told_in_words(db):
    response = Client(headers={"host": f"nobody-here.{settings.APP_DOMAIN}"}).get("/")
    assert response.status_code == 404
    assert "workspace" in response.content.decode().lower()


def test_a_host_that_is_not_ours_at_all_is_refused(db):
    assert Client(headers={"host": "evil.example"}).get("/login/").status_code == 404


@pytest.mark.parametrize("name", ["localhost:8000", f"www.{settings.SITE_DOMAIN}"])
def test_other_names_of_the_site_lead_to_it(db, name):
    response = Client(headers={"host": name}).get("/pricing/?a=b")
    assert response.status_code == 302
    assert response["Location"] == f"{settings.SITE_URL}/pricing/?a=b"


@pytest.mark.parametrize("development", [True, False])
def test_a_browser_is_shown_the_way_in_development_and_sent_elsewhere(db, settings, development):
    settings.WATCH_FILES = development
    browser = Client(headers={"host": "localhost:8000", "accept": "text/html,*/*;q=0.8"})
    response = browser.get("/pricing/?a=%22b")
    assert response.status_code == (200 if development else 302)
    if development:
        assert f'href="{settings.SITE_URL}/pricing/?a=%22b"' in response.content.decode()


def test_a_request_leaves_no_workspace_behind(client_for, people, acme):
    from django.db import connection

    client_for(people.acme_owner, acme).get("/")
    assert connection.schema_name == "public"


def test_signing_out_of_the_workspace_signs_out_of_the_site(client_for, people, acme):
    client = client_for(people.acme_owner, acme)
    client.post("/logout/")
    site = client.get("/workspaces/", headers={"host": settings.SITE_DOMAIN})
    assert "/login/" in site["Location"]


def test_the_sign_in_page_does_not_redirect_to_strangers(client_for, people):
    response = client_for().post(
        "/login/?next=https://evil.example/",
        {"login": people.acme_owner.email, "password": "correct horse"},
    )
    assert "evil.example" not in response["Location"]


def test_a_forwarded_host_header_changes_nothing(client_for, people, globex):
    response = client_for(people.acme_owner, globex).get(
        "/", headers={"X-Forwarded-Host": f"acme.{settings.APP_DOMAIN}"}
    )
    assert response.status_code == 404
