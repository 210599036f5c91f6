"""Throwing away what others began with one's address: it needs no room, no merge, and counts for nobody."""

from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.utils import timezone

from identity.models import Merge, User
from identity.proofs import merging, throwing_away
from tenants.models import Membership, Status, Tenant
from tenants.signing_up import provisioning
from tenants.tasks import look_after_lives
from tests.identity.mailbox import ADDRESS, PASSWORD, is_signed_in

REFUSAL = "A person may have 3 free workspaces"


def own(user: User, count: int) -> None:
    for number in range(count):
        wanted = provisioning.NewWorkspace(name=f"Own {number}")
        provisioning.create_workspace(wanted, owner=user)


@pytest.fixture
def known(db) -> User:
    """Who has an account with a proved address, and as many free workspaces as a person may have."""
    user = User.objects.create_user(ADDRESS, PASSWORD, name="Victoria")
    EmailAddress.objects.create(user=user, email=ADDRESS, primary=True, verified=True)
    own(user, 3)
    return user


@pytest.fixture
def stranger(client_for, mailbox, known):
    """A browser in which somebody signed up once more with that address."""
    client = client_for()
    mailbox.sign_up(client, workspace="Trap", password="another long odd horse")
    return client


@pytest.fixture
def again(stranger) -> User:
    return User.objects.get(name="Who began Trap")


@pytest.fixture
def owner(client_for, known, stranger):
    return client_for(known)


def opens(client, name: str = "One more") -> int:
    return client.post("/workspaces/", {"name": name}).status_code


class TestWhoHasAsManyAsTheyMay:
    def test_throws_it_away_by_the_link(self, owner, again, known, stranger, mailbox):
        owner.post(mailbox.link(), {"discard": "1"})
        assert Tenant.objects.get(name="Trap").status == Status.DELETED
        assert not is_signed_in(stranger)
        again.refresh_from_db()
        assert not again.is_active

    def test_throws_it_away_on_the_page_after_a_code(self, client_for, again, mailbox):
        client = client_for()
        mailbox.sign_in_by_code(client)
        client.post(f"/email/begun/{again.pk}/", {"discard": "1"})
        page = client.get("/email/begun/").content.decode()
        assert REFUSAL not in page
        assert "Thrown away on" in page
        assert Tenant.objects.get(name="Trap").status == Status.DELETED

    def test_is_still_refused_the_joining_in_words(self, owner, again, mailbox):
        page = owner.post(mailbox.link(), {"join": "1"}, follow=True).content.decode()
        assert REFUSAL in page
        assert Tenant.objects.get(name="Trap").status == Status.ACTIVE

    def test_moves_nothing_and_it_counts_for_nobody(self, owner, again, known, mailbox):
        owner.post(mailbox.link(), {"discard": "1"})
        assert Membership.objects.get(tenant__name="Trap").user == again
        Membership.objects.filter(user=known, tenant__name="Own 0").delete()
        assert opens(owner) == 302

    def test_brings_it_back_as_it_was(self, owner, again, known, stranger, mailbox):
        with mailbox.open():
            owner.post(mailbox.link(), {"discard": "1"})
        assert "thrown away" in mail.outbox[-1].subject
        made = Merge.objects.get()
        assert "Bring it back" in owner.get("/email/begun/").content.decode()
        owner.post(f"/email/joined/{made.pk}/undo/")
        again.refresh_from_db()
        assert again.is_active
        assert Tenant.objects.get(name="Trap").status == Status.ACTIVE
        assert Membership.objects.get(tenant__name="Trap").user == again
        assert not is_signed_in(stranger), "what had been given out does not come back"

    def test_and_nobody_else_does(self, owner, again, mailbox, people, client_for):
        owner.post(mailbox.link(), {"discard": "1"})
        path = f"/email/joined/{Merge.objects.get().pk}/undo/"
        assert client_for(people.outsider).post(path).status_code == 404
        assert Merge.objects.exists()

    def test_no_mail_offers_a_way_back_that_is_nobodys(self, owner, again, mailbox):
        mail.outbox.clear()
        with mailbox.open():
            owner.post(self._link(again), {"discard": "1"})
        assert [each.subject for each in mail.outbox] == [
            "A sign-up with your address was thrown away"
        ]

    def _link(self, user: User) -> str:
        from allauth.account.models import EmailConfirmationHMAC

        address = EmailAddress.objects.get(user=user)
        return f"/confirm-email/{EmailConfirmationHMAC(address).key}/"

    def test_after_thirty_days_it_is_forgotten(self, owner, again, mailbox):
        owner.post(mailbox.link(), {"discard": "1"})
        Merge.objects.update(at=timezone.now() - timedelta(days=30))
        look_after_lives()
        assert not User.objects.filter(pk=again.pk).exists()


