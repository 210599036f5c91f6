"""Joining by a verified address of the company."""

from __future__ import annotations

import pytest

from metering import Limit
from metering.quotas import quota
from tenants.members import doors
from tenants.members.membership import add_member
from tenants.models import JoinDomain, Role


@pytest.fixture
def door(people, acme, let_in):
    """Acme is open to addresses at acme.example."""
    return let_in(doors.open_door(acme, domain="acme.example", by=people.acme_owner))


def test_an_owner_opens_the_door_for_a_domain_that_a_member_has_proved(
    client_for, people, acme, noted
):
    client = client_for(people.acme_owner, acme)
    assert "acme.example" in client.get("/members/").content.decode()
    client.post("/members/doors/", {"domain": "acme.example"})
    assert JoinDomain.objects.for_tenant(acme).get().domain == "acme.example"
    assert noted() == ["join_domain.opened"]


def test_an_admin_does_not_open_doors(client_for, acme, admin):
    answer = client_for(admin, acme).post("/members/doors/", {"domain": "acme.example"})
    assert answer.status_code == 403


def test_a_domain_that_nobody_has_proved_stays_shut(client_for, people, acme, somebody):
    unproved = somebody("u@other.example", verified=False)
    add_member(acme, user=unproved, role=Role.MEMBER)
    answer = client_for(people.acme_owner, acme).post(
        "/members/doors/", {"domain": "other.example"}
    )
    assert answer.status_code == 422
    assert "No member has a verified address" in answer.content.decode()


@pytest.mark.parametrize(
    "domain",
    ["gmail.com", "GMX.de", "outlook.com", "icloud.com", "proton.me", "tutanota.com", "qq.com",
     "mailinator.com", "team.yahoo.com"],
)  # fmt: skip
def test_a_mail_provider_for_everybody_is_refused(people, acme, somebody, domain):
    add_member(acme, user=somebody(f"me@{domain}"), role=Role.MEMBER)
    assert domain.lower() not in doors.openable(acme)
    with pytest.raises(doors.DoorRefused, match="Everybody can have an address"):
        doors.open_door(acme, domain=domain, by=people.acme_owner)


def test_a_company_is_not_taken_for_a_provider():
    assert not doors.is_public("example.com")
    assert not doors.is_public("notgmail.com")


def test_a_colleague_finds_the_workspace_and_joins(
    client_for, acme, door, somebody, role_of, noted
):
    colleague = somebody("new@acme.example")
    client = client_for(colleague)
    assert "Acme" in client.get("/workspaces/").content.decode()
    client.post(f"/workspaces/{acme.pk}/join/")
    assert role_of(colleague) == Role.MEMBER
    assert "member.joined" in noted()


def test_joining_twice_takes_one_seat(client_for, acme, door, somebody):
    client = client_for(somebody("new@acme.example"))
    taken = acme.memberships.count()
    assert [client.post(f"/workspaces/{acme.pk}/join/").status_code for _ in "ab"] == [302, 302]
    assert acme.memberships.count() == taken + 1


@pytest.mark.parametrize(
    ("email", "verified"),
    [
        ("new@acme.example", False),
        ("new@evil-acme.example", True),
        ("new@sub.acme.example", True),
        ("acme.example@elsewhere.example", True),
    ],
)
def test_who_has_not_proved_such_an_address_is_not_let_in(
    client_for, acme, door, somebody, role_of, email, verified
):
    stranger = somebody(email, verified=verified)
    client = client_for(stranger)
    assert "Your company is here" not in client.get("/workspaces/").content.decode()
    assert client.post(f"/workspaces/{acme.pk}/join/").status_code == 404
    assert role_of(stranger) is None


def test_a_shut_door_lets_nobody_in(client_for, people, acme, door, somebody, role_of):
    client_for(people.acme_owner, acme).post(f"/members/doors/{door.pk}/close/")
    late = somebody("late@acme.example")
    assert client_for(late).post(f"/workspaces/{acme.pk}/join/").status_code == 404


def test_a_full_workspace_says_so_at_the_door(client_for, acme, door, somebody, role_of):
    quota.set_limits(acme, {"seats": Limit(acme.memberships.count())})
    late = somebody("late@acme.example")
    answer = client_for(late).post(f"/workspaces/{acme.pk}/join/")
    assert answer.status_code == 402
    assert "seat" in answer.content.decode()
    assert role_of(late) is None


def test_the_door_of_another_workspace_cannot_be_shut(client_for, people, globex, door):
    answer = client_for(people.globex_owner, globex).post(f"/members/doors/{door.pk}/close/")
    assert answer.status_code == 404
