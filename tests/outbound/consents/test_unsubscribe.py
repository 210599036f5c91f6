"""One press ends it: without signing in, without a cookie, as often and as late as one likes."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client

from identity.persons import person_of
from outbound import recipients, topics
from outbound.channels.mail import compose
from outbound.consents import consent
from outbound.letter import Letter
from outbound.models import ConsentChange
from outbound.running import Runner
from tests.outbound.writing import NEWS, USAGE, fresh, send, to_person

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def sent(people):
    """The mail of a product topic, as it left."""
    row = to_person(people.outsider, USAGE, html="<html><body><p>Used</p></body></html>")
    Runner().one_pass()
    assert fresh(row).state == "sent"
    return mail.outbox[-1]


def path_in(message) -> str:
    url = message.extra_headers["List-Unsubscribe"].strip("<>")
    assert url.startswith(f"{settings.SITE_URL}/")
    return url.removeprefix(settings.SITE_URL)


def stranger() -> Client:
    """A mailbox provider: no cookie, and no token although Django asks for one."""
    return Client(headers={"host": settings.SITE_DOMAIN}, enforce_csrf_checks=True)


def test_a_mail_that_one_may_refuse_has_both_headers_and_the_link_in_both_parts(sent):
    assert sent.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    path = path_in(sent)
    [(html, kind)] = sent.alternatives
    assert path in sent.body
    assert kind == "text/html"
    assert path in html
    assert html.endswith("</body></html>")


def test_on_the_wire_the_text_comes_first_and_the_address_is_in_one_piece(sent):
    wire = sent.message().as_string()
    assert wire.index("text/plain") < wire.index("text/html")
    assert re.search(r"^List-Unsubscribe:\s+<\S+>$", wire, re.MULTILINE)


@pytest.mark.parametrize("topic", ["codes", "account", "workspace"])
def test_what_is_necessary_offers_no_way_out(db, topic):
    message = compose(send(topic), Letter("a", "b"))
    assert "List-Unsubscribe" not in message.extra_headers
    assert message.body == "b"


def test_one_click_ends_it_without_cookie_or_token(sent, people):
    answer = stranger().post(path_in(sent), ONE_CLICK)
    assert answer.status_code == 200
    assert settings.SESSION_COOKIE_NAME not in answer.cookies
    assert USAGE not in consent.wanted_by(people.outsider)
    assert NEWS not in consent.wanted_by(people.outsider)
    assert "domains" in consent.wanted_by(people.outsider)
    said = ConsentChange.objects.get()
    assert (said.given, said.source) == (False, "one-click unsubscribe")


@pytest.mark.parametrize("method", ["get", "head"])
def test_a_scanner_that_follows_the_link_changes_nothing(sent, people, method):
    answer = getattr(stranger(), method)(path_in(sent))
    assert answer.status_code == 200
    assert USAGE in consent.wanted_by(people.outsider)
    assert not ConsentChange.objects.exists()


def test_the_form_of_the_page_ends_it(sent, people):
    page = stranger().get(path_in(sent)).content.decode()
    assert "Usage" in page
    assert 'method="post"' in page
    assert "does not come any more" in stranger().post(path_in(sent)).content.decode()
    assert USAGE not in consent.wanted_by(people.outsider)


def test_one_can_have_only_what_is_necessary(sent, people):
    assert stranger().post(path_in(sent), {"all": "1"}).status_code == 200
    assert consent.wanted_by(people.outsider) == set()


def test_the_link_is_good_again_and_again_and_for_ever(sent, people, monkeypatch):
    import time

    for _ in range(3):
        assert stranger().post(path_in(sent), ONE_CLICK).status_code == 200
    monkeypatch.setattr(time, "time", lambda: 4_000_000_000)
    assert stranger().post(path_in(sent), ONE_CLICK).status_code == 200


def test_it_outlives_a_change_of_the_secret_key(sent, people, settings):
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-key-" * 4
    assert stranger().post(path_in(sent), ONE_CLICK).status_code == 200


@pytest.mark.parametrize("method", ["get", "post"])
def test_an_address_that_we_did_not_sign_is_none(db, people, method):
    whom = recipients.person(person_of(people.outsider).pk)
    for token in (f"{whom}~{USAGE}:abc", "x", f"{whom}~{USAGE}"):
        assert getattr(stranger(), method)(f"/unsubscribe/{token}/").status_code == 404
    assert not ConsentChange.objects.exists()


def test_who_signs_up_for_nothing_is_asked_by_the_account_page(client_for, people):
    page = client_for(people.outsider).get("/account/mails/").content.decode()
    for topic in topics.optional():
        assert topic.text in page
    assert 'name="codes"' not in page
