"""Visits are told by the page's own script: each once, only by pages of the site, and of nobody who
asks not to be followed."""

from __future__ import annotations

import json

import pytest
from django.conf import settings as django_settings

from events.store import get_store
from tests.visiting import VISITS, look, tell

AID = django_settings.VISITOR_COOKIE_NAME
VIEW = {"view": {"path": "/pricing/", "referrer": ""}}


@pytest.fixture
def visits(settle):
    """What was recorded since this was asked for."""
    get = (
        "SELECT anonymous_id, person, properties FROM event WHERE name = 'Page Viewed' ORDER BY id"
    )

    def recorded():
        settle()
        with get_store().connection() as connection:
            return connection.execute(get).fetchall()

    before = len(recorded())
    return lambda: recorded()[before:]


def test_a_visit_is_recorded_once_with_the_title_that_the_site_knows(visitor, built, visits):
    answer = look(visitor, "/pricing/", referrer="https://news.example/story")
    assert (answer.status_code, answer.content) == (204, b"")
    assert "no-store" in answer["Cache-Control"]
    [(number, person, said)] = visits()
    assert said == {
        "path": "/pricing/", "title": "Pricing", "referrer": "https://news.example/story"
    }  # fmt: skip
    assert (number, person) == (answer.cookies[AID].value, None)


def test_the_number_comes_once_and_stays(visitor, built, visits):
    given = look(visitor, "/pricing/").cookies[AID]
    assert given["httponly"]
    assert given["samesite"] == "Lax"
    assert given["domain"] == django_settings.SESSION_COOKIE_DOMAIN
    assert AID not in look(visitor, "/blog/").cookies
    assert {number for number, _, _ in visits()} == {given.value}


def test_a_forged_number_is_replaced(visitor, built):
    visitor.cookies[AID] = "'; DROP TABLE persons; --"
    assert len(look(visitor, "/").cookies[AID].value) == 36


def test_reading_alone_counts_nothing(visitor, built, visits):
    for path in ("/", "/pricing/", "/blog/", "/robots.txt", "/no-such-page/"):
        visitor.get(path)
    assert visits() == []


@pytest.mark.parametrize(
    "path", ["/no-such-page/", "/robots.txt", "/login/", "/404.html", "", "/%00", "x" * 3000]
)
def test_what_is_no_public_page_is_not_counted(visitor, built, visits, path):
    assert tell(visitor, {"view": {"path": path}}).status_code == 204
    assert visits() == []


def test_an_address_with_letters_of_all_kinds_is_known_as_the_browser_writes_it(
    visitor, site, visits
):
    from cms.models import ContentPage
    from cms.releases import release

    site.home.add_child(instance=ContentPage(title="Über", slug="über", body="<p>We</p>"))
    release.build()
    look(visitor, "/%C3%BCber/")
    [(_, _, said)] = visits()
    assert (said["path"], said["title"]) == ("/über/", "Über")


@pytest.mark.parametrize("header", ["sec-gpc", "dnt"])
def test_who_asks_not_to_be_followed_is_counted_and_nobody(
    client_for, people, built, visits, header
):
    client = client_for(people.acme_owner)
    client.cookies[AID] = "0192d0a0-0000-7000-8000-000000000000"
    answer = look(client, "/pricing/", **{header: "1"})
    assert answer.cookies[AID].value == "", "what there was is taken back"
    [(number, person, said)] = visits()
    assert (number, person, said["path"]) == (None, None, "/pricing/")


def test_so_is_who_says_it_to_pages_alone(visitor, built, visits):
    """navigator.globalPrivacyControl, in browsers and extensions that send no header."""
    answer = tell(visitor, {**VIEW, "private": True})
    assert not answer.cookies
    assert "Content-Type" not in answer
    assert [number for number, _, _ in visits()] == [None]


def test_before_consent_a_visit_is_nobodys(client_for, people, built, visits, settings):
    settings.COOKIE_CONSENT_REQUIRED = True
    client = client_for(people.acme_owner)
    assert not look(client, "/pricing/").cookies
    client.cookies["plg_consent"] = "yes"
    assert tell(client, {}).cookies[AID].value, "with the answer to the question"
    look(client, "/pricing/")
    client.cookies["plg_consent"] = "no"
    assert tell(client, {}).cookies[AID].value == ""
    look(client, "/pricing/")
    known = [(bool(number), bool(person)) for number, person, _ in visits()]
    assert known == [(False, False), (True, True), (False, False)]