class TestInOnesOwnAccount:
    """A stranger signed up first; then its owner proved the address, and threw away what was begun."""

    @pytest.fixture
    def client(self, client_for, mailbox):
        mailbox.sign_up(client_for(), workspace="Trap")
        client = client_for()
        mailbox.sign_in_by_code(client)
        client.post("/email/begun/", {"discard": "1"})
        return client

    def test_what_was_thrown_away_counts_for_nobody(self, client):
        assert [opens(client, f"Mine {number}") for number in range(4)] == [302, 302, 302, 402]

    def test_to_bring_it_back_takes_room(self, client):
        trap = Tenant.objects.get(name="Trap")
        own(User.objects.get(email=ADDRESS), 3)
        answer = client.post(f"/workspaces/{trap.pk}/restore/", follow=True)
        assert REFUSAL in answer.content.decode()
        trap.refresh_from_db()
        assert trap.status == Status.DELETED
        Membership.objects.filter(tenant__name="Own 0").delete()
        client.post(f"/workspaces/{trap.pk}/restore/")
        trap.refresh_from_db()
        assert trap.status == Status.ACTIVE
        assert opens(client) == 402, "now it counts"


class TestStaff:
    @pytest.fixture(params=["is_staff", "is_superuser", "groups"])
    def staff(self, request, known) -> User:
        if request.param == "groups":
            from django.contrib.auth.models import Group

            known.groups.add(Group.objects.create(name="Some editors"))
        else:
            setattr(known, request.param, True)
            known.save(update_fields=[request.param])
        return known

    def test_throws_away_a_sign_up_with_their_address(self, staff, client_for, again, mailbox):
        client = client_for()
        mailbox.sign_in_by_code(client)
        page = client.get("/email/begun/").content.decode()
        assert "look after this website are not joined" in page
        assert "Throw it away" in page
        assert "Join it to my account" not in page
        assert "Mail me the link" not in page
        client.post(f"/email/begun/{again.pk}/", {"join": "1"})
        assert not Merge.objects.exists()
        client.post(f"/email/begun/{again.pk}/", {"discard": "1"})
        assert Tenant.objects.get(name="Trap").status == Status.DELETED

    def test_the_link_asks_and_does_it(self, staff, client_for, again, mailbox):
        visitor = client_for()
        page = visitor.get(mailbox.link()).content.decode()
        assert "lets you throw this sign-up away" in page
        client = client_for(staff)
        page = client.get(mailbox.link()).content.decode()
        assert 'name="discard"' in page
        assert 'name="join"' not in page
        assert client.post(mailbox.link(), {"join": "1"}).status_code == 409
        client.post(mailbox.link(), {"discard": "1"})
        assert Tenant.objects.get(name="Trap").status == Status.DELETED

    def test_a_sign_up_with_rights_is_neither_joined_nor_thrown_away(
        self, client_for, again, known, mailbox
    ):
        User.objects.filter(pk=again.pk).update(is_staff=True)
        client = client_for()
        mailbox.sign_in_by_code(client)
        page = client.get("/email/begun/").content.decode()
        assert "are not thrown away" in page
        assert 'name="discard"' not in page
        client.post(f"/email/begun/{again.pk}/", {"discard": "1"})
        assert not Merge.objects.exists()


def test_who_has_not_proved_the_address_throws_nothing_away(known, again):
    EmailAddress.objects.filter(user=known).update(verified=False)
    with pytest.raises(merging.NotJoined):
        throwing_away.throw_away(again, by=known)
    assert User.objects.get(pk=again.pk).is_active


def test_nobody_signs_up_again_into_a_closed_account(known, again, client_for, mailbox, settings):
    """The link says what happened, and whom to ask."""
    settings.SUPPORT_EMAIL = "help@plg.example"
    User.objects.filter(pk=known.pk).update(is_active=False)
    page = client_for().get(mailbox.link()).content.decode()
    assert "was closed" in page
    assert "help@plg.example" in page
    assert "nothing to join" not in page
    mail.outbox.clear()
    with mailbox.open():
        client_for().post("/login/code/", {"email": ADDRESS})
    [message] = mail.outbox
    assert message.subject == "Your account was closed"
    assert "help@plg.example" in message.body
    assert "no account" not in message.body
