"""Seats that came to an account before its address was proved: only what was mailed to it counts."""

from __future__ import annotations

import re

import pytest
from django.core import mail

from identity.models import User
from metering import Limit
from metering.quotas import quota
from tenants.members import doors, membership
from tenants.models import KeptOut, Membership, Role, Tenant
from tests.identity.mailbox import ADDRESS, Mailbox, is_signed_in


@pytest.fixture
def mailbox(django_capture_on_commit_callbacks) -> Mailbox:
    return Mailbox(django_capture_on_commit_callbacks)


@pytest.fixture
def invite(globex, people, mailbox):
    """`invite(email)`: Globex asks them in; the path of the link."""
    quota.set_limits(globex, {"seats": Limit(20)})

    def send(email: str) -> str:
        with mailbox.open():
            membership.invite(globex, email=email, role=Role.ADMIN, by=people.globex_owner)
        found = re.search(r"/invitations/[\w-]+/", mail.outbox[-1].body)
        assert found is not None
        return found.group(0)

    return send


@pytest.fixture
def stranger(client_for, mailbox):
    """A browser that signed up with somebody else's address."""
    client = client_for()
    mailbox.sign_up(client, workspace="Trap")
    return client


def names(user: User) -> set[str]:
    return set(Membership.objects.filter(user=user).values_list("tenant__name", flat=True))


def test_who_has_proved_nothing_opens_no_invitation_to_another_address(stranger, invite):
    answer = stranger.post(invite("mallory@example.org"))
    assert answer.status_code == 403
    page = answer.content.decode()
    assert ADDRESS in page
    assert "Confirm it first" in page
    assert names(User.objects.get(email=ADDRESS)) == {"Trap"}


def test_an_invitation_to_their_own_address_they_do(stranger, invite):
    assert stranger.post(invite(ADDRESS)).status_code == 302
    assert names(User.objects.get(email=ADDRESS)) == {"Trap", "Globex"}


def test_who_has_proved_an_address_opens_one_to_another_of_theirs(client_for, people, invite):
    client_for(people.outsider).post(invite("other@example.org"))
    assert "Globex" in names(people.outsider)


class TestTheOwnerProvesTheAddressElsewhere:
    def _proves(self, client_for, mailbox):
        client = client_for()
        mailbox.sign_in_by_code(client)
        assert is_signed_in(client)
        return client

    def test_and_is_not_among_strangers(self, stranger, globex, client_for, mailbox):
        user = User.objects.get(email=ADDRESS)
        membership.add_member(globex, user=user, role=Role.ADMIN)
        client = self._proves(client_for, mailbox)
        assert names(user) == {"Trap"}
        assert "Globex" not in client.get("/email/begun/").content.decode()
        client.post("/email/begun/", {"keep": "1"})
        assert "//trap." in client.get("/go/")["Location"]
        assert not KeptOut.objects.for_tenant(globex).exists()

    def test_but_stays_where_the_address_was_invited(self, stranger, invite, client_for, mailbox):
        stranger.post(invite(ADDRESS))
        self._proves(client_for, mailbox)
        assert names(User.objects.get(email=ADDRESS)) == {"Trap", "Globex"}

    def test_and_sees_who_else_is_in_what_they_may_keep(
        self, stranger, people, client_for, mailbox
    ):
        trap = Tenant.objects.get(name="Trap")
        quota.set_limits(trap, {"seats": Limit(20)})
        membership.add_member(trap, user=people.outsider, role=Role.ADMIN)
        client = self._proves(client_for, mailbox)
        assert "Trap, with one other member" in client.get("/email/begun/").content.decode()
        membership.add_member(trap, user=people.acme_owner, role=Role.MEMBER)
        assert "Trap, with 2 other members" in client.get("/email/begun/").content.decode()

    def test_and_whoever_left_in_their_name_keeps_them_from_no_door(
        self, client_for, mailbox, acme, people, let_in
    ):
        let_in(doors.open_door(acme, domain="acme.example", by=people.acme_owner))
        quota.set_limits(acme, {"seats": Limit(20)})
        mailbox.sign_up(client_for(), workspace="Trap", email="victor@acme.example")
        user = User.objects.get(email="victor@acme.example")
        membership.leave(membership.add_member(acme, user=user, role=Role.MEMBER))
        client = client_for()
        mailbox.sign_in_by_code(client, "victor@acme.example")
        assert "Acme" in client.get("/workspaces/").content.decode()


def test_who_proves_in_the_browser_that_signed_up_keeps_every_seat(stranger, globex, mailbox):
    user = User.objects.get(email=ADDRESS)
    membership.add_member(globex, user=user, role=Role.ADMIN)
    stranger.post(mailbox.link())
    assert names(user) == {"Trap", "Globex"}
