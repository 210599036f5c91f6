"""Inviting, joining, leaving; keys of the API."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from identity.models import User
from tenants.keys import api_keys
from tenants.members import membership
from tenants.models import ApiKey, Invitation, Membership, Role


@pytest.fixture
def invited(client_for, people, acme, django_capture_on_commit_callbacks) -> str:
    """The path in the mail that invites friend@example.org to acme."""
    with django_capture_on_commit_callbacks(execute=True):
        client_for(people.acme_owner, acme).post(
            "/members/invite/", {"email": "friend@example.org", "role": "member"}
        )
    found = re.search(r"/invitations/[\w-]+/", mail.outbox[-1].body)
    assert found is not None
    return found.group(0)


def test_an_invited_person_joins_with_a_new_account(client_for, invited, acme):
    client = client_for()
    response = client.post(invited + "join/", {"name": "Frida"})
    assert response.status_code == 302
    user = User.objects.get(email="friend@example.org")
    assert Membership.objects.for_tenant(acme).get(user=user).role == Role.MEMBER
    assert user.has_verified_email
    assert client_for(user, acme).get("/").status_code == 200


def test_opening_the_link_joins_nobody(client_for, invited, acme):
    before = Membership.objects.for_tenant(acme).count()
    client_for().get(invited)
    client_for().get(invited + "join/")
    assert Membership.objects.for_tenant(acme).count() == before


def test_a_signed_in_person_joins_with_one_click(client_for, invited, outsider, acme):
    client_for(outsider).post(invited)
    assert Membership.objects.for_tenant(acme).filter(user=outsider).exists()


def test_the_link_works_once(client_for, invited, people, acme):
    client_for().post(invited + "join/", {"name": "Frida"})
    response = client_for(people.globex_owner).post(invited)
    assert response.status_code == 404
    assert not Membership.objects.for_tenant(acme).filter(user=people.globex_owner).exists()


def test_the_link_ends_after_a_week(client_for, invited):
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    response = client_for().get(invited)
    assert response.status_code == 404
    assert "ended" in response.content.decode()


def test_a_newer_invitation_replaces_the_older_link(client_for, invited, people, acme):
    membership.invite(acme, email="friend@example.org", role="admin", by=people.acme_owner)
    assert client_for().get(invited).status_code == 404
    assert Invitation.objects.for_tenant(acme).count() == 1


def test_an_invitation_link_is_not_a_password_for_an_existing_account(
    client_for, people, acme, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        membership.invite(acme, email=people.outsider.email, role="member", by=people.acme_owner)
    link = re.search(r"/invitations/[\w-]+/", mail.outbox[-1].body)
    assert link is not None
    client = client_for()
    client.post(link.group(0) + "join/", {"name": "Not Otto"})
    assert "/login/" in client.get("/workspaces/")["Location"]


def test_an_unverified_owner_cannot_invite(client_for, people, acme):
    people.acme_owner.emailaddress_set.update(verified=False)
    response = client_for(people.acme_owner, acme).post(
        "/members/invite/", {"email": "friend@example.org", "role": "member"}
    )
    assert response.status_code == 403
    assert "verify your address" in response.content.decode()
    assert not Invitation.objects.for_tenant(acme).exists()


def test_a_member_cannot_invite(client_for, people, acme):
    response = client_for(people.acme_member, acme).post(
        "/members/invite/", {"email": "friend@example.org", "role": "admin"}
    )
    assert response.status_code == 403


def test_nobody_is_invited_as_owner(client_for, people, acme):
    response = client_for(people.acme_owner, acme).post(
        "/members/invite/", {"email": "friend@example.org", "role": "owner"}
    )
    assert response.status_code == 422


def test_a_manager_cannot_remove_a_member_of_another_workspace(client_for, people, acme, globex):
    theirs = Membership.objects.for_tenant(globex).get(user=people.globex_member)
    response = client_for(people.acme_owner, acme).post(f"/members/{theirs.pk}/remove/")
    assert response.status_code == 404
    assert Membership.objects.filter(pk=theirs.pk).exists()


def test_the_last_owner_stays(client_for, people, acme):
    mine = Membership.objects.for_tenant(acme).get(user=people.acme_owner)
    client_for(people.acme_owner, acme).post(f"/members/{mine.pk}/remove/")
    assert Membership.objects.filter(pk=mine.pk).exists()


def test_a_full_workspace_refuses_the_next_seat_in_words(client_for, people, acme):
    from metering import Limit
    from metering.quotas import quota

    quota.set_limits(acme, {"seats": Limit(1)})
    response = client_for(people.acme_owner, acme).post(
        "/members/invite/", {"email": "friend@example.org", "role": "member"}
    )
    assert response.status_code == 402
    assert "seat" in response.content.decode()


def test_a_key_is_shown_once_and_stored_as_a_hash(client_for, people, acme):
    client = client_for(people.acme_owner, acme)
    page = client.post("/api-keys/", {"name": "website", "scopes": "read"}).content.decode()
    secret = re.search(r"sk_[\w-]{40,}", page)
    assert secret is not None
    key = ApiKey.objects.for_tenant(acme).get()
    assert secret.group(0) not in f"{key.key_hash}{key.prefix}"
    assert secret.group(0) not in client.get("/api-keys/").content.decode()
    assert api_keys.find(acme, secret.group(0)) == key


def test_a_key_opens_only_its_own_workspace(people, acme, globex):
    _, secret = api_keys.create(acme, name="website", user=people.acme_owner)
    assert api_keys.find(globex, secret) is None


def test_a_revoked_key_is_refused(people, acme):
    key, secret = api_keys.create(acme, name="website", user=people.acme_owner)
    assert api_keys.revoke(key, user=people.acme_owner)
    assert not api_keys.revoke(key, user=people.acme_owner)
    assert api_keys.find(acme, secret) is None


def test_using_a_key_writes_once_a_minute(people, acme, django_assert_num_queries):
    _, secret = api_keys.create(acme, name="website", user=people.acme_owner)
    api_keys.find(acme, secret)
    with django_assert_num_queries(1):
        api_keys.find(acme, secret)
