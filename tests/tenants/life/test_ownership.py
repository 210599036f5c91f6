"""Handing a workspace over: only who accepts becomes an owner."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from tenants.members import ownership
from tenants.models import Membership, OwnershipOffer, Role


@pytest.fixture
def offered(client_for, people, acme, seat, django_capture_on_commit_callbacks):
    """The member was offered the workspace; nobody stays."""
    with django_capture_on_commit_callbacks(execute=True):
        client_for(people.acme_owner, acme).post(
            "/members/offer/", {"to": seat(people.acme_member).pk}
        )


def test_nothing_changes_until_the_offer_is_accepted(offered, client_for, people, acme, role_of):
    assert role_of(people.acme_member) == Role.MEMBER
    assert mail.outbox[-1].to == [people.acme_member.email]
    page = client_for(people.acme_member, acme).get("/members/").content.decode()
    assert "offers you this workspace" in page


def test_who_accepts_is_the_owner_and_the_giver_an_admin(
    offered, client_for, people, acme, role_of, noted
):
    client_for(people.acme_member, acme).post("/members/offer/accept/")
    assert role_of(people.acme_member) == Role.OWNER
    assert role_of(people.acme_owner) == Role.ADMIN
    assert noted()[-3:] == ["ownership.accepted", "member.role_changed", "member.role_changed"]


def test_the_giver_may_stay_an_owner(people, acme, seat, role_of):
    ownership.offer(seat(people.acme_member), by=people.acme_owner, stays=True)
    ownership.accept(acme, user=people.acme_member)
    assert role_of(people.acme_owner) == role_of(people.acme_member) == Role.OWNER


def test_somebody_else_cannot_accept(offered, client_for, acme, admin, role_of):
    client_for(admin, acme).post("/members/offer/accept/")
    assert role_of(admin) == Role.ADMIN
    assert OwnershipOffer.objects.for_tenant(acme).exists()


@pytest.mark.parametrize("answer", ["decline", "withdraw"])
def test_an_offer_that_is_over_cannot_be_accepted(
    offered, client_for, people, acme, role_of, answer
):
    who = people.acme_member if answer == "decline" else people.acme_owner
    client_for(who, acme).post(f"/members/offer/{answer}/")
    client_for(people.acme_member, acme).post("/members/offer/accept/")
    assert role_of(people.acme_member) == Role.MEMBER


def test_an_offer_ends_after_a_week(offered, people, acme, role_of):
    with pytest.raises(ownership.NoOffer):
        ownership.accept(
            acme, user=people.acme_member, now=timezone.now() + timedelta(days=7, seconds=1)
        )
    assert role_of(people.acme_member) == Role.MEMBER


def test_an_offer_of_who_is_no_owner_any_more_is_void(offered, people, acme, role_of):
    Membership.objects.filter(tenant=acme, user=people.acme_owner).update(role=Role.ADMIN)
    with pytest.raises(ownership.NoOffer):
        ownership.accept(acme, user=people.acme_member)


def test_an_admin_cannot_offer_what_is_not_theirs(client_for, people, acme, admin, seat):
    answer = client_for(admin, acme).post("/members/offer/", {"to": seat(people.acme_member).pk})
    assert answer.status_code == 403
    assert not OwnershipOffer.objects.for_tenant(acme).exists()


def test_a_workspace_is_not_offered_to_a_stranger(client_for, people, acme, globex):
    theirs = Membership.objects.for_tenant(globex).get(user=people.globex_member)
    answer = client_for(people.acme_owner, acme).post("/members/offer/", {"to": theirs.pk})
    assert answer.status_code == 422
