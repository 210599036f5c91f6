"""Deleting and de-activating people in Wagtail's administration: never past a workspace's back."""

from __future__ import annotations

import pytest
from django.db import transaction
from django.db.models import ProtectedError

from identity.models import User
from tenants.keys import api_keys
from tenants.models import AuditEntry, Membership, Role, Tenant


@pytest.fixture
def admin(site, people, client_for):
    """A browser of an administrator who is in no workspace."""
    User.objects.filter(pk=people.outsider.pk).update(is_superuser=True)
    return client_for(User.objects.get(pk=people.outsider.pk))


def delete_one(admin, user):
    return admin.post(f"/cms/users/delete/{user.pk}/", follow=True)


def delete_many(admin, *users):
    ids = "&".join(f"id={user.pk}" for user in users)
    return admin.post(f"/cms/bulk/identity/user/delete/?{ids}", follow=True)


def deactivate_many(admin, *users):
    ids = "&".join(f"id={user.pk}" for user in users)
    address = f"/cms/bulk/identity/user/set_active_state/?{ids}"
    return admin.post(address, {"mark_as_active": "False"}, follow=True)


def deactivate_one(admin, user):
    fields = {"email": user.email, "name": user.name}
    return admin.post(f"/cms/users/edit/{user.pk}/", fields, follow=True)


WAYS = [delete_one, delete_many, deactivate_many, deactivate_one]


def is_there(user) -> bool:
    return User.objects.filter(pk=user.pk, is_active=True).exists()


@pytest.mark.parametrize("way", WAYS)
def test_the_only_owner_of_a_workspace_stays_and_the_page_says_why(admin, people, acme, way):
    answer = way(admin, people.acme_owner)
    assert is_there(people.acme_owner)
    assert Membership.objects.for_tenant(acme).filter(user=people.acme_owner).exists()
    page = answer.content.decode()
    assert "is the only owner of the workspace" in page
    assert acme.name in page


@pytest.mark.parametrize("way", WAYS)
def test_somebody_elses_seat_is_given_back_and_audited_and_their_keys_end(admin, people, acme, way):
    Membership.objects.for_tenant(acme).filter(user=people.acme_member).update(role=Role.ADMIN)
    _, secret = api_keys.create(acme, name="mine", user=people.acme_member)
    way(admin, people.acme_member)
    assert not is_there(people.acme_member)
    assert Membership.objects.for_tenant(acme).get().user == people.acme_owner
    entry = AuditEntry.objects.for_tenant(acme).get(action="member.account_ended")
    assert entry.target == people.acme_member.email
    assert entry.by_name == people.acme_member.email, "staff are not in a customer's log"
    assert api_keys.find(acme, secret) is None


def test_of_several_nobody_goes_when_one_is_needed(admin, people, acme):
    delete_many(admin, people.acme_member, people.acme_owner)
    assert is_there(people.acme_member)
    assert is_there(people.acme_owner)


@pytest.mark.parametrize("way", [delete_many, deactivate_many])
def test_two_who_are_the_only_owners_cannot_go_together_and_the_page_says_so(
    admin, people, acme, way
):
    Membership.objects.for_tenant(acme).filter(user=people.acme_member).update(role=Role.OWNER)
    answer = way(admin, people.acme_member, people.acme_owner)
    assert answer.status_code == 200
    assert is_there(people.acme_member)
    assert is_there(people.acme_owner)
    assert "cannot go together" in answer.content.decode()
    assert acme.name in answer.content.decode()


@pytest.mark.parametrize("way", [delete_many, deactivate_many])
def test_two_owners_beside_a_third_may_go_together(admin, people, acme, way):
    Membership.objects.for_tenant(acme).filter(user=people.acme_member).update(role=Role.OWNER)
    third = User.objects.create_user("third@example.org", name="Third")
    Membership.objects.create(tenant=acme, user=third, role=Role.OWNER)
    way(admin, people.acme_member, people.acme_owner)
    assert Membership.objects.for_tenant(acme).get().user == third


def test_an_owner_beside_another_may_go(admin, people, acme):
    Membership.objects.for_tenant(acme).filter(user=people.acme_member).update(role=Role.OWNER)
    delete_one(admin, people.acme_owner)
    assert not is_there(people.acme_owner)
    assert Tenant.objects.filter(pk=acme.pk).exists()


def test_changing_a_name_asks_nobody(admin, people):
    fields = {"email": people.acme_owner.email, "name": "Anna New", "is_active": "on"}
    admin.post(f"/cms/users/edit/{people.acme_owner.pk}/", fields)
    assert User.objects.get(pk=people.acme_owner.pk).name == "Anna New"


def test_no_way_around_the_pages_deletes_the_only_owner(people, acme):
    """Whoever calls `delete`, on one row or many."""
    with pytest.raises(ProtectedError), transaction.atomic():
        people.acme_owner.delete()
    with pytest.raises(ProtectedError), transaction.atomic():
        User.objects.filter(email__endswith="@acme.example").delete()
    assert is_there(people.acme_owner)
