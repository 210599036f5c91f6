"""An error of ours: an apology for people, its place in the code for who develops on this machine.

Through pages, by a browser: tests/devstack/test_reloading.py.
"""

from __future__ import annotations

import pytest
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from plg_site.configuration import safety
from plg_site.development import debug_page

A_TUNNEL = {"HTTP_X_FORWARDED_FOR": "192.0.2.7"}
HOSTS = (settings.ROOT_URLCONF, settings.PUBLIC_SCHEMA_URLCONF, settings.FILES_URLCONF)


def shown_for(request: HttpRequest) -> HttpResponse:
    """What is answered to a request in which a view has failed."""
    try:
        a_name_of_the_code = 1 / 0
        del a_name_of_the_code
    except ZeroDivisionError:
        return debug_page.server_error(request)
    raise AssertionError


def answer_to(**said: str) -> tuple[int, str]:
    response = shown_for(RequestFactory().get("/", **{"REMOTE_ADDR": "127.0.0.1", **said}))
    return response.status_code, response.content.decode()


@pytest.mark.parametrize("accepts", ["text/html", "application/json"])
def test_the_developer_of_this_machine_sees_the_place(settings, accepts):
    settings.SHOW_ERRORS = True
    status, text = answer_to(HTTP_ACCEPT=accepts)
    assert (status, "ZeroDivisionError" in text, "a_name_of_the_code" in text) == (500, True, True)


@pytest.mark.parametrize("said", [{}, A_TUNNEL, {"REMOTE_ADDR": "192.0.2.7"}])
@pytest.mark.parametrize("shown", [True, False])
def test_everybody_else_gets_the_apology(settings, said, shown):
    settings.SHOW_ERRORS = shown and bool(said)
    status, text = answer_to(**said)
    assert (status, "ZeroDivisionError" in text, "a_name_of_the_code" in text) == (
        500,
        False,
        False,
    )


def test_a_password_that_was_sent_is_not_shown_and_no_secret_of_the_settings(settings):
    settings.SHOW_ERRORS = True
    sent = {"password": "correct-horse", "name": "Ada"}
    text = shown_for(RequestFactory().post("/", sent, REMOTE_ADDR="127.0.0.1")).content.decode()
    assert "Ada" in text
    for secret in ("correct-horse", settings.SECRET_KEY, settings.REDIS_URL):
        assert secret not in text


@pytest.mark.parametrize("urlconf", HOSTS)
def test_every_host_answers_errors_so(urlconf):
    from django.urls import get_resolver

    assert get_resolver(urlconf).resolve_error_handler(500) is debug_page.server_error


def test_errors_are_not_shown_where_others_reach_us(settings):
    settings.SHOW_ERRORS, settings.BIND_HOSTS = True, ["192.0.2.7"]
    settings.MAIL_OUTBOX_DIR, settings.STRIPE_SIMULATED = None, False
    settings.WEBHOOKS_TO_LOOPBACK = False
    (unsafe,) = safety._open_to(settings.BIND_HOSTS, settings)
    assert unsafe.id == "plg_site.E005"
    settings.SHOW_ERRORS = False
    assert list(safety._open_to(settings.BIND_HOSTS, settings)) == []
