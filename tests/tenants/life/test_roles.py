"""Who may do what: the table, and the two rules beside it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from uuid import uuid4

import pytest
from django.core import mail
from django.db import connection
from django.utils import timezone

from events.models import OutboxEvent
from identity.models import User
from identity.proofs import merging
from tenants.members import membership
from tenants.models import Invitation, Membership, Role
from tenants.permissions import TABLE, May, allowed
from tenants.signing_up import provisioning


def test_every_permission_is_in_the_table_and_an_owner_has_them_all():
    assert set(TABLE) == set(May)
    assert allowed(Role.OWNER) == set(May)
    assert allowed(Role.MEMBER) == set()


@pytest.mark.parametrize("what", [May.DELETE, May.READ_AUDIT, May.MOVE, May.HAND_OVER])
def test_what_cannot_be_undone_by_others_is_for_owners(what):
    assert what not in allowed(Role.ADMIN)


@pytest.mark.parametrize(
    ("path", "for_admins"),
    [
        ("/settings/", True),
        ("/api-keys/", True),
        ("/settings/audit/", False),
        ("/settings/audit/audit-log.csv", False),
        ("/settings/delete/", False),
    ],
)
def test_a_page_is_for_those_who_may(client_for, people, acme, admin, path, for_admins):
    assert client_for(people.acme_member, acme).get(path).status_code == 403
    assert client_for(admin, acme).get(path).status_code == (200 if for_admins else 403)
    assert client_for(people.acme_owner, acme).get(path).status_code == 200


def test_an_admin_makes_a_member_an_admin(client_for, people, acme, admin, seat, role_of, noted):
    client = client_for(admin, acme)
    client.post(f"/members/{seat(people.acme_member).pk}/role/", {"role": "admin"})
    assert role_of(people.acme_member) == Role.ADMIN
    assert noted() == ["member.role_changed"]


def test_an_admin_neither_demotes_nor_removes_an_owner(
    client_for, people, acme, admin, seat, role_of
):
    client, pk = client_for(admin, acme), seat(people.acme_owner).pk
    client.post(f"/members/{pk}/role/", {"role": "member"})
    page = client.post(f"/members/{pk}/remove/", follow=True).content.decode()
    assert role_of(people.acme_owner) == Role.OWNER
    assert "Only an owner" in page


def test_nobody_is_made_an_owner_without_being_asked(client_for, people, acme, seat, role_of):
    client_for(people.acme_owner, acme).post(
        f"/members/{seat(people.acme_member).pk}/role/", {"role": "owner"}
    )
    assert role_of(people.acme_member) == Role.MEMBER


def test_the_last_owner_cannot_step_down(client_for, people, acme, seat, role_of):
    page = client_for(people.acme_owner, acme).post(
        f"/members/{seat(people.acme_owner).pk}/role/", {"role": "admin"}, follow=True
    )
    assert role_of(people.acme_owner) == Role.OWNER
    assert "needs an owner" in page.content.decode()


def test_one_of_two_owners_steps_down(client_for, people, acme, seat, role_of):
    Membership.objects.filter(user=people.acme_member, tenant=acme).update(role=Role.OWNER)
    client_for(people.acme_owner, acme).post(
        f"/members/{seat(people.acme_owner).pk}/role/", {"role": "member"}
    )
    assert role_of(people.acme_owner) == Role.MEMBER


def test_who_became_an_owner_a_moment_ago_is_not_removed_as_a_member(people, seat):
    old = seat(people.acme_member)
    Membership.objects.filter(pk=old.pk).update(role=Role.OWNER)
    Membership.objects.filter(pk=seat(people.acme_owner).pk).update(role=Role.ADMIN)
    with pytest.raises(membership.OwnersOnly):
        membership.remove_member(old, by=people.acme_owner)


def test_a_member_leaves_and_finds_nothing_any_more(client_for, people, acme, role_of, noted):
    client = client_for(people.acme_member, acme)
    assert client.post("/members/leave/")["Location"].endswith("/workspaces/")
    assert role_of(people.acme_member) is None
    assert client.get("/").status_code == 404
    assert noted() == ["member.left"]


def test_the_last_owner_cannot_leave(client_for, people, acme, role_of):
    client_for(people.acme_owner, acme).post("/members/leave/")
    assert role_of(people.acme_owner) == Role.OWNER


def test_removing_somebody_twice_gives_back_one_seat(people, acme, seat, noted):
    mine = seat(people.acme_member)
    membership.remove_member(mine, by=people.acme_owner)
    membership.remove_member(mine, by=people.acme_owner)
    assert noted() == ["member.removed"]


def test_an_invitation_is_sent_again_with_a_new_link_and_a_new_week(
    client_for, people, acme, noted, django_capture_on_commit_callbacks
):
    first = membership.invite(acme, email="f@x.example", role="member", by=people.acme_owner)
    old_hash = first.token_hash
    Invitation.objects.update(expires_at=timezone.now() - timedelta(days=1))
    with django_capture_on_commit_callbacks(execute=True):
        client_for(people.acme_owner, acme).post(f"/members/invitations/{first.pk}/again/")
    again = Invitation.objects.get(pk=first.pk)
    assert again.token_hash != old_hash
    assert again.expires_at > timezone.now() + timedelta(days=6)
    assert mail.outbox[-1].to == ["f@x.example"]
    assert noted() == ["member.invited", "invitation.sent_again"]


def test_a_withdrawn_invitation_is_in_the_audit_log(client_for, people, acme, noted):
    found = membership.invite(acme, email="f@x.example", role="member", by=people.acme_owner)
    client_for(people.acme_owner, acme).post(f"/members/invitations/{found.pk}/withdraw/")
    assert not Invitation.objects.for_tenant(acme).exists()
    assert noted()[-1] == "invitation.withdrawn"


def test_an_invitation_to_a_closed_workspace_leads_nowhere(people, acme, monkeypatch):
    secrets = iter(["a-secret"])
    monkeypatch.setattr(membership, "new_secret", lambda: next(secrets))
    membership.invite(acme, email="f@x.example", role="member", by=people.acme_owner)
    assert membership.find("a-secret")
    type(acme).objects.filter(pk=acme.pk).update(status="suspended")
    assert membership.find("a-secret") is None


def test_a_person_with_two_sign_ups_keeps_the_higher_role_and_one_seat(
    people, acme, somebody, role_of, noted
):
    second = somebody("second@acme.example", verified=False)
    Membership.objects.create(tenant=acme, user=second, role=Role.OWNER)
    taken = acme.memberships.count()
    merging.merge(kept=people.acme_member, merged=second)
    assert role_of(people.acme_member) == Role.OWNER
    assert acme.memberships.count() == taken - 1
    assert noted() == ["member.role_changed", "member.merged"]


def test_two_owners_who_leave_at_the_same_moment_do_not_both_go(committed):
    slug = f"race-{uuid4().hex[:10]}"
    users = [User.objects.create_user(f"{n}-{slug}@race.example") for n in "ab"]
    tenant = provisioning.create_workspace(
        provisioning.NewWorkspace(name="Race", slug=slug), owner=users[0]
    )
    Membership.objects.create(tenant=tenant, user=users[1], role=Role.OWNER)
    both = Barrier(2)

    def leave(user: User) -> str:
        try:
            mine = Membership.objects.select_related("user", "tenant").get(tenant=tenant, user=user)
            both.wait(10)
            membership.leave(mine)
        except membership.LastOwner:
            return "stays"
        finally:
            connection.close()
        return "goes"

    try:
        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(leave, users)) == ["goes", "stays"]
        assert Membership.objects.for_tenant(tenant).filter(role=Role.OWNER).count() == 1
    finally:
        OutboxEvent.objects.filter(payload__contains=tenant.schema_name).delete()
        tenant.delete()
        User.objects.filter(email__endswith="@race.example").delete()
        with connection.cursor() as cursor:
            cursor.execute(f'DROP SCHEMA "{tenant.schema_name}" CASCADE')
