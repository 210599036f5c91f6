"""A sign-up that nobody proved or used ends after thirty days; every other one stays."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.utils import timezone

import events
from identity.models import Person, User
from tenants.life import purge, unproved
from tenants.models import PurgeReceipt, Status, Tenant
from tenants.signing_up import provisioning
from tenants.signing_up.provisioning import NewWorkspace


def sign_up(*, held: bool = False, days_ago: int = 40) -> Tenant:
    name = f"unp-{uuid4().hex[:8]}"
    user = User.objects.create_user(f"{name}@example.org", name="Nora")
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=False)
    wanted = NewWorkspace(name, slug=name, may_wait=True, held=held)
    tenant = provisioning.create_workspace(wanted, owner=user)
    then = timezone.now() - timedelta(days=days_ago)
    User.objects.filter(pk=user.pk).update(date_joined=then, last_login=then)
    Tenant.objects.filter(pk=tenant.pk).update(created_at=then)
    return Tenant.objects.get(pk=tenant.pk)


def owner_of(tenant: Tenant) -> User:
    return User.objects.get(memberships__tenant=tenant)


@pytest.fixture
def rounds(db, django_capture_on_commit_callbacks):
    """`rounds(in_days=…)`: a round of the periodic task, so many days from now."""

    def go(*, in_days: int = 0):
        with django_capture_on_commit_callbacks(execute=True):
            return unproved.look_after(now=timezone.now() + timedelta(days=in_days))

    return go


def now_of(tenant: Tenant) -> Tenant:
    return Tenant.objects.get(pk=tenant.pk)


def test_it_is_warned_first_and_then_ends_by_the_way_of_every_deletion(rounds):
    tenant = sign_up()
    assert rounds() == (1, 0)
    assert now_of(tenant).status in {Status.ACTIVE, Status.PREPARING}
    assert "will be removed" in mail.outbox[-1].subject
    assert rounds(in_days=7) == (0, 1)
    assert now_of(tenant).status == Status.DELETED
    assert "/workspaces/restore/" in mail.outbox[-1].body


def test_the_person_goes_with_it_when_the_grace_is_over(rounds):
    tenant = sign_up()
    rounds()
    rounds(in_days=7)
    owner = owner_of(tenant)
    purge.purge(now_of(tenant), now=timezone.now() + timedelta(days=60))
    assert not User.objects.filter(pk=owner.pk).exists()


def test_what_nothing_spoke_for_goes_without_another_mail(rounds):
    tenant = sign_up(held=True)
    owner = owner_of(tenant)
    assert rounds() == (0, 1)
    purge.purge(now_of(tenant), now=timezone.now() + timedelta(days=60))
    assert mail.outbox == []
    assert PurgeReceipt.objects.get(tenant=tenant.pk).finished_at
    assert not User.objects.filter(pk=owner.pk).exists()


def test_a_young_one_stays(rounds):
    sign_up(days_ago=20)
    assert rounds() == (0, 0)


def proved(tenant: Tenant) -> None:
    EmailAddress.objects.filter(user=owner_of(tenant)).update(verified=True)


def signed_in(tenant: Tenant) -> None:
    User.objects.filter(pk=owner_of(tenant).pk).update(last_login=timezone.now())


def joined(tenant: Tenant) -> None:
    from tenants.members.membership import add_member
    from tenants.models import Role

    add_member(tenant, user=User.objects.get(email="outsider@example.com"), role=Role.MEMBER)


def paid(tenant: Tenant) -> None:
    from billing.models import Account

    account = Account.objects.of(tenant)
    account.subscription_id, account.status = "sub_1", "active"
    account.save()


@pytest.mark.parametrize("use", [proved, signed_in, joined, paid])
def test_what_somebody_proved_or_uses_stays(rounds, use):
    tenant = sign_up()
    use(tenant)
    assert rounds() == (0, 0)
    assert rounds(in_days=7) == (0, 0)


def test_where_something_happens_it_stays_though_nobody_signs_in(rounds, settle):
    from product.event_types import LINK_CLICKED

    tenant = sign_up()
    events.record(LINK_CLICKED.name, tenant=tenant, properties={"link_id": uuid4(), "code": "abc"})
    settle()
    assert rounds() == (0, 0)


def test_who_signs_in_after_the_warning_keeps_it(rounds):
    tenant = sign_up()
    rounds()
    User.objects.filter(pk=owner_of(tenant).pk).update(
        last_login=timezone.now() + timedelta(days=2)
    )
    assert rounds(in_days=7) == (0, 0)


def test_a_user_who_proved_nothing_and_is_nowhere_is_forgotten(rounds, people):
    then = timezone.now() - timedelta(days=40)
    idle = User.objects.create_user("idle@example.org", name="Idle")
    Person.objects.get_or_create(user=idle)
    User.objects.filter(pk=idle.pk).update(date_joined=then)
    User.objects.filter(pk=people.outsider.pk).update(date_joined=then)
    staff = User.objects.create_user("staff@example.org", is_staff=True)
    User.objects.filter(pk=staff.pk).update(date_joined=then)
    rounds()
    assert not User.objects.filter(pk=idle.pk).exists()
    assert User.objects.filter(pk__in=[people.outsider.pk, staff.pk]).count() == 2


def test_old_ones_that_are_used_keep_no_other_from_its_turn(rounds, monkeypatch):
    """Those that come first in every look, and of which only the event log knows that they are used."""
    monkeypatch.setattr(unproved, "_AT_ONCE", 1)
    monkeypatch.setattr(unproved, "_LOOKS", 2)
    used = [sign_up(days_ago=60) for _ in range(3)]
    waiting = [sign_up(days_ago=40) for _ in range(3)]
    Tenant.objects.filter(status=Status.PREPARING).update(status=Status.ACTIVE)  # none is ready
    kept = {tenant.pk for tenant in used}
    monkeypatch.setattr(unproved, "_is_used", lambda tenant, since: tenant.pk in kept)
    for _ in range(8):
        rounds()
    assert all(now_of(tenant).unproved_warned_at for tenant in waiting)
    assert not any(now_of(tenant).unproved_warned_at for tenant in used)


def test_people_who_cannot_go_keep_no_other_from_its_turn(rounds, monkeypatch):
    monkeypatch.setattr(unproved, "_AT_ONCE", 1)
    monkeypatch.setattr(unproved, "_LOOKS", 2)
    then = timezone.now() - timedelta(days=60)
    people = [User.objects.create_user(f"i{n}@example.org", name="I") for n in range(5)]
    User.objects.filter(pk__in=[user.pk for user in people]).update(date_joined=then)
    first = min(user.pk for user in people)
    real = unproved._forget

    def forget(user: User) -> bool:
        if user.pk == first:
            raise LookupError("protected")
        return real(user)

    monkeypatch.setattr(unproved, "_forget", forget)
    for _ in range(8):
        rounds()
    left = User.objects.filter(pk__in=[user.pk for user in people])
    assert [user.pk for user in left] == [first]
