"""What the TLS terminator is told."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tenants.domains import ask
from tests.tenants.domains.conftest import NAME

TOKEN = "a-token-of-the-tests"


@pytest.fixture(autouse=True)
def _open(settings) -> None:  # type: ignore[no-untyped-def]
    settings.TLS_ASK_TOKEN = TOKEN


def may(name: str, *, token: str = TOKEN, host: str = "127.0.0.1:8000", **headers: str) -> int:
    client = Client(headers={"host": host, **headers})
    return client.get(f"/tls/ask/{token}/", {"domain": name}).status_code


def test_a_proved_domain_may_have_a_certificate(served):
    assert may(NAME) == 200
    assert may(NAME.upper() + ".") == 200
    served.refresh_from_db()
    assert served.certificate_asked_at is not None


def test_our_own_hosts_may(acme):
    for name in (f"acme.{settings.APP_DOMAIN}", settings.SITE_DOMAIN, settings.FILES_DOMAIN):
        assert may(name) == 200


@pytest.mark.parametrize(
    "name",
    ["", "evil.example", f"nobody-here.{settings.APP_DOMAIN}", "127.0.0.1", "localhost", "x" * 300,
     "ü.example", f"a.acme.{settings.APP_DOMAIN}", f"{NAME}/x", f"x.{NAME}"],
)  # fmt: skip
def test_nothing_else_may(served, name):
    assert may(name) == 404


def test_a_claim_without_proof_may_not(claimed):
    assert may(NAME) == 404


def test_a_stopped_domain_may_not(served, people, django_capture_on_commit_callbacks):
    from tenants.domains import claims

    assert may(NAME) == 200
    with django_capture_on_commit_callbacks(execute=True):
        claims.remove(served, by=people.acme_owner)
    assert may(NAME) == 404


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "web:8000", "10.0.0.7", "localhost"])
def test_it_answers_by_whatever_name_the_terminator_calls(served, host):
    assert may(NAME, host=host) == 200


@pytest.mark.parametrize("token", ["wrong", "x"])
def test_without_the_token_there_is_nothing(served, token):
    assert may(NAME, token=token) == 404


def test_without_a_token_in_the_settings_it_is_closed(served, settings):
    settings.TLS_ASK_TOKEN = ""
    assert Client(headers={"host": "127.0.0.1"}).get("/tls/ask//").status_code == 404
    assert may(NAME) == 404


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Forwarded-Host", "Forwarded"])
def test_what_came_through_the_terminator_is_not_answered(served, header):
    assert may(NAME, **{header: "203.0.113.9"}) == 404


def test_a_known_host_costs_no_query(served):
    may(NAME)
    with CaptureQueriesContext(connection) as asked:
        assert may(NAME) == 200
    assert not asked.captured_queries


def test_a_flood_of_names_stops_costing_queries(served, monkeypatch):
    assert may(NAME) == 200
    monkeypatch.setattr(ask, "UNKNOWN_A_MINUTE", 3)
    assert [may(f"n{n}.evil.example") for n in range(5)] == [404, 404, 404, 429, 429]
    assert may(NAME) == 200, "who was served lately still is"
