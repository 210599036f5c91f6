"""What people and programs get while PostgreSQL is away: an answer in words, at once, and no traceback."""

from __future__ import annotations

import json
import logging
import time

import pytest
from django.conf import settings

from tests.away import by_another_thread, database_away


@pytest.fixture
def asked(client_for):
    """One request, by a thread with a connection of its own."""

    def ask(method, path, *, user=None, tenant=None, host="", **more):
        client = client_for(user, tenant)
        client.raise_request_exception = False
        if host:
            more["HTTP_HOST"] = host
        return lambda: getattr(client, method)(path, **more)

    return ask


@pytest.mark.parametrize(
    ("method", "path", "where"),
    [
        ("get", "/account/profile/", "site"),
        ("post", "/signup/", "site"),
        ("post", "/login/", "site"),
        ("get", "/no-such-page/", "site"),
        ("get", "/", "workspace"),
        ("get", "/links/", "workspace"),
        ("get", "/links/", "stranger"),
    ],
)
def test_a_page_says_in_words_to_try_again(asked, people, acme, method, path, where):
    data = {"workspace_name": "x", "name": "x", "email": "x@example.com", "slug": "away-x",
            "password1": "correct horse battery", "login": "x@example.com", "password": "x"}  # fmt: skip
    tenant = None if where == "site" else acme
    ask = asked(
        method, path, user=None if where == "stranger" else people.acme_owner, tenant=tenant,
        host="nobody-knows-it.example" if where == "stranger" else "",
        **({"data": data} if method == "post" else {}),
    )  # fmt: skip
    with database_away():
        answer = by_another_thread(ask)
    assert answer.status_code == 503
    assert answer["Retry-After"] == "5"
    page = answer.content.decode()
    assert "We will be right back" in page
    assert "Traceback" not in page


@pytest.mark.parametrize("path", ["/api/v1/links", "/api/v1/usage"])
def test_a_program_gets_a_problem(asked, acme, path):
    ask = asked("get", path, tenant=acme, headers={"Authorization": "Bearer sk_x"})
    with database_away():
        answer = by_another_thread(ask)
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert answer["Content-Type"] == "application/problem+json"
    assert json.loads(answer.content)["status"] == 503


def test_the_content_of_the_website_is_a_problem_too(asked):
    with database_away():
        answer = by_another_thread(asked("get", "/api/content/pages/"))
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert answer["Content-Type"] == "application/problem+json"


def test_hundreds_who_ask_wait_for_nothing_and_fill_no_log(asked, people, acme, caplog):
    ask = asked("get", "/links/", user=people.acme_owner, tenant=acme)
    with database_away(), caplog.at_level(logging.INFO):
        by_another_thread(ask)
        began = time.monotonic()
        for _ in range(30):
            assert by_another_thread(ask).status_code == 503
        seconds = time.monotonic() - began
    assert seconds < 30 * settings.DATABASE_WAIT, "nobody waited for a connection"
    assert len(caplog.records) <= 20, [each.getMessage() for each in caplog.records]


def test_the_page_asks_nobody(db, django_assert_num_queries, rf):
    from plg_site.web import without_database

    without_database.page.cache_clear()
    with django_assert_num_queries(0):
        answer = without_database.answer(rf.get("/", HTTP_ACCEPT="text/html"))
    assert b"go back" in answer.content
