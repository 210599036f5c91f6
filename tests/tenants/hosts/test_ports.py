"""A host is one name at one port; what a client writes differently stands in no link."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client
from django_tenants.utils import tenant_context

from identity.persons import person_of
from product import links
from tenants import hosts

SITE = settings.SITE_DOMAIN
OTHER = 4444


@pytest.mark.parametrize(
    ("said", "name", "is_public"),
    [
        (SITE, SITE, True),
        (f"{SITE.upper()}.", SITE, True),
        (f"{SITE}:{settings.PUBLIC_PORT}", SITE, True),
        (f"{SITE}:{OTHER}", SITE, False),
        (f"{SITE}:", SITE, True),
        ("[::1]", "[::1]", True),
        (f"[::1]:{OTHER}", "[::1]", False),
        (f"{SITE}:80:80", "", False),
        (f"user@{SITE}", "", False),
        (f"evil.example/{SITE}", "", False),
        ("", "", True),
    ],
)
def test_a_host_header_is_a_name_and_a_port(said, name, is_public):
    assert hosts.named(said) == (name, is_public)


@pytest.mark.parametrize("path", ["/login/", "/signup/", "/.well-known/openid-configuration"])
def test_the_site_is_not_at_another_port(db, path):
    assert Client(headers={"host": f"{SITE}:{OTHER}"}).get(path).status_code == 404


def test_a_workspace_is_not_at_another_port(client_for, people, acme):
    client = client_for(people.acme_owner, acme)
    there = f"acme.{settings.APP_DOMAIN}:{OTHER}"
    assert client.get("/").status_code == 200
    assert client.get("/", headers={"host": there}).status_code == 404


def test_a_short_link_is_not_at_another_port(client_for, acme, people):
    with tenant_context(acme):
        wanted = links.NewLink(target_url="https://example.com/")
        link, _ = links.create_link(acme, wanted, person_id=person_of(people.acme_owner).id)
    visitor = client_for(None, acme)
    assert visitor.get(f"/{link.code}").status_code == 302
    other = {"host": f"acme.{settings.APP_DOMAIN}:{OTHER}"}
    assert visitor.get(f"/{link.code}", headers=other).status_code == 404


def test_health_is_told_by_whatever_name_a_probe_asks(db):
    for host in ("10.1.2.3:8000", "[fd00::1]:8000", "localhost:8000", "web-7f9.svc:8000", "_", ""):
        assert Client(headers={"host": host}).get("/healthz").status_code == 200
    assert Client(headers={"host": "10.1.2.3:8000"}).get("/login/").status_code == 404


HOSTILE = [
    f"{SITE.upper()}.",
    f"{SITE}.",
    f"{SITE}:{OTHER}",
    "evil.example",
    f"evil.example:{settings.PUBLIC_PORT}",
    f"{SITE}@evil.example",
    f"evil.example#{SITE}",
    f"www.{SITE}",
]


@pytest.mark.parametrize("host", HOSTILE)
def test_links_in_mails_come_from_the_settings_whatever_host_was_asked_for(
    people, host, django_capture_on_commit_callbacks
):
    client = Client(headers={"host": host, "X-Forwarded-Host": "evil.example"})
    with django_capture_on_commit_callbacks(execute=True):
        client.post("/password/reset/", {"email": people.acme_owner.email})
        client.post("/password/reset/", {"email": "stranger@example.org"})
        client.post("/login/code/", {"email": "nobody@example.org"})
        client.post(
            "/signup/",
            {"name": "N", "email": "new@example.org", "workspace_name": "N", "slug": "new-n"},
        )
    for message in mail.outbox:
        html = "".join(body for body, _ in getattr(message, "alternatives", []))
        html = re.sub(r' xmlns(:\w+)?="[^"]*"', "", html)  # names, which nobody follows
        for link in re.findall(r"https?://[^\s\"'<>]+", message.body + html):
            assert link.startswith((settings.SITE_URL, f"{settings.PUBLIC_SCHEME}://new-n.")), link
    if host.rstrip(".").lower() == SITE:
        assert len(mail.outbox) >= 3


def test_the_adapter_moves_every_link_of_allauths_to_the_site():
    from identity.adapters.account_adapter import on_the_site

    assert on_the_site("https://evil.example:1/a/b/?c=d") == f"{settings.SITE_URL}/a/b/?c=d"


def test_the_issuer_and_its_addresses_are_those_of_the_settings(db):
    said = Client(headers={"host": f"{SITE.upper()}."}).get("/.well-known/openid-configuration")
    for name, value in said.json().items():
        if name.endswith(("_endpoint", "issuer", "_uri")):
            assert value.startswith(settings.SITE_URL), name


def test_a_forwarded_host_is_not_looked_at():
    assert settings.USE_X_FORWARDED_HOST is False
    assert settings.SECURE_PROXY_SSL_HEADER is None  # plg_site.web.client_address asks who says so
