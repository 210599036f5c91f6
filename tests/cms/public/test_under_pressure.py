"""Under the highest pressure visitors get what is in the release; who is signed in gets all."""

from __future__ import annotations

import pytest
from django.conf import settings as django_settings

from cms.releases import withdrawn
from events import registry


def test_a_page_of_the_release_comes_as_ever(visitor, built, pressure_of):
    pressure_of(3)
    assert visitor.get("/pricing/").status_code == 200


@pytest.mark.parametrize("address", ["/no-such-page/", "/feed-of-nobody"])
def test_what_is_not_in_the_release_comes_later_with_words(visitor, built, pressure_of, address):
    pressure_of(2)
    assert visitor.get(address).status_code in {301, 404}
    pressure_of(3)
    answer = visitor.get(address)
    assert answer.status_code == 503
    assert int(answer["Retry-After"]) == 30
    assert "wait a moment" in answer.content.decode()


def test_it_asks_no_database(visitor, built, pressure_of, django_assert_num_queries):
    pressure_of(3)
    with django_assert_num_queries(0):
        assert visitor.get("/no-such-page/").status_code == 503


def test_who_is_signed_in_gets_pages_as_ever(built, pressure_of, client_for, people):
    pressure_of(3)
    assert client_for(people.outsider).get("/no-such-page/").status_code == 404


def test_sign_in_is_never_left_out(client_for, built, pressure_of):
    pressure_of(3)
    for address in ("/login/", "/login/code/", "/password/reset/"):
        assert client_for().get(address).status_code == 200


def test_what_was_taken_away_is_not_shown_and_what_mentions_it_comes_as_it_was(
    visitor, site, built, pressure_of
):
    withdrawn.pages([site.privacy.pk], wish=1)
    assert withdrawn.is_marked("pricing/"), "its menu leads there"
    pressure_of(3)
    assert visitor.get("/privacy/").status_code == 503
    assert visitor.get("/pricing/").content == (built.folder / "pricing/index.html").read_bytes()


def test_the_content_api_says_later_as_a_problem(visitor, built, pressure_of):
    assert visitor.get("/api/content/pages/").status_code == 200
    pressure_of(3)
    answer = visitor.get("/api/content/pages/")
    assert answer.status_code == 503
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["Retry-After"] == "30"


def test_page_views_are_what_may_be_left_out():
    assert registry.is_sheddable("Page Viewed")
    assert django_settings.PRESSURE_KEEP_ONE_IN > 1
