"""How many free workspaces a person may have, whichever way they come."""

from __future__ import annotations

import io
import threading

import pytest
from django.db import connection

from billing.models import Account
from identity.models import User
from identity.proofs import merging
from tenants.life import deletion
from tenants.members import ownership
from tenants.members.membership import add_member
from tenants.models import Import, Membership, Role, Tenant
from tenants.signing_up import provisioning


@pytest.fixture
def ann(db):
    """A person with a proved address and no workspace."""
    return _person("ann@free.example")


def _person(email: str, *, verified: bool = True) -> User:
    from allauth.account.models import EmailAddress

    user = User.objects.create_user(email, name=email.partition("@")[0].title())
    EmailAddress.objects.create(user=user, email=email, primary=True, verified=verified)
    return user


def opens(client, name: str):
    return client.post("/workspaces/", {"name": name})


def owned(user: User) -> int:
    return Membership.objects.filter(user=user, role=Role.OWNER).count()


def make(user: User, count: int) -> list[Tenant]:
    return [
        provisioning.create_workspace(provisioning.NewWorkspace(name=f"Free {n}"), owner=user)
        for n in range(count)
    ]


def test_a_person_opens_three_and_the_page_says_why_not_a_fourth(client_for, ann):
    client = client_for(ann)
    assert [opens(client, f"Free {n}").status_code for n in range(4)] == [302, 302, 302, 402]
    assert owned(ann) == 3
    assert "A person may have 3 free workspaces" in opens(client, "More").content.decode()


def test_how_many_is_a_setting(client_for, ann, settings):
    settings.FREE_WORKSPACES_PER_PERSON = 1
    client = client_for(ann)
    assert [opens(client, f"Free {n}").status_code for n in range(2)] == [302, 402]


def test_one_while_the_address_is_not_proved(client_for):
    eve = _person("eve@free.example", verified=False)
    client = client_for(eve)
    assert [opens(client, f"Free {n}").status_code for n in range(2)] == [302, 402]
    assert "verify your address" in opens(client, "More").content.decode()
    eve.emailaddress_set.update(verified=True)
    assert opens(client, "More").status_code == 302


def test_a_deleted_one_counts_until_it_is_gone_and_comes_back_unasked(client_for, ann):
    first, *_ = make(ann, 3)
    deletion.delete(first, by=ann)
    assert opens(client_for(ann), "Fourth").status_code == 402
    client_for(ann).post(f"/workspaces/{first.pk}/restore/")
    first.refresh_from_db()
    assert first.status == "active"
    Tenant.objects.filter(pk=first.pk).update(purged_at="2026-01-01T00:00:00Z")
    assert opens(client_for(ann), "Fourth").status_code == 302


def test_one_that_is_paid_for_does_not_count(client_for, ann):
    first, *_ = make(ann, 3)
    Account.objects.filter(tenant=first).update(plan_key="pro")
    assert opens(client_for(ann), "Fourth").status_code == 302
    assert opens(client_for(ann), "Fifth").status_code == 402


def test_one_of_somebody_else_where_they_are_a_member_does_not_count(client_for, ann, acme):
    add_member(acme, user=ann, role=Role.ADMIN)
    make(ann, 3)
    assert owned(ann) == 3


def test_an_archive_is_not_taken_from_who_has_as_many_as_they_may(client_for, ann):
    make(ann, 3)
    page = client_for(ann).post("/workspaces/import/", {"file": io.BytesIO(b"PK")})
    assert page.status_code == 402
    assert "A person may have 3 free workspaces" in page.content.decode()
    assert not Import.objects.filter(owner=ann).exists()


def test_who_has_as_many_as_they_may_takes_over_no_other_before_it_is_paid_for(
    client_for, people, ann, acme
):
    add_member(acme, user=ann, role=Role.MEMBER)
    make(ann, 3)
    seat = Membership.objects.for_tenant(acme).get(user=ann)
    ownership.offer(seat, by=people.acme_owner)
    page = client_for(ann, acme).post("/members/offer/accept/", follow=True)
    assert "A person may have 3 free workspaces" in page.content.decode()
    assert Membership.objects.get(pk=seat.pk).role == Role.MEMBER
    Account.objects.filter(tenant=acme).update(plan_key="pro")
    client_for(ann, acme).post("/members/offer/accept/")
    assert Membership.objects.get(pk=seat.pk).role == Role.OWNER


def test_two_accounts_do_not_become_one_with_more_than_a_person_may_have(ann):
    make(ann, 3)
    second = _person("ann2@free.example", verified=False)
    make(second, 1)
    with pytest.raises(merging.NotJoined, match="A person may have 3 free workspaces"):
        merging.merge(kept=ann, merged=second)
    assert User.objects.filter(pk=second.pk, is_active=True).exists()
    assert owned(second) == 1


def test_two_accounts_with_as_many_as_a_person_may_have_become_one(ann):
    make(ann, 2)
    second = _person("ann2@free.example", verified=False)
    make(second, 1)
    merging.merge(kept=ann, merged=second)
    assert owned(ann) == 3


def test_two_that_are_asked_for_at_once_are_counted_one_after_the_other(committed, settings):
    from tenants.members import room

    settings.FREE_WORKSPACES_PER_PERSON = 1
    bob = _person("bob@free.example")
    start, made = threading.Barrier(4), []

    def ask() -> None:
        start.wait(timeout=60)
        try:
            made.extend(make(bob, 1))
        except room.TooManyWorkspaces:
            pass
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
        assert len(made) == 1
    finally:
        for tenant in made:
            with connection.cursor() as cursor:
                cursor.execute(f'DROP SCHEMA "{tenant.schema_name}" CASCADE')
            tenant.delete()
        bob.delete()
