"""What happens to somebody's place in a workspace stands under the bell, there and on the account's pages."""

from __future__ import annotations

import re

import pytest
from django.core import mail

from outbound.running import Runner
from tenants.models import Membership, Role


@pytest.fixture
def titles(client_for):
    """`titles(user, tenant)`: what they find under the bell of the workspace."""

    def found(user, tenant) -> list[str]:
        Runner().one_pass()
        page = client_for(user, tenant).get("/notifications/").content.decode()
        return re.findall(r'<a href="/members/"[^>]*>(.*?)</a>', page)

    return found


def seat_of(user, tenant) -> int:
    return Membership.objects.for_tenant(tenant).get(user=user).pk


def test_whose_role_was_changed(client_for, people, acme, titles):
    client = client_for(people.acme_owner, acme)
    client.post(f"/members/{seat_of(people.acme_member, acme)}/role/", {"role": "admin"})
    assert titles(people.acme_member, acme) == ["You are an admin of Acme now"]
    assert titles(people.acme_owner, acme) == []


def test_who_is_offered_the_workspace(client_for, people, acme, titles):
    client = client_for(people.acme_owner, acme)
    client.post("/members/offer/", {"to": seat_of(people.acme_member, acme)})
    assert titles(people.acme_member, acme) == ["Acme Owner offers you the workspace Acme"]
    client_for(people.acme_member, acme).post("/members/offer/decline/")
    assert titles(people.acme_owner, acme) == ["Acme Member does not take over Acme"]


def test_who_becomes_an_owner_or_is_none_any_more(client_for, people, acme, titles):
    client = client_for(people.acme_owner, acme)
    client.post("/members/offer/", {"to": seat_of(people.acme_member, acme)})
    client_for(people.acme_member, acme).post("/members/offer/accept/")
    assert "You are an owner of Acme now" in titles(people.acme_member, acme)
    assert "You are an admin of Acme now" in titles(people.acme_owner, acme)


def test_whose_invitation_was_accepted(
    client_for, people, acme, titles, django_capture_on_commit_callbacks
):
    client = client_for(people.acme_owner, acme)
    with django_capture_on_commit_callbacks(execute=True):
        client.post("/members/invite/", {"email": people.outsider.email, "role": "member"})
    path = re.search(r"/invitations/[\w-]+/", mail.outbox[-1].body)
    assert path is not None
    client_for(people.outsider).post(path.group(0))
    client_for(people.outsider).post(path.group(0))  # a second click
    assert titles(people.acme_owner, acme) == [f"{people.outsider} has joined Acme"]
    assert titles(people.acme_member, acme) == []


def test_owners_when_somebody_goes_and_who_goes_no_more(client_for, people, acme, titles):
    Membership.objects.create(tenant=acme, user=people.outsider, role=Role.OWNER)
    client = client_for(people.acme_owner, acme)
    client.post(f"/members/{seat_of(people.acme_member, acme)}/remove/")
    assert titles(people.outsider, acme) == [f"{people.acme_member} was removed from Acme"]
    assert client_for(people.acme_member, acme).get("/notifications/").status_code == 404
    page = client_for(people.acme_member).get("/account/notifications/").content.decode()
    assert "Nothing has come for you yet" in page
