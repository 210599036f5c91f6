"""Proofs of one address, what is given out beside one, and one refresh token: never two at once.

The first of the two is held open in a transaction of this thread while the other one comes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from django.conf import settings
from django.db import connection, transaction
from django.test import Client

from identity.models import Grant, User
from identity.oidc import clients
from identity.signing_in import credentials
from tenants.keys import api_keys
from tenants.members import membership
from tenants.models import ApiKey, Role, Tenant
from tenants.signing_up import provisioning
from tests.identity import oidc_forum as forum

SHORT, LONG = 0.4, 20  # seconds


@pytest.fixture(autouse=True)
def _committed(committed) -> None:
    """All of these really commit."""


@pytest.fixture
def email() -> Iterator[str]:
    email = f"{uuid4().hex[:8]}@example.org"
    yield email
    Tenant.objects.filter(memberships__user__email=email).delete()
    User.objects.filter(email=email).delete()


def person(email: str, *, verified: bool = False) -> User:
    user = User.objects.create_user(email, "correct horse", name="Nora")
    EmailAddress.objects.create(user=user, email=email, primary=True, verified=verified)
    return User.objects.get(pk=user.pk)


def link_of(user: User) -> str:
    key = EmailConfirmationHMAC(EmailAddress.objects.get(user=user)).key
    return f"/confirm-email/{key}/"


def browser() -> Client:
    return Client(headers={"host": settings.SITE_DOMAIN}, raise_request_exception=False)


@contextmanager
def beside(call: Callable[[], Any]) -> Iterator[list[Any]]:
    """Within the transaction of the block, `call` begins in a thread; afterwards it has answered."""
    answers: list[Any] = []

    def run() -> None:
        try:
            answers.append(call())
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    with transaction.atomic():
        yield answers
        thread.start()
        thread.join(SHORT)
        assert not answers, "it did not wait"
    thread.join(LONG)
    assert answers


def test_two_sign_ups_of_one_address_are_proved_at_once(email):
    first, second = person(email), person(email)
    there = link_of(second)
    with beside(lambda: browser().post(there)) as answers:
        assert browser().post(link_of(first)).status_code == 302
    assert answers[0].status_code < 500
    assert EmailAddress.objects.get(email=email, verified=True).user == first


def test_one_link_that_is_clicked_twice_proves_once(email):
    user = person(email)
    there = link_of(user)
    with beside(lambda: browser().post(there)) as answers:
        browser().post(there)
        after = User.objects.get(pk=user.pk).sign_in_generation
    assert answers[0].status_code < 500
    assert User.objects.get(pk=user.pk).sign_in_generation == after == 1


def test_two_invitations_of_one_address_are_used_at_once(email, settings):
    settings.FREE_WORKSPACES_PER_PERSON = 9
    host = person(f"host-{email}", verified=True)
    secrets = []
    for name in "ab":
        wanted = provisioning.NewWorkspace(name="Race", slug=f"race-{name}-{uuid4().hex[:6]}")
        tenant = provisioning.create_workspace(wanted, owner=host)
        invitation = membership.invite(tenant, email=email, role=Role.MEMBER, by=host)
        secret = f"secret-{uuid4().hex}"
        invitation.token_hash = membership.hash_secret(secret)
        invitation.save()
        secrets.append(secret)
    first, second = (f"/invitations/{secret}/join/" for secret in secrets)
    said = {"name": "Nora", "password": ""}
    try:
        with beside(lambda: browser().post(second, said)) as answers:
            assert browser().post(first, said).status_code == 302
        assert answers[0].status_code == 302
        assert answers[0]["Location"] == f"/invitations/{secrets[1]}/"
        assert User.objects.filter(email=email).count() == 1
    finally:
        Tenant.objects.filter(memberships__user=host).delete()
        host.delete()


def test_a_key_that_is_being_made_ends_with_the_proof(email):
    user = person(email)
    wanted = provisioning.NewWorkspace(name="Race", slug=f"race-{uuid4().hex[:8]}")
    tenant = provisioning.create_workspace(wanted, owner=user)

    def end() -> bool:
        credentials.end(User.objects.get(pk=user.pk))
        return True

    with beside(end):
        api_keys.create(tenant, name="beside", user=user)
    assert ApiKey.objects.get(tenant=tenant).revoked_at is not None


def test_one_refresh_token_is_used_once(email):
    name = f"forum-{uuid4().hex[:8]}"
    user = person(email, verified=True)
    clients.save(
        name, name="Forum", secret=forum.SECRET, redirect_uris=[forum.BACK], signed_out_uris=[]
    )
    try:
        signed_in = browser()
        signed_in.force_login(user)
        code = forum.sent_back(signed_in.get(forum.asked(client_id=name)))["code"]
        given = forum.exchange(browser(), code, client_id=name).json()["refresh_token"]
        with beside(lambda: forum.refresh(browser(), given, client_id=name)) as answers:
            assert forum.refresh(browser(), given, client_id=name).status_code == 200
        assert answers[0].json() == {"error": "invalid_grant"}
        assert not Grant.objects.filter(client_id=name).exists()
    finally:
        clients.retire(name)
