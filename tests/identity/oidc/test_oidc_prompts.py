"""What a property may ask of the sign-in: no page at all, a page in any case, a recent proof."""

from __future__ import annotations

import time
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from identity.oidc import clients
from tests.identity.oidc_forum import (
    BACK,
    SECRET,
    asked,
    claims,
    exchange,
    sent_back,
    user_info,
)


@pytest.fixture(autouse=True)
def forum(db):
    """One of the company's own."""
    return clients.save(
        "forum", name="Forum", secret=SECRET, redirect_uris=[BACK], signed_out_uris=[]
    )


def third_party(client_id: str):
    return clients.save(
        client_id,
        name=client_id,
        secret=SECRET,
        redirect_uris=[BACK],
        signed_out_uris=[],
        first_party=False,
    )


@pytest.fixture
def browser(client_for, people):
    """Signed in a moment ago, by the form."""
    made = client_for()
    made.post("/login/", {"login": people.acme_member.email, "password": "correct horse"})
    return made


def proved_ago(browser, seconds: float) -> None:
    """As if the person had proved who they are that long ago."""
    session = browser.session
    session["signed_in_at"] = time.time() - seconds
    for record in session.get("account_authentication_methods", []):
        record["at"] = time.time() - seconds
    session.save()


def error(response) -> str:
    return sent_back(response)["error"]


def test_silent_sign_in_of_our_own_works_on_first_use(browser, client_for):
    back = sent_back(browser.get(asked(prompt="none")))
    assert back["state"] == "s1"
    assert exchange(client_for(), back["code"]).status_code == 200


def test_silent_sign_in_without_a_session_says_so(client_for):
    assert error(client_for().get(asked(prompt="none"))) == "login_required"


def agree(browser, client_id: str) -> str:
    """Click “Continue” on the consent page; the code."""
    page = browser.get(asked(client_id=client_id))
    form = page.context["form"]
    given = {
        "request": form.initial["request"],
        "action": "grant",
        "scopes": ["openid", "profile", "email"],
    }
    return sent_back(browser.post("/identity/o/authorize", given))["code"]


def test_silent_sign_in_elsewhere_needs_consent_for_that_very_property(browser, client_for):
    third_party("wiki")
    third_party("chat")
    for client_id in ("wiki", "chat"):
        assert error(browser.get(asked(client_id=client_id, prompt="none"))) == "consent_required"
    answer = exchange(client_for(), agree(browser, "wiki"), client_id="wiki")
    assert answer.status_code == 200
    assert "code" in sent_back(browser.get(asked(client_id="wiki", prompt="none")))
    assert error(browser.get(asked(client_id="chat", prompt="none"))) == "consent_required"


def test_another_person_s_consent_is_not_mine(browser, client_for, people):
    third_party("wiki")
    exchange(client_for(), agree(browser, "wiki"), client_id="wiki")
    other = client_for(people.globex_owner)
    assert error(other.get(asked(client_id="wiki", prompt="none"))) == "consent_required"


def test_to_say_no_gives_nothing(browser):
    third_party("wiki")
    page = browser.get(asked(client_id="wiki"))
    given = {"request": page.context["form"].initial["request"], "action": "cancel"}
    back = sent_back(browser.post("/identity/o/authorize", given))
    assert back == {"error": "access_denied", "state": "s1"}


def test_no_page_and_a_page_cannot_both_be_asked_for(browser):
    assert error(browser.get(asked(prompt="none login"))) == "invalid_request"


def test_a_recent_proof_is_enough_and_an_old_one_is_not(browser, client_for):
    proved_ago(browser, 60)
    code = sent_back(browser.get(asked(max_age="600")))["code"]
    said = claims(exchange(client_for(), code).json())
    assert time.time() - said["auth_time"] == pytest.approx(60, abs=5)
    proved_ago(browser, 700)
    assert error(browser.get(asked(max_age="600", prompt="none"))) == "login_required"
    page = browser.get(asked(max_age="600"))
    assert page["Location"].startswith("/reauthenticate/?next=")


@pytest.mark.parametrize("how", [{"prompt": "login"}, {"max_age": "0"}])
def test_a_property_may_ask_for_a_new_proof_and_gets_one(browser, client_for, how):
    proved_ago(browser, 700)
    there = browser.get(asked(**how))["Location"]
    assert there.startswith("/reauthenticate/?next=")
    policy = browser.get(there)["Content-Security-Policy"]
    assert "https://forum.example.org" in policy, "the form may lead there"
    following = parse_qs(urlsplit(there).query)["next"][0]
    answer = browser.post(there, {"password": "correct horse", "next": following})
    assert answer["Location"] == following
    code = sent_back(browser.get(following))["code"]
    said = claims(exchange(client_for(), code).json())
    assert time.time() - said["auth_time"] < 60


@pytest.mark.parametrize("how", [{"prompt": "login"}, {"max_age": "0"}, {"max_age": "5"}])
def test_a_visitor_signs_in_once(client_for, people, how):
    browser = client_for()
    there = browser.get(asked(**how))["Location"]
    following = parse_qs(urlsplit(there).query)["next"][0]
    given = {"login": people.acme_member.email, "password": "correct horse", "next": following}
    answer = browser.post("/login/", given)
    assert answer["Location"] == following
    assert "code" in sent_back(browser.get(following))


@pytest.mark.parametrize("age", ["-1", "x", "1.5", "9" * 30, "²"])
def test_an_age_that_is_none_is_refused(browser, age):
    assert error(browser.get(asked(max_age=age))) == "invalid_request"


@pytest.mark.parametrize("name", ["request", "request_uri"])
def test_a_request_in_a_token_is_refused_by_its_name(browser, client_for, name):
    for client in (browser, client_for()):
        back = sent_back(client.get(asked(**{name: "https://forum.example.org/r.jwt"})))
        assert back == {"error": f"{name}_not_supported", "state": "s1"}
    posted = asked(**{name: "x"}).partition("?")[2]
    there = browser.post(
        "/identity/o/authorize", posted, content_type="application/x-www-form-urlencoded"
    )
    assert error(browser.get(there["Location"])) == f"{name}_not_supported"


def test_scopes_that_we_do_not_know_are_ignored(browser, client_for):
    back = sent_back(browser.get(asked(scope="openid offline_access groups email")))
    got = exchange(client_for(), back["code"]).json()
    assert set(got["scope"].split()) == {"openid", "email"}
    assert "name" not in user_info(client_for(), got["access_token"]).json()
    assert error(browser.get(asked(scope="offline_access"))) == "invalid_scope"


def test_what_we_do_not_support_is_refused_or_ignored_and_never_fails(browser):
    assert error(browser.get(asked(response_mode="fragment"))) == "invalid_request"
    assert (
        browser.get(asked(nonce="a\0b")).status_code == 400
    )  # as everywhere (plg_site.web.readable)
    for said in ("[1]", "{", '{"sub": 1}', "null"):
        assert "code" in sent_back(browser.get(asked(claims=said)))
    assert error(browser.get(asked() + "&scope=email")) == "invalid_request"
    assert error(browser.get(asked(response_type="token"))) in {
        "unauthorized_client",
        "unsupported_response_type",
    }


def test_a_hint_of_another_person_is_no_sign_in_for_this_one(browser, client_for, people):
    other = client_for(people.globex_owner)
    theirs = exchange(client_for(), sent_back(other.get(asked()))["code"]).json()["id_token"]
    hinted = urlencode({"id_token_hint": theirs})
    assert error(browser.get(f"{asked(prompt='none')}&{hinted}")) == "login_required"