SITE = django_settings.SITE_URL


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("https://news.example:8443/a?reader=ada@example.com#x", "https://news.example:8443/a"),
        ("https://ada:secret@news.example/", "https://news.example/"),
        (f"{SITE}/blog/?utm_source=mail", f"{SITE}/blog/"),
        (f"{SITE}/invitations/secret/join/", ""),
        (f"http://acme.{django_settings.APP_DOMAIN}/links/", ""),
        ("android-app://com.example/", ""),
        ("https://[broken", ""),
        ("https://news.example/\x00", ""),
        ("https://news.example/\ud800", ""),
        ("https://news.example:99999/", ""),
        ("https://news.example/" + "x" * 900, ("https://news.example/" + "x" * 900)[:500]),
        (7, ""),
    ],
)
def test_where_they_came_from_says_nothing_of_one_person(visitor, built, visits, said, kept):
    tell(visitor, {"view": {"path": "/", "referrer": said}})
    [(_, _, properties)] = visits()
    assert properties["referrer"] == kept


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "cross-site", "origin": SITE},
        {"sec-fetch-site": "none"},
        {"origin": "https://elsewhere.example"},
        {"origin": "null"},
        {},
    ],
)
def test_pages_of_others_tell_nothing(visitor, built, visits, headers):
    answer = visitor.post(VISITS, VIEW, content_type="application/json", headers=headers)
    assert answer.status_code == 403
    assert answer["Content-Type"] == "application/problem+json"
    assert not answer.cookies
    assert visits() == []


def test_an_older_browser_says_the_origin(client_for, built, visits):
    client = client_for(enforce_csrf_checks=True)
    answer = client.post(
        VISITS, json.dumps(VIEW), content_type="text/plain", headers={"origin": SITE}
    )
    assert answer.status_code == 204
    assert len(visits()) == 1


@pytest.mark.parametrize(
    "message", ["{", "[]", "7", '{"view": 7}', "[" * 4000, b"\xff", '{"view": null}']
)
def test_what_is_no_message_is_refused_in_words(visitor, built, visits, message):
    answer = tell(visitor, message)
    assert answer.status_code == 400
    assert answer.json()["detail"]
    assert visits() == []


def test_parts_that_nobody_knows_are_left_alone(visitor, built, visits):
    assert tell(visitor, {**VIEW, "slots": ["a"], "of": {"tomorrow": 1}}).status_code == 204
    assert len(visits()) == 1


def test_a_large_message_and_another_method_are_refused(visitor, built):
    assert tell(visitor, {"view": {"path": "x" * 5000}}).status_code == 413
    for method in ("get", "head", "put", "delete"):
        answer = getattr(visitor, method)(VISITS, headers={"sec-fetch-site": "same-origin"})
        assert answer.status_code == 405


def test_one_address_tells_of_so_many_a_minute(visitor, built, visits, settings):
    settings.VISITS_BY_ADDRESS = "2/m"
    answers = [look(visitor, "/pricing/") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [204, 204, 429]
    assert int(answers[-1]["Retry-After"]) >= 1
    assert len(visits()) == 2
    unknown = {"REMOTE_ADDR": "10.9.9.9", "plg.address_unknown": True}
    told = visitor.post(
        VISITS, VIEW, content_type="application/json", headers={"sec-fetch-site": "same-origin"},
        **unknown,
    )  # fmt: skip
    assert told.status_code == 204, "behind a proxy that nobody declared is more than one person"


def test_it_asks_no_database(client_for, people, built, django_assert_num_queries):
    client = client_for(people.acme_owner)
    with django_assert_num_queries(0):
        assert look(client, "/pricing/").status_code == 204


def test_every_page_of_the_site_has_the_one_script_and_says_where_visits_go(visitor, built):
    for path, entry in built.entries.items():
        if entry.title:
            page = visitor.get(f"/{path}").content.decode()
            assert page.count('js/site.js" type="module"') == 1, path
            assert f'data-visits="{VISITS}"' in page
    assert "data-visits" not in visitor.get("/login/").content.decode()
