"""What a property is given, how long it lasts, and what ends it."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.idp.oidc.models import Token
from django.contrib.sessions.models import Session
from django.utils import timezone

from identity.models import Grant
from identity.oidc import clients, grants
from tests.identity.oidc_forum import (
    BACK,
    SECRET,
    asked,
    basic,
    claims,
    exchange,
    refresh,
    sent_back,
    user_info,
)


@pytest.fixture(autouse=True)
def forum(db):
    return clients.save(
        "forum", name="Forum", secret=SECRET, redirect_uris=[BACK], signed_out_uris=[]
    )


@pytest.fixture
def shop(db):
    """Another property."""
    return clients.save(
        "shop", name="Shop", secret="shop-secret", redirect_uris=[BACK], signed_out_uris=[]
    )


@pytest.fixture
def browser(client_for, people):
    return client_for(people.acme_member)


@pytest.fixture
def anyone(client_for):
    """The property's server: no cookies."""
    return client_for()


def code(browser, **changes: str) -> str:
    return sent_back(browser.get(asked(**changes)))["code"]


def tokens(browser, anyone, **changes: str) -> dict:
    answer = exchange(anyone, code(browser, **changes))
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_a_refresh_token_gets_new_tokens_and_is_used_up(browser, anyone):
    first = tokens(browser, anyone)
    answer = refresh(anyone, first["refresh_token"])
    assert answer.status_code == 200, answer.content
    second = answer.json()
    assert user_info(anyone, second["access_token"]).json()["sub"] == claims(first)["sub"]
    assert claims(second)["auth_time"] == claims(first)["auth_time"]
    assert refresh(anyone, second["refresh_token"]).status_code == 200


def test_a_refresh_token_used_twice_ends_all_that_came_of_it(browser, anyone):
    first = tokens(browser, anyone)
    second = refresh(anyone, first["refresh_token"]).json()
    third = refresh(anyone, second["refresh_token"]).json()
    again = refresh(anyone, first["refresh_token"])
    assert (again.status_code, again.json()) == (400, {"error": "invalid_grant"})
    assert user_info(anyone, third["access_token"]).status_code == 401
    assert refresh(anyone, third["refresh_token"]).status_code == 400
    assert not Grant.objects.exists()


@pytest.mark.parametrize("space", [" ", "\t", "  ", " \t "])
def test_a_token_ends_with_its_sign_in_however_the_header_is_written(
    browser, anyone, people, space
):
    given = tokens(browser, anyone)["access_token"]
    path, header = "/identity/o/api/userinfo", {"Authorization": f"Bearer{space}{given}"}
    people.acme_member.set_password("another odd horse")
    people.acme_member.save()
    assert anyone.get(path, headers=header).status_code == 401
    assert anyone.post(path, {"access_token": given}).status_code == 401


def test_a_refreshed_token_may_ask_for_less_and_never_for_more(browser, anyone):
    first = tokens(browser, anyone, scope="openid profile offline_access")
    more = refresh(anyone, first["refresh_token"], scope="openid email")
    assert more.json()["error"] == "invalid_scope"
    answer = refresh(anyone, first["refresh_token"], scope="openid offline_access groups")
    assert answer.status_code == 200, answer.content
    assert answer.json()["scope"] == "openid"


def test_a_code_used_twice_ends_what_it_gave(browser, anyone, django_capture_on_commit_callbacks):
    given = code(browser)
    first = exchange(anyone, given).json()
    assert user_info(anyone, first["access_token"]).status_code == 200
    with django_capture_on_commit_callbacks(execute=True):
        again = exchange(anyone, given)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert user_info(anyone, first["access_token"]).status_code == 401
    assert refresh(anyone, first["refresh_token"]).status_code == 400


def test_a_used_code_is_known_for_long(browser, anyone, django_capture_on_commit_callbacks):
    given = code(browser)
    first = exchange(anyone, given).json()
    row = Token.objects.by_value(given).get()
    assert row.expires_at > timezone.now() + timedelta(hours=1), "longer than an access token"
    with django_capture_on_commit_callbacks(execute=True):
        exchange(anyone, given)
    assert user_info(anyone, first["access_token"]).status_code == 401


@pytest.mark.parametrize(
    "wrong", [{"secret": "another"}, {"code_verifier": "w" * 64}, {"redirect_uri": "https://x.y/"}]
)
def test_a_wrong_secret_does_not_burn_a_code(browser, anyone, wrong):
    given = code(browser)
    assert exchange(anyone, given, **wrong).status_code in {400, 401}
    assert exchange(anyone, given).status_code == 200


