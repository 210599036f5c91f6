"""Signing in by password and by mailed code, and the ids of browsers."""

from __future__ import annotations

import re

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.core import mail

from identity.models import Person, PersonAlias, User
from identity.persons import identify, person_of


def last_code() -> str:
    found = re.search(r"^\s*([A-Z0-9]{3,4}-?[A-Z0-9]{3,4})\s*$", mail.outbox[-1].body, re.MULTILINE)
    assert found is not None
    return found.group(1)


def test_a_password_signs_in_and_leads_to_the_workspace(client_for, people):
    client = client_for()
    answer = client.post("/login/", {"login": people.acme_owner.email, "password": "correct horse"})
    assert answer["Location"] == "/go/"
    assert "//acme." in client.get("/go/")["Location"]


def test_a_mailed_code_signs_in(client_for, people, django_capture_on_commit_callbacks):
    client = client_for()
    with django_capture_on_commit_callbacks(execute=True):
        client.post("/login/code/", {"email": people.acme_owner.email})
    client.post("/login/code/confirm/", {"code": last_code()})
    assert "//acme." in client.get("/go/")["Location"]


def test_a_wrong_code_does_not(client_for, people, django_capture_on_commit_callbacks):
    client = client_for()
    with django_capture_on_commit_callbacks(execute=True):
        client.post("/login/code/", {"email": people.acme_owner.email})
    client.post("/login/code/confirm/", {"code": "AAAA-AAAA"})
    assert "/login/" in client.get("/go/")["Location"]


def test_asking_for_a_code_does_not_tell_who_has_an_account(client_for, people):
    known = client_for().post("/login/code/", {"email": people.acme_owner.email})
    unknown = client_for().post("/login/code/", {"email": "nobody@example.org"})
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])


def test_a_wrong_password_says_the_same_for_known_and_unknown(client_for, people):
    known = client_for().post(
        "/login/", {"login": people.acme_owner.email, "password": "wrong horse"}
    )
    unknown = client_for().post(
        "/login/", {"login": "nobody@example.org", "password": "wrong horse"}
    )
    words = re.compile(r"field__error|notice--error|form-errors")
    assert known.status_code == unknown.status_code == 200
    assert len(words.findall(known.content.decode())) == len(
        words.findall(unknown.content.decode())
    )


@pytest.fixture
def second_try(people, db) -> EmailAddress:
    """A second, unverified sign-up with the address of acme's owner."""
    user = User.objects.create_user(people.acme_owner.email, "another horse", name="Again")
    return EmailAddress.objects.create(user=user, email=user.email, primary=True)


def test_the_unverified_one_cannot_take_over_by_password(client_for, people, second_try):
    client = client_for()
    client.post("/login/", {"login": second_try.email, "password": "another horse"})
    assert "//acme." not in client.get("/go/")["Location"]


def test_identifying_twice_records_once(people, settle):
    anonymous_id = Person().id
    assert identify(people.outsider, anonymous_id=anonymous_id) == identify(
        people.outsider, anonymous_id=anonymous_id
    )
    assert PersonAlias.objects.filter(anonymous_id=anonymous_id).count() == 1


def test_a_person_is_made_once_for_a_user(people):
    assert person_of(people.outsider) == person_of(User.objects.get(pk=people.outsider.pk))


class TestTheAnonymousId:
    def test_reading_the_site_brings_none_and_a_form_that_was_sent_does(self, client_for):
        client = client_for()
        assert "plg_aid" not in client.get("/login/").cookies
        answer = client.post("/login/", {"login": "nobody@example.org", "password": "x"})
        cookie = answer.cookies["plg_aid"]
        assert cookie["httponly"]
        assert cookie["domain"] == settings.SESSION_COOKIE_DOMAIN
        assert "private" in answer["Cache-Control"]

    @pytest.mark.parametrize("header", ["Sec-GPC", "DNT"])
    def test_a_browser_that_asks_not_to_be_followed_gets_none(self, client_for, header):
        form = {"login": "nobody@example.org", "password": "x"}
        assert "plg_aid" not in client_for().post("/login/", form, headers={header: "1"}).cookies

    def test_the_files_host_sets_no_cookie(self, client_for):
        response = client_for().get("/nothing", headers={"host": settings.FILES_DOMAIN})
        assert response.cookies == {}


def test_the_readable_cookie_follows_sign_in_and_out(client_for, people):
    client = client_for()
    client.post("/login/", {"login": people.acme_owner.email, "password": "correct horse"})
    client.get("/go/")
    assert client.cookies["plg_signed_in"].value == "1"
    client.post("/logout/")
    assert client.cookies["plg_signed_in"].value == ""
