"""Every answer carries the same security headers, whoever gives it; and the well-known addresses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django_tenants.utils import tenant_context

from product.models import Link
from tenants.models import Tenant

EVERYWHERE = (
    "Content-Security-Policy",
    "Permissions-Policy",
    "Referrer-Policy",
    "X-Content-Type-Options",
    "X-Frame-Options",
    "Cross-Origin-Opener-Policy",
)
PORT = settings.PUBLIC_PORT_SUFFIX


def at(host: str, **extra: object) -> Client:
    return Client(headers={"host": f"{host}{PORT}"}, raise_request_exception=False, **extra)


def missing(answer) -> set[str]:  # type: ignore[no-untyped-def]
    return {name for name in EVERYWHERE if name not in answer.headers}


@pytest.mark.parametrize(
    ("host", "path", "status"),
    [
        ("nobody.example", "/", 404),
        (f"nobody.{settings.APP_DOMAIN}", "/", 404),
        ("localhost", "/pricing/", 302),
        (settings.SITE_DOMAIN, "/login/", 200),
        (settings.SITE_DOMAIN, "/no-such-page/", 404),
        (settings.SITE_DOMAIN, "/cms/", 302),
        (settings.SITE_DOMAIN, "/healthz", 200),
        (settings.SITE_DOMAIN, "/robots.txt", 200),
        (settings.SITE_DOMAIN, "/staff/usage/", 302),
        (settings.FILES_DOMAIN, "/nonsense", 404),
        (f"acme.{settings.APP_DOMAIN}", "/", 302),
        (f"acme.{settings.APP_DOMAIN}", "/no/such/page/", 404),
        (f"acme.{settings.APP_DOMAIN}", "/api/v1/links", 401),
    ],
)
def test_every_kind_of_answer_has_the_same_headers(
    acme: Tenant, host: str, path: str, status: int
) -> None:
    answer = at(host).get(path)
    assert answer.status_code == status
    assert missing(answer) == set()


def test_a_refused_form_and_a_post_to_an_unknown_host_have_them(acme: Tenant) -> None:
    strict = at(settings.SITE_DOMAIN, enforce_csrf_checks=True)
    refused = strict.post("/login/", {"login": "a@example.com"})
    assert (refused.status_code, missing(refused)) == (403, set())
    unknown = at("nobody.example").post("/", {})
    assert (unknown.status_code, missing(unknown)) == (404, set())


def test_an_error_of_ours_has_them(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    from tenants import hosts

    def broken(host: str) -> None:
        raise RuntimeError("no database")

    monkeypatch.setattr(hosts, "tenant_for", broken)
    answer = at(f"acme.{settings.APP_DOMAIN}").get("/")
    assert (answer.status_code, missing(answer)) == (500, set())


def test_a_body_that_is_too_large_is_refused_with_them(
    acme: Tenant, settings: SimpleNamespace
) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    answer = at(settings.SITE_DOMAIN).post("/login/", {"login": "x" * 100})
    assert answer.status_code in (400, 413)
    assert missing(answer) == set()


def test_a_click_that_is_answered_early_has_them(
    acme: Tenant, client_for: Callable[..., Client]
) -> None:
    with tenant_context(acme):
        Link.objects.create(code="early", target_url="https://example.com/")
    answer = client_for(None, acme).get("/early")
    assert (answer.status_code, answer["Location"]) == (302, "https://example.com/")
    assert missing(answer) == set()


def test_what_is_early_says_the_same_as_what_is_not(
    acme: Tenant, client_for: Callable[..., Client]
) -> None:
    with tenant_context(acme):
        Link.objects.create(code="early", target_url="https://example.com/")
    early, page = client_for(None, acme).get("/early"), client_for(None, acme).get("/")
    for name in EVERYWHERE:
        assert early[name] == page[name]


def test_pages_may_ask_for_nothing_that_they_do_not_need(acme: Tenant) -> None:
    said = at(settings.SITE_DOMAIN).get("/login/")["Permissions-Policy"]
    assert "camera=()" in said
    assert "publickey-credentials-get=(self)" in said


@pytest.mark.parametrize("host", [settings.SITE_DOMAIN, f"acme.{settings.APP_DOMAIN}"])
def test_there_is_a_favicon_for_who_asks_without_reading_the_page(acme: Tenant, host: str) -> None:
    answer = at(host).get("/favicon.ico")
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/x-icon")
    assert answer.content.startswith(b"\0\0\1\0")


def test_security_txt_names_a_contact_and_is_valid_for_months(
    db: None, settings: SimpleNamespace
) -> None:
    settings.SUPPORT_EMAIL, settings.SECURITY_CONTACT = "help@signpost.example", ""
    answer = at(settings.SITE_DOMAIN).get("/.well-known/security.txt")
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    said = dict(line.split(": ", 1) for line in answer.content.decode().splitlines())
    assert said["Contact"] == "mailto:help@signpost.example"
    assert said["Canonical"] == f"{settings.SITE_URL}/.well-known/security.txt"
    left = datetime.fromisoformat(said["Expires"]) - datetime.now(UTC)
    assert timedelta(days=100) < left < timedelta(days=365)
    settings.SECURITY_CONTACT = "https://signpost.example/holes"
    assert (
        b"Contact: https://signpost.example/holes"
        in at(settings.SITE_DOMAIN).get("/.well-known/security.txt").content
    )


def test_without_a_contact_there_is_no_security_txt(db: None, settings: SimpleNamespace) -> None:
    settings.SUPPORT_EMAIL = settings.SUPPORT_URL = settings.SECURITY_CONTACT = ""
    assert at(settings.SITE_DOMAIN).get("/.well-known/security.txt").status_code == 404


def test_a_workspace_leads_to_the_one_security_txt(acme: Tenant) -> None:
    answer = at(f"acme.{settings.APP_DOMAIN}").get("/.well-known/security.txt")
    assert answer["Location"] == f"{settings.SITE_URL}/.well-known/security.txt"


@pytest.mark.parametrize("host", [settings.SITE_DOMAIN, f"acme.{settings.APP_DOMAIN}"])
def test_password_managers_find_the_page_that_changes_a_password(acme: Tenant, host: str) -> None:
    page = reverse("account_change_password", urlconf=settings.PUBLIC_SCHEMA_URLCONF)
    answer = at(host).get("/.well-known/change-password")
    assert (answer.status_code, answer["Location"]) == (302, f"{settings.SITE_URL}{page}")
    answer = at(host).get("/.well-known/change-password?utm_source=a&utm_medium=b%20c")
    assert answer["Location"] == f"{settings.SITE_URL}{page}?utm_source=a&utm_medium=b%20c"