def test_another_property_neither_uses_nor_burns_a_code(browser, anyone, shop):
    given = code(browser)
    stolen = exchange(anyone, given, client_id="shop", secret="shop-secret")
    assert stolen.status_code in {400, 401}
    assert exchange(anyone, given).status_code == 200


def test_a_property_s_tokens_are_its_own(browser, anyone, shop):
    mine = tokens(browser, anyone)
    theirs = {"client_id": "shop", "secret": "shop-secret"}
    assert refresh(anyone, mine["refresh_token"], **theirs).status_code in {400, 401}
    for name in ("access_token", "refresh_token"):
        anyone.post(
            "/identity/o/api/revoke",
            {"token": mine[name]},
            headers=basic("shop-secret", "shop"),
        )
        anyone.post("/identity/o/api/revoke", {"token": mine[name]}, headers=basic("wrong"))
    assert user_info(anyone, mine["access_token"]).status_code == 200
    assert refresh(anyone, mine["refresh_token"]).status_code == 200


def test_a_property_takes_back_its_tokens(browser, anyone):
    mine = tokens(browser, anyone)
    anyone.post("/identity/o/api/revoke", {"token": mine["refresh_token"]}, headers=basic())
    assert user_info(anyone, mine["access_token"]).status_code == 401
    assert refresh(anyone, mine["refresh_token"]).status_code == 400


def signs_out(browser):
    browser.post("/logout/")


def signs_out_everywhere(browser):
    Session.objects.filter(session_key=browser.session.session_key).delete()


def grows_old(browser):
    key = browser.session.session_key
    Session.objects.filter(session_key=key).update(expire_date=timezone.now())


def changes_the_password_elsewhere(browser):
    from identity.models import User

    user = User.objects.get(pk=browser.session["_auth_user_id"])
    user.set_password("another horse")
    user.save()


def is_closed(browser):
    from identity.models import User

    User.objects.filter(pk=browser.session["_auth_user_id"]).update(is_active=False)


ENDINGS = [
    signs_out,
    signs_out_everywhere,
    grows_old,
    changes_the_password_elsewhere,
    is_closed,
]


@pytest.mark.parametrize("ends", ENDINGS, ids=lambda ends: ends.__name__)
def test_access_ends_with_the_session_that_it_came_from(browser, anyone, ends):
    mine, unused = tokens(browser, anyone), code(browser)
    ends(browser)
    assert exchange(anyone, unused).json() == {"error": "invalid_grant"}
    assert user_info(anyone, mine["access_token"]).status_code == 401
    assert refresh(anyone, mine["refresh_token"]).json() == {"error": "invalid_grant"}
    assert not Token.objects.filter(client_id="forum").exists()


def test_another_browser_s_sign_in_is_another_s_end(browser, client_for, people, anyone):
    mine = tokens(browser, anyone)
    signs_out(client_for(people.acme_member))
    other = client_for(people.acme_member)
    tokens(other, anyone)
    signs_out(other)
    assert user_info(anyone, mine["access_token"]).status_code == 200
    assert refresh(anyone, mine["refresh_token"]).status_code == 200


def test_what_is_over_is_forgotten(browser, anyone):
    tokens(browser, anyone)
    Grant.objects.update(created_at=timezone.now() - timedelta(hours=1))
    assert grants.forget_ended() == 0
    grows_old(browser)
    assert grants.forget_ended() == 1
    assert not Token.objects.filter(client_id="forum").exists()


def test_an_address_that_nobody_has_proved_is_in_no_token(browser, anyone, people):
    EmailAddress.objects.filter(user=people.acme_member).update(verified=False)
    mine = tokens(browser, anyone)
    for said in (claims(mine), user_info(anyone, mine["access_token"]).json()):
        assert said["sub"]
        assert not {"email", "email_verified"} & said.keys()
    EmailAddress.objects.filter(user=people.acme_member).update(verified=True)
    said = user_info(anyone, mine["access_token"]).json()
    assert (said["email"], said["email_verified"]) == (people.acme_member.email, True)


def test_a_token_in_an_address_opens_nothing(browser, anyone):
    mine = tokens(browser, anyone)
    found = anyone.get(f"/identity/o/api/userinfo?access_token={mine['access_token']}")
    assert found.status_code == 401


def test_the_token_says_when_the_person_proved_who_they_are(client_for, people, anyone):
    before = int(time.time())
    browser = client_for()
    browser.post("/login/", {"login": people.acme_member.email, "password": "correct horse"})
    said = claims(tokens(browser, anyone, max_age="1000"))
    assert before <= said["auth_time"] <= time.time()
