"""The hot path: what a visitor of a short link gets, and what is counted."""

from __future__ import annotations

import time

import pytest
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.core.signals import request_started
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from events.store import get_store
from metering.quotas import counters, limits
from metering.quotas.quota import set_limits


def test_a_visitor_is_sent_on_and_the_answer_is_never_kept(visitor, make_link):
    response = visitor.get(f"/{make_link(target_url='https://example.com/a?b=c').code}")
    assert (response.status_code, response["Location"]) == (302, "https://example.com/a?b=c")
    assert response["Cache-Control"] == "private, no-store"


def test_the_visit_of_each_client_is_a_click(client_for, acme, make_link, used):
    link, before = make_link(), used("clicks")
    for address in ("192.0.2.1", "192.0.2.2", "2001:db8::1"):
        client_for(None, acme, REMOTE_ADDR=address).get(f"/{link.code}")
    assert used("clicks") == before + 3


def test_a_members_own_visit_counts_too(member, make_link, used):
    link, before = make_link(), used("clicks")
    assert member.get(f"/{link.code}").status_code == 302
    assert used("clicks") == before + 1


def test_head_is_sent_on_but_is_no_click(visitor, make_link, used):
    link, before = make_link(), used("clicks")
    assert visitor.head(f"/{link.code}").status_code == 302
    assert used("clicks") == before


@pytest.mark.parametrize(
    "header",
    [{"Purpose": "prefetch"}, {"Sec-Purpose": "prefetch;prerender"}, {"X-Moz": "prefetch"}],
)
def test_a_browser_that_looks_ahead_makes_no_click(visitor, make_link, used, header):
    link, before = make_link(), used("clicks")
    assert visitor.get(f"/{link.code}", headers=header).status_code == 302
    assert used("clicks") == before


def test_the_first_visit_costs_one_query_the_next_none_and_no_session_is_read(
    visitor, make_link, monkeypatch
):
    link, warm = make_link(), make_link()
    visitor.get(f"/{warm.code}")  # the host and the limits are known from now on
    monkeypatch.setattr(SessionStore, "load", lambda self: pytest.fail("The session was read."))
    visitor.cookies["plg_session"] = "x" * 32
    assert len(_queries(visitor, link)) == 1
    assert _queries(visitor, link) == []


def _queries(visitor, link):
    with CaptureQueriesContext(connection) as asked:
        assert visitor.get(f"/{link.code}").status_code == 302
    return [query["sql"] for query in asked if "search_path" not in query["sql"]]


def test_a_click_tells_who_clicked_and_a_new_visitor_gets_an_id(visitor, make_link, acme, settle):
    link = make_link()
    given = visitor.get(f"/{link.code}").cookies["plg_aid"]
    assert given["domain"] == settings.SESSION_COOKIE_DOMAIN
    assert given["httponly"]
    again = visitor.get(f"/{link.code}")
    assert "plg_aid" not in again.cookies
    settle()
    clicks = get_store().find(tenant=acme.schema_name, names=["Link Clicked"])
    ids = [click.anonymous_id for click in clicks if click.properties["code"] == link.code]
    assert ids == [given.value] * 2


def test_who_asks_not_to_be_followed_is_not(visitor, make_link, acme, settle):
    link = make_link()
    response = visitor.get(f"/{link.code}", headers={"Sec-GPC": "1"})
    assert not response.cookies
    settle()
    clicks = get_store().find(tenant=acme.schema_name, names=["Link Clicked"])
    assert [c.anonymous_id for c in clicks if c.properties["code"] == link.code] == [None]


def test_the_security_headers_of_every_answer_are_there(visitor, make_link):
    response = visitor.get(f"/{make_link().code}")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == settings.SECURE_REFERRER_POLICY
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"


def test_a_changed_link_leads_to_its_new_target_at_once(member, visitor, make_link):
    link = make_link(target_url="https://example.com/old")
    assert visitor.get(f"/{link.code}")["Location"] == "https://example.com/old"
    target = {"target_url": "https://example.com/new", "title": ""}
    member.post(f"/links/{link.id}/edit/", target)
    assert visitor.get(f"/{link.code}")["Location"] == "https://example.com/new"


def test_what_another_process_deleted_is_gone_after_a_second(visitor, make_link, in_acme):
    link = make_link()
    visitor.get(f"/{link.code}")
    with in_acme():
        link.delete()  # as elsewhere: nobody tells this process
    assert visitor.get(f"/{link.code}").status_code == 302
    time.sleep(1.05)
    assert visitor.get(f"/{link.code}").status_code == 404


def test_at_a_limit_that_refuses_visitors_are_sent_on_and_the_click_costs_nothing(
    visitor, acme, make_link, used
):
    link, before = make_link(), used("clicks")
    set_limits(acme, {"clicks": before})
    counters.remember_limits(acme.schema_name, limits.of(acme))  # a test never commits
    assert visitor.get(f"/{link.code}").status_code == 302
    assert used("clicks") == before


