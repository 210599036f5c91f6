"""The form of a sign-up is no key: sent once more, it opens what the first click's sign-in still does."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from identity.models import User
from tenants.models import SignupAttempt
from tests.identity.mailbox import ADDRESS, PASSWORD, Mailbox, is_signed_in
from tests.tenants.signing_up.form import loaded

SIGNUP = "/signup/"


@pytest.fixture
def mailbox(django_capture_on_commit_callbacks) -> Mailbox:
    return Mailbox(django_capture_on_commit_callbacks)


@pytest.fixture(params=[PASSWORD, ""], ids=["password", "code"])
def form(request) -> dict[str, str]:
    return {
        "name": "Nora",
        "email": ADDRESS,
        "workspace_name": "Trap",
        "password1": request.param,
        **loaded(),
    }


@pytest.fixture
def first(client_for, mailbox, form):
    client = client_for()
    with mailbox.open():
        client.post(SIGNUP, form)
    assert is_signed_in(client)
    return client


def opens(client_for, form) -> bool:
    client = client_for()
    answer = client.post(SIGNUP, form)
    if is_signed_in(client):
        return True
    assert answer.status_code == 409
    assert "signed up with this form already" in answer.content.decode()
    return False


def test_a_moment_later_it_is_the_same_sign_up(first, client_for, form):
    assert opens(client_for, form)
    assert User.objects.filter(email=ADDRESS).count() == 1


@pytest.mark.parametrize("way", ["code", "link", "reset"])
def test_it_opens_nothing_after_the_owner_has_proved_the_address(
    first, client_for, form, mailbox, way
):
    owner = client_for()
    if way == "code":
        mailbox.sign_in_by_code(owner)
    elif way == "link":
        owner.post(mailbox.link())
    else:
        with mailbox.open():
            owner.post("/password/reset/", {"email": ADDRESS})
        there = owner.get(mailbox.link("password/reset/key"))["Location"]
        owner.post(there, {"password1": "my very own horse", "password2": "my very own horse"})
    assert not is_signed_in(first)
    assert not opens(client_for, form)


def test_it_opens_nothing_after_signing_out_everywhere(first, client_for, form):
    first.post("/account/sessions/end/")
    assert is_signed_in(first)
    assert not opens(client_for, form)


def test_it_opens_nothing_after_signing_out(first, client_for, form):
    first.post("/logout/")
    assert not opens(client_for, form)


def test_it_opens_nothing_after_another_password(first, client_for, form):
    new = {"password1": "another odd horse", "password2": "another odd horse"}
    if form["password1"]:
        first.post("/password/change/", {"oldpassword": PASSWORD, **new})
    else:
        first.post("/password/set/", new)
    assert User.objects.get(email=ADDRESS).check_password("another odd horse")
    assert not opens(client_for, form)


def test_it_opens_nothing_some_minutes_later(first, client_for, form):
    SignupAttempt.objects.update(created_at=timezone.now() - timedelta(minutes=6))
    assert not opens(client_for, form)


def test_it_opens_nothing_with_another_password(first, client_for, form):
    assert not opens(client_for, {**form, "password1": "a guess of somebody"})
