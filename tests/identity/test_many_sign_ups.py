"""Many sign-ups with one address: what they cost stays bounded, and nobody is pushed out by them."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from identity.models import User
from identity.proofs import claims
from tests.identity.mailbox import ADDRESS, PASSWORD, is_signed_in

MANY = 60


def crowd(count: int = MANY, *, since: timedelta = timedelta(0)) -> list[User]:
    """So many sign-ups with the address, with passwords of their own."""
    at = timezone.now() - since
    one = User(email=ADDRESS)
    one.set_password("somebody elses long password")
    users = User.objects.bulk_create(
        User(email=ADDRESS, name=f"Crowd {n}", password=one.password, date_joined=at, last_login=at)
        for n in range(count)
    )
    EmailAddress.objects.bulk_create(
        EmailAddress(user=user, email=ADDRESS, primary=True) for user in users
    )
    return users


@pytest.fixture
def honest(client_for, mailbox):
    """Who signed up between two crowds, and came back once."""
    crowd(since=timedelta(days=3))
    mailbox.sign_up(client_for(), workspace="Mine")
    user = User.objects.get(name="Who began Mine")
    joined = timezone.now() - timedelta(days=2)
    User.objects.filter(pk=user.pk).update(
        date_joined=joined, last_login=joined + timedelta(hours=1)
    )
    crowd()
    return user


def queries(do) -> int:  # type: ignore[no-untyped-def]
    with CaptureQueriesContext(connection) as seen:
        do()
    return len(seen.captured_queries)


ASKED = {
    "a new password": ("/password/reset/", {"email": ADDRESS}),
    "a code": ("/login/code/", {"email": ADDRESS}),
    "a password": ("/login/", {"login": ADDRESS, "password": "wrong wrong wrong"}),
}


@pytest.mark.parametrize(("path", "form"), ASKED.values(), ids=ASKED)
def test_what_anybody_may_ask_for_costs_no_more_for_many(client_for, mailbox, path, form, db):
    crowd(12)
    few = queries(lambda: client_for().post(path, form))
    crowd(150)
    assert queries(lambda: client_for().post(path, form)) <= few + 2


def test_a_password_is_compared_with_a_few(client_for, db, monkeypatch):
    crowd()
    compared = []
    check = User.check_password
    monkeypatch.setattr(User, "check_password", lambda *said: compared.append(1) or check(*said))
    client_for().post("/login/", {"login": ADDRESS, "password": "wrong wrong wrong"})
    assert 0 < len(compared) <= claims.MOST


def test_allauth_lists_all_of_an_address_nowhere(client_for, people, monkeypatch, mailbox):
    """Its own look-up reads every row that there is."""
    from allauth.account import auth_backends, forms
    from allauth.account.internal import userkit

    def never(*_: object, **__: object) -> list[User]:
        raise AssertionError("all accounts of an address were asked for")

    for module in (auth_backends, forms, userkit):
        monkeypatch.setattr(module, "filter_users_by_email", never)
    client = client_for()
    for path, form in ASKED.values():
        assert client.post(path, form).status_code < 500
    mailbox.sign_up(client_for(), workspace="Another")
    client_for(people.outsider).post("/email/", {"email": "a@example.org", "action_add": ""})
    assert EmailAddress.objects.filter(user=people.outsider, email="a@example.org").exists()


def test_who_signed_up_between_two_crowds_signs_in_by_password(client_for, honest):
    client = client_for()
    client.post("/login/", {"login": ADDRESS, "password": PASSWORD})
    assert is_signed_in(client)
    assert client.get("/account/").status_code == 200


def test_and_by_a_code_and_finds_themselves_among_a_few(client_for, honest, mailbox):
    client = client_for()
    mailbox.sign_in_by_code(client)
    page = client.get("/login/code/choose/").content.decode()
    assert "Mine" in page
    assert page.count('type="radio"') == claims.MOST


def test_who_is_pushed_off_the_page_while_they_choose_is_still_chosen(client_for, mailbox, db):
    mine = crowd(8)[-1]
    client = client_for()
    mailbox.sign_in_by_code(client)
    page = client.get("/login/code/choose/").content.decode()
    assert str(mine.pk) in page
    crowd()
    User.objects.exclude(pk=mine.pk).filter(email=ADDRESS).update(
        date_joined=timezone.now() - timedelta(days=9)
    )
    client.post("/login/code/choose/", {"account": str(mine.pk)})
    assert EmailAddress.objects.get(user=mine).verified


@pytest.mark.parametrize("said", ["", "x", "00000000-0000-0000-0000-000000000000"])
def test_nobody_elses_account_is_chosen(client_for, mailbox, people, said):
    crowd(3)
    client = client_for()
    mailbox.sign_in_by_code(client)
    for account in (said, str(people.acme_owner.pk)):
        answer = client.post("/login/code/choose/", {"account": account})
        assert answer.status_code == 422
    assert not is_signed_in(client)


def test_one_request_for_a_new_password_mails_a_few_links_and_each_is_good(
    client_for, honest, mailbox
):
    mail.outbox.clear()
    with mailbox.open():
        client_for().post("/password/reset/", {"email": ADDRESS})
    assert len(mail.outbox) == 3
    assert any("Mine" in message.body for message in mail.outbox)
    for number in range(3):
        path = mailbox.link("password/reset/key", number=number)
        assert client_for().get(path).status_code == 302, "not one that has ended"


def test_mails_name_a_few(client_for, honest, mailbox):
    mailbox.ask_for_code(client_for())
    body = mail.outbox[-1].body
    assert len(re.findall(r"^- ", body, re.M)) == 5
    assert "Mine" in body


def test_whoever_proved_the_address_decides_about_all_of_them(client_for, mailbox, people):
    EmailAddress.objects.create(user=people.outsider, email=ADDRESS, verified=True)
    last = crowd()[-1]
    client = client_for(people.outsider)
    page = client.get("/email/begun/").content.decode()
    assert page.count("Another sign-up with your address") == claims.MOST
    assert client.post(f"/email/begun/{last.pk}/", {"prove": "1"}).status_code == 302


def test_the_link_of_any_of_them_is_good(client_for, db):
    middle = crowd()[MANY // 2]
    key = EmailConfirmationHMAC(EmailAddress.objects.get(user=middle)).key
    page = client_for().get(f"/confirm-email/{key}/").content.decode()
    assert "Is this your address?" in page
