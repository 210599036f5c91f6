"""Asking "is it you?" from a workspace's own domain: on the site, and back, for this browser alone."""

from __future__ import annotations

import re
import time
from urllib.parse import urlsplit

import pytest

from identity.models import SignIn, User
from identity.security import recent
from identity.sessions import SessionStore
from tests.tenants.domains.test_sign_in import (  # noqa: F401 (fixtures)
    OURS,
    SITE,
    at,
    browser,
    log_in,
    port,
    world,
)

OWNER = "owner@acme.example"


def hours_pass(email: str, hours: float = 1) -> None:
    """Every session of this person began so much earlier, as far as the last sign-in goes."""
    user = User.objects.get(email=email)
    for row in SignIn.objects.filter(user=user):
        store = SessionStore(row.session_key, host=row.host)
        if recent.KEY in store:
            store[recent.KEY] -= hours * 3600
            store.save()


def answer(person, page, password: str = "correct horse"):  # noqa: S107
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
    following = re.search(r'name="next" value="([^"]+)"', page.text)
    fields = {"password": password, "csrfmiddlewaretoken": token[1]}
    fields["next"] = following[1].replace("&amp;", "&")
    return person.post(page.url, fields)


@pytest.fixture
def owner(world, browser):  # noqa: F811
    """Acme's owner, signed in on the site and on acme's own domain, an hour ago."""
    person = browser()
    log_in(person, person.get(at(OURS, "/links/")), OWNER)
    hours_pass(OWNER)
    yield person
    SignIn.objects.filter(user__email=OWNER).delete()


def test_the_site_asks_and_leads_back_to_the_page(owner):
    page = owner.get(at(OURS, "/api-keys/?x=1"))
    assert urlsplit(page.url).path == "/reauthenticate/"
    assert page.url.startswith(SITE)
    actions = page.headers["content-security-policy"].split("form-action", 1)[1].split(";")[0]
    assert at(OURS)[:-1] in actions, "browsers apply form-action to the redirects that follow"
    back = answer(owner, page)
    assert (back.status, back.url) == (200, at(OURS, "/api-keys/?x=1"))
    assert owner.get(at(OURS, "/settings/delete/"), follow=False).status == 200


def test_a_recent_sign_in_on_the_site_is_enough(world, browser):  # noqa: F811
    person = browser()
    log_in(person, person.get(at(OURS, "/links/")), OWNER)
    assert person.get(at(OURS, "/api-keys/")).url == at(OURS, "/api-keys/")


def test_a_wrong_answer_opens_nothing(owner):
    page = answer(owner, owner.get(at(OURS, "/api-keys/")), password="wrong horse")
    assert urlsplit(page.url).path == "/reauthenticate/"
    assert owner.get(at(OURS, "/api-keys/"), follow=False).status == 302


def test_the_word_of_one_browser_is_nothing_to_another(owner, browser):  # noqa: F811
    """Somebody who gets hold of the address that leads back gains nothing by it."""
    page = owner.get(at(OURS, "/api-keys/"))
    word = next(url for url in answer(owner, page).trail if "/sign-in/again/" in url)
    other = browser()
    log_in(other, other.get(at(OURS, "/links/")), OWNER)
    hours_pass(OWNER)
    other.get(word)
    assert other.get(at(OURS, "/api-keys/"), follow=False).status == 302


def test_a_note_of_somebody_else_is_not_answered(owner, browser):  # noqa: F811
    note = owner.get(at(OURS, "/api-keys/"), follow=False).location
    stranger = browser()
    log_in(stranger, stranger.get(f"{SITE}/login/"), "outsider@example.com")
    page = stranger.get(note, follow=False)
    assert page.status == 403
    assert "somebody else where you come from" in page.text


@pytest.mark.parametrize("note", ["", "x", "eyJvcmlnaW4iOiJodHRwOi8vZXZpbC5leGFtcGxlIn0:x:y"])
def test_a_forged_note_leads_nowhere(owner, note):
    page = owner.get(f"{SITE}/account/again/?for={note}", follow=False)
    assert page.status == 403


@pytest.mark.parametrize("word", ["", "x", "a:b:c"])
def test_a_forged_word_counts_for_nothing(owner, word):
    owner.get(at(OURS, f"/sign-in/again/?word={word}"))
    assert owner.get(at(OURS, "/api-keys/"), follow=False).status == 302


def test_the_word_is_worth_as_much_as_the_site_knows(owner):
    """The quarter of an hour runs from the answer on the site, not from the way back."""
    answer(owner, owner.get(at(OURS, "/api-keys/")))
    user = User.objects.get(email=OWNER)
    moments = [
        SessionStore(row.session_key, host=row.host)[recent.KEY]
        for row in SignIn.objects.filter(user=user)
        if SessionStore(row.session_key, host=row.host).get(recent.KEY, 0) > time.time() - 60
    ]
    assert len(moments) == 2
    assert moments[0] == moments[1]


def test_on_our_own_hosts_there_is_no_such_page(client_for, people, acme):
    assert client_for(people.acme_owner, acme).get("/sign-in/again/").status_code == 404


def test_who_has_an_authenticator_app_signs_in_on_the_own_domain(world, browser):  # noqa: F811
    from allauth.mfa.models import Authenticator

    from identity.security import demo_factor

    user = User.objects.get(email=OWNER)
    demo_factor.give(user)
    try:
        person = browser()
        step = log_in(person, person.get(at(OURS, "/links/")), OWNER)
        assert urlsplit(step.url).path == "/account/security/authenticate/"
        assert at(OURS)[:-1] in step.headers["content-security-policy"].split("form-action")[1]
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', step.text)[1]
        fields = {"code": demo_factor.codes()[0], "csrfmiddlewaretoken": token}
        assert person.post(step.url, fields).url == at(OURS, "/links/")
    finally:
        Authenticator.objects.filter(user=user).delete()
