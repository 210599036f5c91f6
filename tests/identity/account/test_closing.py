"""Closing one's own account: nobody is left without an owner, nothing of it works afterwards."""

from __future__ import annotations

import io

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP
from django.core import mail
from django.utils import timezone

from events.models import OutboxEvent
from identity.models import Person, PersonAlias, User
from identity.persons import identify
from tenants.archive import imports
from tenants.archive.exports import storage
from tenants.keys import api_keys
from tenants.life import deletion, suspension
from tenants.members import membership
from tenants.models import (
    AuditEntry,
    Import,
    Invitation,
    Membership,
    OwnershipOffer,
    Role,
    Tenant,
)

PATH = "/account/close/"


def close(client, user):
    return client.post(PATH, {"email": user.email})


def exists(user) -> bool:
    return User.objects.filter(pk=user.pk).exists()


def test_who_owns_nothing_closes_their_account_and_is_told(
    client_for, people, django_capture_on_commit_callbacks
):
    client = client_for(people.outsider)
    with django_capture_on_commit_callbacks(execute=True):
        answer = close(client, people.outsider)
    assert not exists(people.outsider)
    assert "is closed" in client.get(answer["Location"]).content.decode()
    assert "/login/" in client.get("/workspaces/")["Location"]
    assert [(each.to, each.subject) for each in mail.outbox] == [
        ([people.outsider.email], "Your account is closed")
    ]
    refused = client.post("/login/", {"login": people.outsider.email, "password": "correct horse"})
    assert refused.status_code == 200


@pytest.mark.parametrize("typed", ["", "somebody@else.example", "outsider@example.co"])
def test_the_address_has_to_be_typed(client_for, people, typed):
    assert client_for(people.outsider).post(PATH, {"email": typed}).status_code == 422
    assert exists(people.outsider)


def test_a_link_closes_nothing(client_for, people):
    client_for(people.outsider).get(f"{PATH}?email={people.outsider.email}")
    assert exists(people.outsider)


def test_who_signed_in_long_ago_is_asked_first(client_for, people):
    assert close(client_for(people.outsider, hours_ago=1), people.outsider).status_code == 302
    assert exists(people.outsider)


def test_the_only_owner_reads_of_which_workspaces_and_where_to_hand_them_over(
    client_for, people, acme
):
    client = client_for(people.acme_owner)
    page = client.get(PATH).content.decode()
    assert "You are the only owner of “Acme”" in page
    assert f"{acme.get_absolute_url()}members/" in page
    assert f"{acme.get_absolute_url()}settings/delete/" in page
    assert close(client, people.acme_owner).status_code == 409
    assert exists(people.acme_owner)


def test_once_it_is_handed_over_they_may_go(client_for, people, acme):
    Membership.objects.for_tenant(acme).filter(user=people.acme_member).update(role=Role.OWNER)
    close(client_for(people.acme_owner), people.acme_owner)
    assert not exists(people.acme_owner)
    assert Membership.objects.for_tenant(acme).get().user == people.acme_member


def test_once_it_is_deleted_they_may_go(client_for, people, acme):
    deletion.delete(acme, by=people.acme_owner)
    close(client_for(people.acme_owner), people.acme_owner)
    assert not exists(people.acme_owner)


def test_an_owner_who_cannot_sign_in_does_not_count(client_for, people, acme):
    Membership.objects.for_tenant(acme).filter(user=people.acme_member).update(role=Role.OWNER)
    User.objects.filter(pk=people.acme_member.pk).update(is_active=False)
    assert close(client_for(people.acme_owner), people.acme_owner).status_code == 409


def test_the_only_owner_of_a_suspended_workspace_is_told_to_write(client_for, people, acme):
    suspension.suspend(acme, because="odd", by=people.outsider)
    page = client_for(people.acme_owner).get(PATH).content.decode()
    assert "which is suspended" in page


