"""What speaks for a sign-up is not copied: one invitation, one account, one address of a client."""

from __future__ import annotations

import time
from uuid import uuid4

import pytest

from events.limits.clients import UNKNOWN
from tenants.models import Invitation, Membership, Role
from tenants.signing_up import admission
from tests.tenants.signing_up.form import loaded
from tests.tenants.signing_up.test_admission import (
    OFFICE,
    SIGNUP,
    answers,
    made,
    post,
    small,
    use_up,
)

__all__ = ["small"]  # a fixture


@pytest.fixture
def invited(acme, people):
    """`invited(client, email)`: signs up with the link of an open invitation to new@example.org."""
    from datetime import timedelta

    from django.utils import timezone

    from tenants import hashed_secrets

    secret = uuid4().hex  # buckets outlive a test
    Invitation.objects.create(
        tenant=acme,
        email="new@example.org",
        invited_by=people.acme_owner,
        token_hash=hashed_secrets.hash_secret(secret),
        expires_at=timezone.now() + timedelta(days=1),
    )

    def sign_up(client, email="new@example.org", *, link=secret, **more):
        form = {**answers(email=email), "next": f"/invitations/{link}/"}
        return post(client, form, **more), form

    return sign_up


def test_who_is_invited_sees_no_step(client_for, small, acme, people, invited):
    use_up(client_for)
    made_up, _ = invited(client_for(REMOTE_ADDR=OFFICE), link="another", **loaded())
    assert made_up.status_code == 200
    other, _ = invited(client_for(REMOTE_ADDR=OFFICE), "other@example.org", **loaded())
    assert other.status_code == 200, "it was mailed to another address"
    known, form = invited(client_for(REMOTE_ADDR=OFFICE))
    assert known.status_code == 302
    assert not made(form).held


def test_an_invitation_whose_maker_may_not_invite_speaks_for_nobody(
    client_for, small, acme, people, invited
):
    use_up(client_for)
    Membership.objects.for_tenant(acme).filter(user=people.acme_owner).update(role=Role.MEMBER)
    ended, _ = invited(client_for(REMOTE_ADDR=OFFICE), **loaded())
    assert ended.status_code == 200


def test_one_invitation_speaks_for_one_sign_up(client_for, invited):
    """Whoever holds it and never loads the form makes one schema, not any number."""
    held = []
    for number in range(6):
        answer, form = invited(client_for(REMOTE_ADDR=f"203.0.113.{number}"))
        assert answer.status_code == 302
        held.append(made(form).held)
    assert held == [False] + [True] * 5


def test_a_second_click_of_who_is_invited_is_judged_like_anybodys(client_for, invited, rf):
    said = loaded()
    first, form = invited(client_for(REMOTE_ADDR=OFFICE), **said)
    assert first.status_code == 302
    again = rf.post(SIGNUP, form, REMOTE_ADDR=OFFICE)
    admitted = admission.decide(again, {"email": form["email"], **said})
    assert (admitted.tier, admitted.asks) == (admission.Tier.FORM, False)


def came(name: str) -> str:
    """The cookie of a browser that first came two hours ago."""
    from django.core import signing

    return signing.dumps([int(time.time()) - 7200, name], salt="tenants.admission.came")


def test_many_old_cookies_are_not_many_browsers(client_for, settings):
    """Anybody gets one by asking for the page, and waits."""
    settings.SIGNUPS_BY_ADDRESS = "5/h"
    steps = []
    for _ in range(8):
        client = client_for(REMOTE_ADDR="203.0.113.77")
        client.cookies[admission.CAME_BEFORE_COOKIE] = came(uuid4().hex)
        steps.append(post(client, answers(), **loaded()).status_code)
    assert steps == [302] * 5 + [200] * 3
    elsewhere = client_for(REMOTE_ADDR="203.0.113.78")
    elsewhere.cookies[admission.CAME_BEFORE_COOKIE] = came(uuid4().hex)
    assert post(elsewhere, answers()).status_code == 302


def test_old_cookies_behind_an_undeclared_proxy_share_the_large_bucket(client_for, settings):
    settings.SIGNUPS_FROM_UNKNOWN = "3/h"
    steps = []
    for _ in range(4):
        client = client_for(REMOTE_ADDR="10.0.0.3", **{UNKNOWN: True})
        client.cookies[admission.CAME_BEFORE_COOKIE] = came(uuid4().hex)
        steps.append(post(client, answers(), **loaded()).status_code)
    assert steps == [302, 302, 302, 200]


def device_of(user, rf):
    """The cookie that a browser gets when this person signs in."""
    from django.http import HttpResponse

    from identity.attempts import devices

    response = HttpResponse()
    devices.remember(rf.get("/"), response, email=user.email)
    return response.cookies[devices.COOKIE].value


def test_a_browser_that_has_signed_in_sees_no_step_where_many_sign_up(
    client_for, small, people, rf
):
    use_up(client_for)
    client = client_for(REMOTE_ADDR=OFFICE)
    client.cookies["plg_device"] = device_of(people.outsider, rf)
    assert post(client, answers()).status_code == 302


def test_one_account_that_signs_in_in_many_browsers_is_one_device(client_for, small, people, rf):
    steps = []
    for _ in range(4):
        client = client_for(REMOTE_ADDR=OFFICE)
        client.cookies["plg_device"] = device_of(people.globex_owner, rf)
        steps.append(post(client, answers()).status_code)
    assert steps == [302, 302, 200, 200]
