"""The hot path: what a visitor of a short link gets, and what is counted."""

from __future__ import annotations

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.test.utils import CaptureQueriesContext

from metering.quota import set_limits


def test_a_visitor_is_sent_on_and_the_answer_is_never_kept(visitor, make_link):
    response = visitor.get(f"/{make_link(target_url='https://example.com/a?b=c').code}")
    assert (response.status_code, response["Location"]) == (302, "https://example.com/a?b=c")
    assert response["Cache-Control"] == "private, no-store"


def test_each_visit_is_a_click(visitor, make_link, used):
    link, before = make_link(), used("clicks")
    for _ in range(3):
        visitor.get(f"/{link.code}")
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


def test_one_query_and_no_session(visitor, make_link, monkeypatch):
    link = make_link()
    visitor.get(f"/{link.code}")  # the host is in the cache from now on
    monkeypatch.setattr(SessionStore, "load", lambda self: pytest.fail("The session was read."))
    visitor.cookies["plg_session"] = "x" * 32
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert visitor.get(f"/{link.code}").status_code == 302
    statements = [query["sql"] for query in asked if "search_path" not in query["sql"]]
    assert len(statements) == 1, statements


def test_clicks_above_the_limit_still_work_and_still_count(visitor, acme, make_link, used):
    from metering import Limit

    link, before = make_link(), used("clicks")
    set_limits(acme, {"clicks": Limit(before, hard=False)})
    assert visitor.get(f"/{link.code}").status_code == 302
    assert used("clicks") == before + 1


def test_without_redis_a_click_is_kept_on_disk_and_counted_later(
    visitor, make_link, used, settings, monkeypatch
):
    from events import redis_client, spool

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
    member.post(f"/links/{link.id}/delete/")
    assert visitor.get(f"/{link.code}").status_code == 404