def test_the_only_administrator_stays(client_for, people):
    User.objects.filter(is_superuser=True).delete()
    User.objects.filter(pk=people.outsider.pk).update(is_superuser=True)
    page = client_for(people.outsider).get(PATH).content.decode()
    assert "only administrator" in page


class TestWhatIsLeft:
    @pytest.fixture
    def closed(self, client_for, people, acme):
        """Acme's member, who left traces everywhere, has closed their account. Returns the user."""
        user = people.acme_member
        Membership.objects.for_tenant(acme).filter(user=user).update(role=Role.ADMIN)
        self.key, self.secret = api_keys.create(acme, name="mine", user=user)
        membership.invite(acme, email="friend@example.org", role="member", by=user)
        OwnershipOffer.objects.create(
            tenant=acme, to=user, by=people.acme_owner, expires_at=timezone.now()
        )
        TOTP.activate(user, "JBSWY3DPEHPK3PXP")
        self.person = identify(user, anonymous_id=Person().id)
        self.brought = imports.bring(io.BytesIO(b"zip"), owner=user)
        self.other = client_for(user, acme)
        close(client_for(user), user)
        return user

    def test_the_seat_is_given_back_and_audited(self, closed, acme):
        assert not Membership.objects.for_tenant(acme).filter(user_id=closed.pk).exists()
        entry = AuditEntry.objects.for_tenant(acme).get(action="member.account_ended")
        assert (entry.target, entry.by) == (closed.email, None)
        seats = OutboxEvent.objects.filter(payload__contains="Seat Count Changed")
        assert any('"change":-1' in str(each.payload).replace(" ", "") for each in seats)

    def test_keys_invitations_offers_and_archives_end(self, closed, acme):
        assert api_keys.find(acme, self.secret) is None
        assert not Invitation.objects.for_tenant(acme).filter(accepted_at=None).exists()
        assert not OwnershipOffer.objects.for_tenant(acme).exists()
        assert not Import.objects.exists()
        assert not storage().exists(self.brought.stored_as)

    def test_other_browsers_are_signed_out(self, closed):
        assert self.other.get("/members/").status_code == 302

    def test_the_person_is_a_number_without_a_name(self, closed):
        left = Person.objects.get(pk=self.person.pk)
        assert (left.user, left.email, left.name) == (None, "", "")
        assert not PersonAlias.objects.filter(person=left).exists()
        assert not EmailAddress.objects.filter(email=closed.email).exists()
        assert not Person.objects.filter(email=closed.email).exists()

    def test_the_workspace_goes_on(self, closed, client_for, people, acme):
        assert client_for(people.acme_owner, acme).get("/members/").status_code == 200
        assert Tenant.objects.filter(pk=acme.pk).exists()

    def test_they_may_sign_up_again(self, closed, client_for):
        assert not User.objects.filter(email=closed.email).exists()
        assert client_for().get("/signup/").status_code == 200


def test_of_two_owners_who_close_at_once_one_stays(committed):
    """Neither sees that the other goes; the rows of the owners decide."""
    from concurrent.futures import ThreadPoolExecutor

    from django.db import connection

    from identity.account import closing
    from tenants.members.membership import add_member
    from tenants.pool.schemas import drop
    from tenants.signing_up import provisioning

    users = [User.objects.create_user(f"{who}@closing.example", name=who) for who in ("a", "b")]
    wanted = provisioning.NewWorkspace(name="Closing", slug="closing-race")
    tenant = provisioning.create_workspace(wanted, owner=users[0])
    add_member(tenant, user=users[1], role=Role.OWNER)

    def go(user: User) -> str:
        try:
            closing.close(user)
        except closing.NotYet:
            return "stays"
        finally:
            connection.close()
        return "goes"

    try:
        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(go, users)) == ["goes", "stays"]
        assert Membership.objects.for_tenant(tenant).filter(role=Role.OWNER).count() == 1
    finally:
        OutboxEvent.objects.filter(payload__contains=tenant.schema_name).delete()
        tenant.delete()
        User.objects.filter(email__endswith="@closing.example").delete()
        drop(tenant.schema_name)
