"""The list of where somebody is signed in, and ending one or all of them."""

from __future__ import annotations

import re

import pytest
from allauth.idp.oidc.models import Client as OIDCClient
from allauth.idp.oidc.models import Token
from django.contrib.sessions.models import Session
from django.db import connection
from django.test.utils import CaptureQueriesContext

from identity.models import DerivedSession, SignIn, User
from identity.signing_in import sign_ins

PATH = "/account/sessions/"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def sign_in(client, user, agent: str = FIREFOX):
    fields = {"login": user.email, "password": "correct horse"}
    client.post("/login/", fields, headers={"user-agent": agent})
    return client


def ends_of(page: str) -> list[str]:
    return re.findall(r'action="(/account/sessions/[0-9a-f-]{36}/end/)"', page)


def is_in(client) -> bool:
    return client.get("/workspaces/").status_code == 200


def test_the_list_names_each_browser_and_says_which_one_this_is(client_for, people):
    here, there = sign_in(client_for(), people.outsider), client_for()
    sign_in(there, people.outsider, "curl/8.0")
    page = here.get(PATH).content.decode()
    assert "Firefox on Linux" in page
    assert "curl/8.0" in page
    assert page.count("This browser") == 1
    assert len(ends_of(page)) == 2
    keys = SignIn.objects.filter(user=people.outsider).values_list("session_key", flat=True)
    assert not any(key in page for key in keys), "who reads the page must not get the sessions"


def test_one_of_them_is_signed_out_and_the_other_stays(client_for, people):
    here, there = sign_in(client_for(), people.outsider), sign_in(client_for(), people.outsider)
    other = SignIn.objects.get(session_key=there.session.session_key)
    assert here.post(f"{PATH}{other.pk}/end/")["Location"] == PATH
    assert (is_in(here), is_in(there)) == (True, False)
    assert len(ends_of(here.get(PATH).content.decode())) == 1


def test_ending_ones_own_signs_out_here(client_for, people):
    here = sign_in(client_for(), people.outsider)
    [own] = ends_of(here.get(PATH).content.decode())
    here.post(own)
    assert not is_in(here)


def test_nobody_ends_somebody_elses(client_for, people):
    theirs = sign_in(client_for(), people.acme_owner)
    row = SignIn.objects.get(session_key=theirs.session.session_key)
    assert client_for(people.outsider).post(f"{PATH}{row.pk}/end/").status_code == 404
    assert client_for().post(f"{PATH}{row.pk}/end/").status_code == 302
    assert is_in(theirs)


def test_a_link_ends_nothing(client_for, people):
    here = sign_in(client_for(), people.outsider)
    [own] = ends_of(here.get(PATH).content.decode())
    assert here.get(own).status_code == 405
    assert here.get(f"{PATH}end/").status_code == 405
    assert is_in(here)


@pytest.fixture
def elsewhere(people):
    """A session on a workspace's own domain and a token of another program, of the outsider."""
    from identity.sessions import SessionStore

    store = SessionStore(host="links.example.org")
    store["_auth_user_id"] = str(people.outsider.pk)
    store.save()
    DerivedSession.objects.create(
        session_key=store.session_key, client_id="domain-x", user=people.outsider, sid="sid-1"
    )
    client = OIDCClient.objects.create(id="forum", name="Forum")
    Token.objects.create(
        client=client, user=people.outsider, hash="x", type=Token.Type.ACCESS_TOKEN
    )
    return store


def test_signing_out_everywhere_ends_sessions_derived_ones_and_tokens(
    client_for, people, elsewhere
):
    here, there = sign_in(client_for(), people.outsider), sign_in(client_for(), people.outsider)
    bystander = sign_in(client_for(), people.acme_owner)
    here.post(f"{PATH}end/")
    assert (is_in(here), is_in(there), is_in(bystander)) == (True, False, True)
    assert not Session.objects.filter(session_key=elsewhere.session_key).exists()
    assert not DerivedSession.objects.filter(user=people.outsider).exists()
    assert not Token.objects.filter(user=people.outsider).exists()


def test_it_also_ends_sessions_that_the_list_does_not_know(client_for, people):
    here, there = sign_in(client_for(), people.outsider), sign_in(client_for(), people.outsider)
    SignIn.objects.filter(session_key=there.session.session_key).delete()
    here.post(f"{PATH}end/")
    assert (is_in(here), is_in(there)) == (True, False)


def test_ending_one_ends_what_began_with_it_on_own_domains(client_for, people, elsewhere):
    there = sign_in(client_for(), people.outsider)
    session = there.session
    session["oidc_sid"] = "sid-1"
    session.save()
    row = SignIn.objects.get(session_key=there.session.session_key)
    client_for(people.outsider).post(f"{PATH}{row.pk}/end/")
    assert not Session.objects.filter(session_key=elsewhere.session_key).exists()


def test_a_changed_password_keeps_this_browser_in_the_list_and_drops_the_others(client_for, people):
    here, there = sign_in(client_for(), people.outsider), sign_in(client_for(), people.outsider)
    here.post(
        "/password/change/",
        {"oldpassword": "correct horse"}
        | dict.fromkeys(("password1", "password2"), "quite another horse"),
    )
    assert (is_in(here), is_in(there)) == (True, False)
    [row] = sign_ins.of(User.objects.get(pk=people.outsider.pk))
    assert row.session_key == here.session.session_key


def test_a_session_of_before_is_good_and_comes_into_the_list_when_it_is_used(client_for, people):
    client = sign_in(client_for(), people.outsider)
    SignIn.objects.all().delete()
    session = client.session
    del session[sign_ins.SEEN]
    session.save()
    assert len(ends_of(client.get(PATH).content.decode())) == 0
    assert len(ends_of(client.get(PATH).content.decode())) == 1


def test_using_a_session_writes_once_an_hour(client_for, people):
    client = sign_in(client_for(), people.outsider)
    client.get("/workspaces/")
    with CaptureQueriesContext(connection) as asked:
        client.get("/workspaces/")
    assert not [each for each in asked if "identity_signin" in each["sql"]]


def test_what_is_over_is_tidied_away(client_for, people):
    sign_in(client_for(), people.outsider)
    over = sign_in(client_for(), people.outsider).session.session_key
    Session.objects.filter(session_key=over).delete()
    assert sign_ins.tidy() == 1
    assert SignIn.objects.filter(user=people.outsider).count() == 1
