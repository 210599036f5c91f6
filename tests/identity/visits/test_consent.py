"""Where consent is asked for, no visit gets a number before it; the choice can be changed."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from uuid import UUID

import pytest
from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpResponse, HttpResponseNotModified
from django.template.loader import render_to_string
from django.test import Client, RequestFactory

import events
from events.event import decode
from events.recording import calls
from identity.middleware import VisitorMiddleware
from identity.people import consents_of
from tests.identity.people.told import follow
from tests.visiting import tell


@pytest.fixture
def asked(settings: SimpleNamespace) -> None:
    settings.COOKIE_CONSENT_REQUIRED = True


def numbered(client: Client) -> bool:
    tell(client, {})
    return bool("plg_aid" in client.cookies and client.cookies["plg_aid"].value)


def test_elsewhere_a_visit_has_a_number_until_somebody_says_no(
    client_for: Callable[..., Client],
) -> None:
    client = client_for()
    assert numbered(client)
    client.post("/cookies/", {"answer": "no"})
    assert not numbered(client)


def test_before_consent_there_is_no_number(client_for: Callable[..., Client], asked: None) -> None:
    client = client_for()
    assert not numbered(client)
    client.cookies["plg_consent"] = "no"
    assert not numbered(client)


def test_with_consent_there_is_one_and_it_goes_when_consent_is_taken_back(
    client_for: Callable[..., Client], asked: None
) -> None:
    client = client_for()
    assert client.post("/cookies/", {"answer": "yes"})["Location"] == "/cookies/"
    assert "You said yes" in client.get("/cookies/").content.decode()
    assert numbered(client)
    client.post("/cookies/", {"answer": "no"})
    assert "You said no" in client.get("/cookies/").content.decode()
    assert not numbered(client)


def test_a_number_from_before_is_not_used_without_consent(
    client_for: Callable[..., Client], asked: None
) -> None:
    client = client_for()
    client.cookies["plg_aid"] = "0192d0a0-0000-7000-8000-000000000000"
    answer = tell(client, {})
    assert answer.wsgi_request.anonymous_id is None
    assert client.cookies["plg_aid"].value == "", "and is taken back"


def test_a_browser_that_asks_not_to_be_followed_and_gets_none(
    client_for: Callable[..., Client], asked: None
) -> None:
    client = client_for()
    client.cookies["plg_consent"] = "yes"
    assert "plg_aid" not in tell(client, {}, **{"sec-gpc": "1"}).cookies


def test_a_page_that_the_browser_has_already_brings_the_number_after_consent(
    client_for: Callable[..., Client],
) -> None:
    def unchanged(request: WSGIRequest) -> HttpResponse:
        return HttpResponseNotModified()

    of_a_workspace = RequestFactory(headers={"host": f"acme.{settings.APP_DOMAIN}"})
    asked_for = {"page": "text/html,*/*;q=0.8", "picture": "image/avif,*/*;q=0.8"}
    numbered = {
        what: "plg_aid"
        in VisitorMiddleware(unchanged)(of_a_workspace.get("/", HTTP_ACCEPT=accept)).cookies
        for what, accept in asked_for.items()
    }
    assert numbered == {"page": True, "picture": False}


def test_the_choice_needs_a_form_of_ours_and_one_of_two_answers(
    client_for: Callable[..., Client], asked: None
) -> None:
    assert (
        client_for(enforce_csrf_checks=True).post("/cookies/", {"answer": "yes"}).status_code == 403
    )
    assert client_for().post("/cookies/", {"answer": "maybe"}).status_code == 422
    assert "plg_consent" not in client_for().get("/cookies/?answer=yes").cookies


def test_the_site_asks_and_leads_to_the_choice_only_where_it_must(
    client_for: Callable[..., Client], settings: SimpleNamespace
) -> None:
    page = client_for().get("/cookies/").content.decode()
    assert "data-consent" not in page
    settings.COOKIE_CONSENT_REQUIRED = True
    page = client_for().get("/cookies/").content.decode()
    assert "May we count your visit?" in page
    assert 'js/site.js" type="module"' in page
    assert '/cookies/" data-consent-again>Cookies</a>' in page


def test_a_choice_is_known_with_where_and_which_words(
    client_for: Callable[..., Client], asked: None, people: SimpleNamespace
) -> None:
    page, banner, visitor = client_for(), client_for(people.acme_owner), client_for()
    with events.batch():
        assert page.post("/cookies/", {"answer": "yes"}).status_code == 302
        banner.cookies["plg_consent"] = "yes"
        tell(banner, {"consent": {"answer": "yes", "where": "/pricing/"}})
        for nothing in ({"answer": "maybe"}, {}, {"answer": "no"}):  # the last: of nobody we know
            assert tell(visitor, {"consent": nothing}).status_code == 204
        lines = [decode(line) for line in calls.unsent()]
    said = [event for event in lines if event.name == "Consent Changed"]
    assert [event.properties["where"] for event in said] == ["/cookies/", "/pricing/"]
    assert page.cookies["plg_aid"].value == said[0].anonymous_id
    text = page.get("/cookies/").content.decode()
    assert str(said[0].properties["words"]) in text
    banner_text = render_to_string("components/consent.html")
    assert str(said[1].properties["words"]) in banner_text
    assert tell(visitor, {"consent": "yes"}).status_code == 400

    follow(*said)
    (kept,) = consents_of([UUID(str(said[0].anonymous_id))])
    assert (kept.purpose, kept.given, kept.where) == ("measuring", True, "/cookies/")
    follow(*said)
    assert len(consents_of([UUID(str(said[0].anonymous_id))])) == 1