def test_clicks_above_the_limit_still_work_and_still_count(visitor, acme, make_link, used):
    from metering import Limit

    link, before = make_link(), used("clicks")
    set_limits(acme, {"clicks": Limit(before, hard=False)})
    assert visitor.get(f"/{link.code}").status_code == 302
    assert used("clicks") == before + 1


def test_without_redis_a_click_is_kept_on_disk_and_counted_later(
    visitor, make_link, used, settings, monkeypatch
):
    from events.redis import redis_client
    from events.transport import spool

    link, before = make_link(), used("clicks")
    working = settings.REDIS_URL
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert visitor.get(f"/{link.code}").status_code == 302
    assert spool.get_spool().size() > 0
    settings.REDIS_URL = working
    assert used("clicks") == before + 1
    assert redis_client is not None


def test_an_unknown_code_says_so_and_tells_nothing_of_the_workspace(visitor, acme):
    response = visitor.get("/nowhere")
    assert response.status_code == 404
    page = response.content.decode()
    assert "This link leads nowhere" in page
    assert acme.name not in page.replace(f"{acme.slug}.", "")


def test_another_workspaces_code_is_unknown_here(client_for, globex, make_link):
    link = make_link(code="only-acme")
    assert client_for(None, globex).get(f"/{link.code}").status_code == 404


def test_codes_tell_small_and_capital_letters_apart(visitor, make_link):
    make_link(code="Poster")
    assert visitor.get("/Poster").status_code == 302
    assert visitor.get("/poster").status_code == 404


@pytest.mark.parametrize("page", ["links", "files", "usage", "billing"])
def test_a_page_without_its_last_slash_is_found(visitor, page):
    response = visitor.get(f"/{page}")
    assert (response.status_code, response["Location"]) == (302, f"/{page}/")


def test_a_post_to_a_short_link_is_refused(visitor, make_link):
    assert visitor.post(f"/{make_link().code}").status_code == 405


def test_a_deleted_link_leads_nowhere(member, visitor, make_link):
    link = make_link()
    assert visitor.get(f"/{link.code}").status_code == 302
    member.post(f"/links/{link.id}/delete/")
    assert visitor.get(f"/{link.code}").status_code == 404


def test_the_wsgi_application_answers_a_click_before_django_does(make_link, acme, used):
    from plg_site.wsgi import application

    link, before, told = make_link(target_url="https://example.com/ä"), used("clicks"), []
    environ = RequestFactory(headers={"host": f"{acme.slug}.{settings.APP_DOMAIN}"}).get(
        f"/{link.code}"
    )
    seen_by_django: list[object] = []

    def note(**_):
        seen_by_django.append(1)

    request_started.connect(note)
    try:
        body = b"".join(application(environ.environ, lambda *start: told.extend(start)))
    finally:
        request_started.disconnect(note)
    status, headers = told[0], dict(told[1])
    assert (status, body) == ("302 Found", b"")
    assert headers["Location"] == "https://example.com/%C3%A4"
    assert headers["Content-Length"] == "0"
    assert headers["Set-Cookie"].startswith("plg_aid=")
    assert not seen_by_django
    assert used("clicks") == before + 1


@pytest.mark.parametrize("path", ["/a%2Fb", "/%C3%A4", f"/{'x' * 41}", "/a.b"])
def test_what_can_be_no_code_is_not_looked_up_early(visitor, path):
    assert visitor.get(path).status_code == 404


@pytest.mark.parametrize(
    "behind", [".", "/", ",", ";", ":", "!", "?", ")", "”", ".)", "…", "%20", "\u2019s", "-", "_."]
)
def test_what_stands_behind_the_address_on_a_poster_leads_to_the_link(
    visitor, make_link, used, behind
):
    link, before = make_link(), used("clicks")
    behind = behind.removesuffix("s")
    assert visitor.get(f"/{link.code}{behind}")["Location"] == link.target_url
    assert used("clicks") == before + 1


@pytest.mark.parametrize("path", ["/nowhere.", "/nowhere/", "/.", "/links.x"])
def test_punctuation_makes_no_link_of_nothing(visitor, path):
    assert visitor.get(path).status_code == 404


def test_a_page_with_a_full_stop_behind_it_is_the_page(visitor):
    assert visitor.get("/files.")["Location"] == "/files/"


def test_a_page_that_there_is_not_leads_nowhere_and_never_to_itself(client_for, people, acme):
    for client in (client_for(people.acme_owner, acme), client_for(None, acme)):
        assert client.get("/account/").status_code == 404
        assert client.get("/account")["Location"] == "/account/"
