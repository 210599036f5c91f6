from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.test import Client
from wagtail.models import APIToken, PageViewRestriction

from cms.releases import shelf
from identity.models import User

PAGES = "/api/content/pages/"


def test_the_api_answers_what_the_page_shows(
    visitor: Client, site: SimpleNamespace, built: shelf.Release
) -> None:
    shown = visitor.get("/").content.decode()
    answer = visitor.get(f"{PAGES}{site.home.pk}/").json()
    assert answer["meta"]["type"] == "cms.HomePage"
    assert answer["hero_title"] in shown
    features = next(block for block in answer["body"] if block["type"] == "feature_grid")
    for feature in features["value"]["features"]:
        assert feature["title"] in shown
    call = next(block for block in answer["body"] if block["type"] == "call_to_action")
    assert call["value"]["primary"] == {"label": "Start free", "href": "/signup/"}


def test_plans_and_articles_are_answered_with_their_fields(
    visitor: Client, site: SimpleNamespace
) -> None:
    pricing = visitor.get(f"{PAGES}{site.pricing.pk}/").json()
    assert {"month", "year"} == set(pricing["plans"][1]["prices"])
    article = visitor.get(f"{PAGES}{site.article.pk}/").json()
    assert article["date"] == "2026-11-03"
    assert article["reading_minutes"] >= 1
    assert article["body"][0]["value"].startswith("<p>Somewhere near you")
    assert article["canonical_url"].endswith("/blog/links-that-last/")


def test_all_pages_are_listed_and_found_by_address(visitor: Client, site: SimpleNamespace) -> None:
    listed = visitor.get(PAGES).json()
    assert listed["count"] == 8
    articles = visitor.get(f"{PAGES}?type=cms.ArticlePage").json()
    assert articles["count"] == 3
    found = visitor.get(f"{PAGES}find/?html_path=/pricing/", follow=True)
    assert found.json()["id"] == site.pricing.pk


def test_drafts_are_not_served_whoever_asks(
    visitor: Client, site: SimpleNamespace, editor: User, client_for: Callable[..., Client]
) -> None:
    site.privacy.title = "Secret words"
    site.privacy.save_revision()
    site.article.unpublish()
    _, token = APIToken.create_token(user=editor, name="a script")
    asking = [
        (visitor, {}),
        (client_for(editor), {}),
        (visitor, {"authorization": f"Bearer {token}"}),
    ]
    for client, headers in asking:
        page = client.get(f"{PAGES}{site.privacy.pk}/?version=draft", headers=headers)
        assert page.json()["title"] == "Privacy"
        assert client.get(f"{PAGES}{site.article.pk}/", headers=headers).status_code == 404
        assert client.get(PAGES, headers=headers).json()["count"] == 7


def test_a_private_page_is_not_served_even_to_who_knows_the_password(
    visitor: Client, site: SimpleNamespace
) -> None:
    restriction = PageViewRestriction.objects.create(
        page=site.privacy, restriction_type=PageViewRestriction.PASSWORD, password="secret"
    )
    session = visitor.session
    session["passed_page_view_restrictions"] = [restriction.pk]
    session.save()
    assert visitor.get(f"{PAGES}{site.privacy.pk}/").status_code == 404


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nothing_can_be_written(visitor: Client, site: SimpleNamespace, method: str) -> None:
    for path in (PAGES, f"{PAGES}{site.privacy.pk}/"):
        answer = getattr(visitor, method)(path, "{}", content_type="application/json")
        assert answer.status_code == 405


def test_the_writing_half_of_the_library_is_not_mounted(
    visitor: Client, site: SimpleNamespace
) -> None:
    document = visitor.get("/api/content/openapi.json").json()
    methods = {method for path in document["paths"].values() for method in path}
    assert methods == {"get"}
    assert len(document["paths"]) == 3
    for path in ("sites/", "whoami/", "schema/"):
        assert visitor.get(f"/api/content/{path}").status_code == 404


def test_a_wrong_request_is_answered_in_problem_json(
    visitor: Client, site: SimpleNamespace
) -> None:
    missing = visitor.get(f"{PAGES}999999/")
    assert missing.status_code == 404
    assert missing["Content-Type"].startswith("application/problem+json")
    assert visitor.get(f"{PAGES}?type=identity.User").status_code == 422
    assert json.loads(visitor.get(f"{PAGES}?limit=1000").content)["status"] == 400


def test_a_parameter_that_is_said_ever_again_has_an_end(visitor: Client) -> None:
    assert visitor.get(f"{PAGES}?{'&'.join(['type=cms.BlogPage'] * 21)}").status_code == 400


@pytest.mark.parametrize("number", ["9" * 25, str(2**31), str(2**63), f"-{'9' * 25}", "1e30"])
@pytest.mark.parametrize("name", ["offset", "limit", "child_of", "ancestor_of", "translation_of"])
def test_a_number_that_no_column_holds_is_refused_in_words(
    visitor: Client, site: SimpleNamespace, name: str, number: str
) -> None:
    answer = visitor.get(PAGES, {name: number})
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"


def test_a_page_of_such_a_number_is_none(visitor: Client, site: SimpleNamespace) -> None:
    assert visitor.get(f"{PAGES}{'9' * 25}/").status_code in {400, 404, 422}
    assert visitor.get(PAGES, {"search": "9" * 25}).status_code == 200, "a word like any other"


@pytest.mark.parametrize("key", ["9" * 25, "-1", "x", ""])
@pytest.mark.parametrize(
    "rows", ["identity/user/delete", "identity/user/set_active_state", "wagtailcore/page/delete"]
)
def test_keys_that_no_row_can_have_are_not_found(
    client_for: Callable[..., Client],
    site: SimpleNamespace,
    people: SimpleNamespace,
    rows: str,
    key: str,
) -> None:
    User.objects.filter(pk=people.outsider.pk).update(is_superuser=True)
    admin = client_for(User.objects.get(pk=people.outsider.pk))
    for ask in (admin.get, admin.post):
        assert ask(f"/cms/bulk/{rows}/?id={key}").status_code == 404
